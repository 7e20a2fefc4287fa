"""The course page: an instructor's whole term in a browser.

Example:
    ``python -m autograder page`` opens it on a laptop. On a hub it is part of the grader's server,
    beside formgrader: ``/services/COURSE/course-page``.

It is a Jupyter server extension, so that server decides who gets in. Each action is one of the
commands, or the function behind it, and is in the audit log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__: list[str] = []


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "autograder.course_page"}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    from pathlib import Path

    from autograder.course_page.routes import routes

    root = Path(serverapp.root_dir).resolve()
    handlers = routes(serverapp.web_app.settings["base_url"], root)
    serverapp.web_app.add_handlers(".*$", handlers)  # type: ignore[no-untyped-call]  # tornado's
