"""The Jupyter server extension behind the Check button, the hints and the start page.

Example:
    A quiz cell posts itself to ``course/check`` and gets a result::

        {"path": "01-intro/intro.ipynb", "question": "kind", "answer": "- [x] ..."}
        {"verdict": "wrong", "message": "Not quite.", "explanations": [...]}

If the server has the instructor's notebooks (self-study), the result comes with an explanation of
each chosen option. If it has none (a student on a hub), it asks the class's feedback service, or
answers that the answer is saved and will be graded after submission. No key is ever sent to the
page, and a student's server has none. In the same way, ``course/help`` gives self-learners the
hints and the worked solution of an exercise, one step at a time. `course.server.home` is the start
page. Jupyter finds the extension through ``jupyter_server_config.json``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__: list[str] = []


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "course.server"}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    from pathlib import Path

    from jupyter_server.utils import url_path_join

    from course.quiz.personalize import student_name
    from course.server import validate
    from course.server.feedback import FeedbackService
    from course.server.handlers import CheckHandler, HelpHandler, RestoreHandler
    from course.server.home_handlers import home_routes
    from course.server.keys import AnswerKeys
    from course.server.rate import RateLimit
    from course.server.receipts import EVENT_SCHEMA
    from course.server.student_seed import PAGE_OPTION, student_seed
    from course.server.tensorflow import TensorFlowInstall
    from course.server.updates import Updates

    if serverapp.event_logger is not None:
        serverapp.event_logger.register_event_schema(EVENT_SCHEMA)
    service = FeedbackService(parent=serverapp)
    settings: dict[str, Any] = {
        "keys": AnswerKeys(parent=serverapp),
        "rate": RateLimit(parent=serverapp),
        "service": service,
    }
    routes = {"check": CheckHandler, "help": HelpHandler, "restore": RestoreHandler}
    base_url = serverapp.web_app.settings["base_url"]
    handlers = [
        (url_path_join(base_url, "course", name), handler, settings)
        for name, handler in routes.items()
    ]
    root = Path(serverapp.root_dir).resolve()
    handlers += home_routes(
        base_url,
        service,
        root,
        Updates(parent=serverapp),
        TensorFlowInstall(parent=serverapp),
    )
    serverapp.web_app.add_handlers(".*$", handlers)  # type: ignore[no-untyped-call]  # tornado's
    page_config = serverapp.web_app.settings.setdefault("page_config_data", {})
    page_config[PAGE_OPTION] = student_seed(serverapp.cookie_secret)
    page_config["courseStudent"] = student_name()  # for labextension/static/pool.js
    validate.install(serverapp, settings["keys"])
