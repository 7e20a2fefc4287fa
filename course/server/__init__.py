"""The small Jupyter server extension behind the Check button.

Example:
    A quiz cell posts itself to ``course/check`` and gets a verdict in words::

        {"path": "01-intro/intro.ipynb", "question": "kind", "answer": "- [x] ..."}
        {"verdict": "wrong", "message": "Not right yet.", "explanations": [...]}

Where the instructor's notebooks are at hand (studying alone), the verdict comes with
the explanation of what was chosen. Where they are not (a student of a class), the class's
feedback service is asked, if there is one; else the answer is that it is saved and graded on
submission. No key ever goes to the page, and a student's server has none. Jupyter finds the
extension by ``jupyter_server_config.json``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__: list[str] = []


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "course.server"}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    from jupyter_server.utils import url_path_join

    from course.server.feedback import FeedbackService
    from course.server.handlers import CheckHandler
    from course.server.keys import AnswerKeys
    from course.server.rate import RateLimit
    from course.server.receipts import EVENT

    if serverapp.event_logger is not None:
        serverapp.event_logger.register_event_schema(EVENT)
    settings = {
        "keys": AnswerKeys(parent=serverapp),
        "rate": RateLimit(parent=serverapp),
        "service": FeedbackService(parent=serverapp),
    }
    address = url_path_join(serverapp.web_app.settings["base_url"], "course", "check")
    handlers = [(address, CheckHandler, settings)]
    serverapp.web_app.add_handlers(".*$", handlers)  # type: ignore[no-untyped-call]  # tornado's
    if serverapp.jpserver_extensions.get("nbgrader.server_extensions.validate_assignment"):
        from course.server import validate

        validate.install(serverapp)
