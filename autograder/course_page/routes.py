"""The page's routes. The Jupyter server lets in only those who may use it; forms need its token.

``GET course-page`` is the course, ``GET course-page/assignments/NAME`` an assignment, and a form
posts to ``.../NAME/ACTION``. ``.../NAME/task`` says how far the running command is.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlsplit

from jupyter_server.auth.decorator import allow_unauthenticated, authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from autograder.batch.course_folder import CourseFolder
from autograder.batch.report import RunStoppedError
from autograder.course_page import exports, views
from autograder.course_page.actions import ACTIONS, CoursePage, check_machine
from autograder.course_page.cli import PAGE
from autograder.course_page.views import Visit
from autograder.lms.grade_files import GradeFileError
from autograder.nbgrader_plugins import overview
from autograder.nbgrader_plugins.course_config import read_config
from autograder.nbgrader_plugins.course_paths import CourseError
from autograder.nbgrader_plugins.gradebook_connection import GradebookLockedError
from autograder.reports import check_record, class_page, class_report, item_analysis
from autograder.reports.attempts import count_attempts
from autograder.score_history import current_user

STATIC: Final = Path(__file__).parent / "static"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The class report is one file with its style in it, and runs nothing.
REPORT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none';"
    " sandbox"
)
_LOCKED: Final = "Another program has locked the gradebook. Close it there, or try again."
_HUB_VARIABLE: Final = "JUPYTERHUB_API_TOKEN"
_FORMGRADER: Final = "nbgrader.server_extensions.formgrader"


class CoursePageHandler(JupyterHandler):
    """What all routes of the page share."""

    auth_resource: ClassVar[str] = "course-page"

    def initialize(self, page: CoursePage, notices: dict[str, tuple[str, bool]]) -> None:
        """Take the objects that all requests share."""
        self.page, self._notices = page, notices

    @property
    def content_security_policy(self) -> str:
        """Nothing but the page's own files; no script in the page itself."""
        return POLICY

    def set_default_headers(self) -> None:
        """Keep the page out of caches and its address out of other sites."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "same-origin")

    async def prepare(self) -> None:  # type: ignore[override]  # async in JupyterHandler, too
        """Refuse forms of other sites; Jupyter has checked the host and the token."""
        await super().prepare()
        origin = self.request.headers.get("Origin")
        if (
            self.request.method == "POST"
            and origin
            and urlsplit(origin).netloc != self.request.host
        ):
            raise web.HTTPError(403, "this form comes from another site")

    @property
    def user_name(self) -> str:
        """Who acts: on a hub the instructor who has logged in, on a laptop its account."""
        if _HUB_VARIABLE not in os.environ:
            return current_user()
        name = getattr(self.current_user, "username", self.current_user)
        return str(name.get("name", "") if isinstance(name, dict) else name)

    @property
    def page_url(self) -> str:
        """The address of the page."""
        return url_path_join(self.base_url, PAGE)

    def visit(self) -> Visit:
        """Return who looks at the page, with the notice of their last action."""
        extensions = self.serverapp.jpserver_extensions if self.serverapp else {}
        formgrader = url_path_join(self.base_url, "formgrader")
        return Visit(
            self.user_name,
            self.page_url,
            formgrader if extensions.get(_FORMGRADER) else "",
            self.xsrf_token.decode(),
            *self._notices.pop(self.user_name, ("", False)),
        )

    def require_assignment(self, name: str) -> None:
        """Refuse the name of an assignment that is not in ``source/``.

        Raises:
            HTTPError: With status 404.
        """
        try:
            names = overview.assignment_names(read_config(self.page.root))
        except CourseError as error:
            raise web.HTTPError(404, str(error)) from error
        if name not in names:
            raise web.HTTPError(404, f"{name!a} is not an assignment of this course")

    async def show(self, view: Callable[..., str], *arguments: Any) -> None:
        """Reply with a view, or with the reason why there is none."""
        visit = self.visit()
        try:
            text = await asyncio.to_thread(view, self.page, visit, *arguments)
        except (CourseError, GradebookLockedError) as error:
            self.set_status(503)
            text = views.error_view(visit, str(error) or _LOCKED)
        self.finish(text)

    def notify(self, message: str, *, failed: bool = False) -> None:
        """Keep a message for the page that the instructor sees next."""
        if message:
            self._notices[self.user_name] = (message, failed)

    def return_to(self, name: str = "", part: str = "") -> None:
        """Send the browser back to the view of an assignment, or of the course."""
        path = f"/assignments/{quote(name, safe='')}" if name else ""
        self.redirect(f"{self.page_url}{path}{part}", status=303)


class CourseViewHandler(CoursePageHandler):
    """The view of the course."""

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # jupyter_server gives it no types
    async def get(self) -> None:
        """Reply with the view."""
        await self.show(views.course_view)


class AssignmentViewHandler(CoursePageHandler):
    """The view of an assignment."""

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # as above
    async def get(self, name: str) -> None:
        """Reply with the view."""
        self.require_assignment(name)
        await self.show(views.assignment_view, name)


class TaskHandler(CoursePageHandler):
    """How far a task is."""

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # as above
    async def get(self, name: str = "") -> None:
        """Reply as JSON; an empty object if nothing runs."""
        task = self.page.tasks.running(name)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(task.state() if task else {}))


class ActionHandler(CoursePageHandler):
    """A form that does something for an assignment."""

    @web.authenticated
    @authorized("write")  # type: ignore[untyped-decorator]  # as above
    async def post(self, name: str, action: str) -> None:
        """Do it, and go back to the page."""
        self.require_assignment(name)
        if action not in ACTIONS:
            raise web.HTTPError(404, f"{action!a} is not an action")
        form = {key: self.get_body_argument(key) for key in self.request.body_arguments}
        try:
            self.notify(await self.page.act(action, name, self.user_name, form))
        except (CourseError, GradebookLockedError, RunStoppedError) as error:
            self.notify(str(error) or _LOCKED, failed=True)
        self.return_to(name)


class MachineHandler(CoursePageHandler):
    """The form that checks the machine."""

    @web.authenticated
    @authorized("write")  # type: ignore[untyped-decorator]  # as above
    async def post(self) -> None:
        """Start the check, and go back to the page."""
        self.notify(check_machine(self.page, self.user_name))
        self.return_to()


class ExportHandler(CoursePageHandler):
    """A form that saves grades as a file."""

    @web.authenticated
    @authorized("write")  # type: ignore[untyped-decorator]  # as above
    async def post(self, name: str = "") -> None:
        """Reply with the file."""
        if name:
            self.require_assignment(name)
        kind = self.get_body_argument("format", "")
        uploaded = self.request.files.get("template")
        template = uploaded[0].body if uploaded and uploaded[0].body else None
        names = [name] if name else []
        try:
            file = await asyncio.to_thread(
                exports.make_file, self.page.root, names, kind, template, self.user_name
            )
        except (CourseError, GradebookLockedError, GradeFileError) as error:
            self.notify(str(error) or _LOCKED, failed=True)
            self.return_to(name)
            return
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header(
            "Content-Disposition", f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
        )
        self.finish(file.content)


class ReportHandler(CoursePageHandler):
    """The item analysis of an assignment: what the class understood."""

    @property
    def content_security_policy(self) -> str:
        """The report's own style, and nothing else."""
        return REPORT_POLICY

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # as above
    async def get(self, name: str) -> None:
        """Reply with the report, as ``statistics --html`` writes it."""
        self.require_assignment(name)
        try:
            self.finish(await asyncio.to_thread(_make_report, self.page.root, name))
        except (CourseError, GradebookLockedError) as error:
            self.notify(str(error) or _LOCKED, failed=True)
            self.return_to(name)


