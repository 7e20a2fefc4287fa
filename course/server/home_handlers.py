"""The routes of the start page.

``GET course`` is the page, ``GET course/home`` its content, and ``GET course/lab`` opens it in
JupyterLab. ``GET course/deadline`` says when a notebook's assignment is due, ``POST course/update``
brings corrected lessons, and ``course/tensorflow`` shows the installation in the background or
tries it again. Fetching and submitting are nbgrader's own routes.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Final

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

import course
from course.server.assignments import MANAGER_SETTING, course_folder
from course.server.deadlines import merge, view
from course.server.feedback import FeedbackService
from course.server.home import read_home
from course.server.tensorflow import TensorFlowInstall
from course.server.updates import Updates
from course.update import outdated, update

STATIC: Final = Path(course.__file__).parent / "labextension" / "static"
_DIGIT_PAGE: Final = "digits/"  # jupyter-server-proxy's; see the entry point in pyproject.toml
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)


class HomeHandler(APIHandler):
    """Replies with a `course.server.home.Home`, and how far TensorFlow is."""

    auth_resource: ClassVar[str] = "contents"

    def initialize(
        self,
        service: FeedbackService,
        root: Path,
        updates: Updates,
        tensorflow: TensorFlowInstall,
    ) -> None:
        """Take the objects that all requests share."""
        self.service, self.root, self.updates = service, root, updates
        self.tensorflow = tensorflow

    @property
    def manager(self) -> Any:
        """The object of nbgrader's assignment list, or None."""
        return self.settings.get(MANAGER_SETTING)

    def reply(self, content: Any) -> None:
        """Finish with JSON."""
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(content))

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # jupyter_server gives it no types
    async def get(self) -> None:
        """Reply as JSON; by now JupyterLab is up, and TensorFlow may come."""
        self.tensorflow.start()
        extensions = self.serverapp.jpserver_extensions if self.serverapp else {}
        digits = _DIGIT_PAGE if extensions.get("jupyter_server_proxy") else ""
        deadlines = await self.service.deadlines()
        home = await read_home(self.root, self.manager, deadlines, digits, self.updates)
        self.reply({**home, "tensorflow": self.tensorflow.view()})


class DeadlineHandler(HomeHandler):
    """Replies with the `DeadlineView` of the assignment that a file belongs to, or with null."""

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # as above
    async def get(self) -> None:
        """Reply as JSON."""
        name = PurePosixPath(self.get_query_argument("path", "")).parts[:1]
        replies = await self.service.deadlines()
        folder = course_folder(self.manager)
        known = merge(replies, *([folder] if folder else []))
        deadline = known.get(name[0]) if name else None
        self.reply(view(deadline) if deadline else None)


class UpdateHandler(HomeHandler):
    """Brings the corrected versions of lessons, with the answers carried over."""

    auth_resource: ClassVar[str] = "contents"

    @web.authenticated
    @authorized("write")  # type: ignore[untyped-decorator]  # as above
    async def post(self) -> None:
        """Reply with the lines of the report."""
        release = self.updates.release(self.root, self.manager)
        if release is None:
            raise web.HTTPError(404, "this folder has no lessons of a course")
        names = list(outdated(release, self.root))
        try:
            lines = await asyncio.to_thread(lambda: list(update(release, self.root, names)))
        except OSError as error:
            raise web.HTTPError(500, f"the lessons can't be updated: {error.strerror}") from error
        self.reply({"lines": lines})


class TensorFlowHandler(HomeHandler):
    """Shows the installation of TensorFlow, and tries it again."""

    auth_resource: ClassVar[str] = "contents"

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # as above
    async def get(self) -> None:
        """Reply with an `InstallView`, or with null."""
        self.reply(self.tensorflow.view())

    @web.authenticated
    @authorized("write")  # type: ignore[untyped-decorator]  # as above
    async def post(self) -> None:
        """Start it, and reply as `get` does."""
        self.tensorflow.start(again=True)
        self.reply(self.tensorflow.view())


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


def home_routes(
    base_url: str,
    service: FeedbackService,
    root: Path,
    updates: Updates,
    tensorflow: TensorFlowInstall,
) -> list[tuple[Any, ...]]:
    """Return the routes for tornado."""
    page = url_path_join(base_url, "course")
    settings = {"service": service, "root": root, "updates": updates, "tensorflow": tensorflow}
    return [
        (page, HomePageHandler),
        (f"{page}/home", HomeHandler, settings),
        (f"{page}/deadline", DeadlineHandler, settings),
        (f"{page}/update", UpdateHandler, settings),
        (f"{page}/tensorflow", TensorFlowHandler, settings),
        (f"{page}/lab", LabHandler),
        (f"{page}/static/(.+)", StaticHandler, {"path": str(STATIC)}),
    ]
