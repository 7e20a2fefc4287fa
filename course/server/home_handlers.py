"""The routes of the start page.

``GET course`` is the page, ``GET course/home`` its content, and ``GET course/lab`` opens it in
JupyterLab. Fetching and submitting are nbgrader's own routes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, Final

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

import course
from course.server.assignments import MANAGER_SETTING
from course.server.feedback import FeedbackService
from course.server.home import read_home

STATIC: Final = Path(course.__file__).parent / "labextension" / "static"
_DIGIT_PAGE: Final = "digits/"  # jupyter-server-proxy's; see the entry point in pyproject.toml
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)


class HomeHandler(APIHandler):
    """Replies with a `course.server.home.Home`."""

    auth_resource: ClassVar[str] = "contents"

    def initialize(self, service: FeedbackService, root: Path) -> None:
        """Take the objects that all requests share."""
        self.service, self.root = service, root

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # jupyter_server gives it no types
    async def get(self) -> None:
        """Reply as JSON."""
        extensions = self.serverapp.jpserver_extensions if self.serverapp else {}
        digits = _DIGIT_PAGE if extensions.get("jupyter_server_proxy") else ""
        due = await self.service.due_dates()
        home = await read_home(self.root, self.settings.get(MANAGER_SETTING), due, digits)
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(home))


class HomePageHandler(JupyterHandler):
    """The start page by itself, for Notebook 7 and for printing."""

    auth_resource: ClassVar[str] = "contents"

    @property
    def content_security_policy(self) -> str:
        """Jupyter's, and nothing but the page's own files."""
        return f"{super().content_security_policy}; {_POLICY}"

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # as above
    async def get(self) -> None:
        """Reply with the page, which loads everything else."""
        _ = self.xsrf_token  # sets the cookie that the page's requests need
        self.set_header("Cache-Control", "no-cache")
        self.finish((STATIC / "home.html").read_bytes())


class LabHandler(JupyterHandler):
    """Opens JupyterLab with the start page."""

    auth_resource: ClassVar[str] = "contents"

    @web.authenticated
    async def get(self) -> None:
        """Redirect."""
        self.redirect(url_path_join(self.base_url, "lab") + "?course=home")


class StaticHandler(JupyterHandler, web.StaticFileHandler):
    """The scripts and styles of the start page."""

    auth_resource: ClassVar[str] = "contents"

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002  (tornado's)
        """Let browsers ask if a file has changed."""
        self.set_header("Cache-Control", "no-cache")

    @web.authenticated
    async def get(  # type: ignore[override]  # JupyterHandler and tornado differ
        self, path: str, include_body: bool = True
    ) -> None:
        """Reply with a file."""
        await super().get(path, include_body)


def home_routes(base_url: str, service: FeedbackService, root: Path) -> list[tuple[Any, ...]]:
    """Return the routes for tornado."""
    page = url_path_join(base_url, "course")
    settings = {"service": service, "root": root}
    return [
        (page, HomePageHandler),
        (f"{page}/home", HomeHandler, settings),
        (f"{page}/lab", LabHandler),
        (f"{page}/static/(.+)", StaticHandler, {"path": str(STATIC)}),
    ]