class PageFileHandler(web.StaticFileHandler):
    """The script and the style of the page, which are no secret.

    JupyterHub would refuse a module without its token if this looked for a user.
    """

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002  (tornado's)
        """Let browsers ask if a file has changed."""
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Content-Type-Options", "nosniff")

    @allow_unauthenticated
    async def get(self, path: str, include_body: bool = True) -> None:
        """Reply with a file."""
        await super().get(path, include_body)


def _make_report(root: Path, name: str) -> str:
    course = CourseFolder.open(root, name)
    items = item_analysis.read_items(course.paths)
    if not any(item.earned for item in items):
        raise CourseError(f"No submission of {name} has been graded yet.")
    record = check_record.CheckRecord(config=course.config)
    attempts = count_attempts(record.checks(name))
    return class_page.to_html(class_report.make_report(name, items, attempts))


def routes(base_url: str, root: Path) -> list[tuple[Any, ...]]:
    """Return the routes for tornado."""
    page = url_path_join(base_url, PAGE)
    assignment = f"{page}/assignments/([^/]+)"
    settings: dict[str, Any] = {"page": CoursePage(root), "notices": {}}
    return [
        (page, CourseViewHandler, settings),
        (f"{page}/task", TaskHandler, settings),
        (f"{page}/doctor", MachineHandler, settings),
        (f"{page}/export", ExportHandler, settings),
        (f"{page}/static/(page\\.js|page\\.css)", PageFileHandler, {"path": str(STATIC)}),
        (assignment, AssignmentViewHandler, settings),
        (f"{assignment}/task", TaskHandler, settings),
        (f"{assignment}/export", ExportHandler, settings),
        (f"{assignment}/report", ReportHandler, settings),
        (f"{assignment}/([a-z-]+)", ActionHandler, settings),
    ]
