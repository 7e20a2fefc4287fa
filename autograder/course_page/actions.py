"""What an instructor can do on the page. Each action is a command, or the function behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from autograder import audit_log
from autograder.batch import deadlines, extend
from autograder.batch.course_folder import CourseFolder
from autograder.batch.report import ReportLine
from autograder.course_page.tasks import AUTOGRADER, NBGRADER, CommandTask, TaskRunner
from autograder.nbgrader_plugins import extensions
from autograder.nbgrader_plugins.course_config import read_config
from autograder.nbgrader_plugins.course_paths import CourseError
from autograder.student_names import printable

_YEARS: Final = range(2000, 2100)


class CoursePage:
    """A course folder, and what runs in it.

    Attributes:
        root: The course folder.
        tasks: Runs commands.
        temp: A folder for their results.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.tasks = root, TaskRunner(root)
        self._temp = TemporaryDirectory(prefix="course-page-")
        self.temp = Path(self._temp.name)

    async def act(self, action: str, name: str, by: str, form: Mapping[str, str]) -> str:
        """Do something for an assignment; return what to tell the instructor.

        Args:
            action: A key of `ACTIONS`.
            name: The assignment.
            by: Who does it, for the audit log.
            form: What they have entered.

        Raises:
            CourseError: It can't be done, and why.
            GradebookLockedError: Another program has locked the gradebook.
        """
        needs_thread, function = ACTIONS[action]
        if needs_thread:
            return await asyncio.to_thread(function, self, name, by, form)
        return function(self, name, by, form)

    def start(self, task: CommandTask, name: str, *, log: bool = True) -> str:
        """Start a task and log it; return what to tell the instructor."""
        running = self.tasks.start(name, task)
        if running is not task:
            return f"{running.title}: {running.by} has started this already. Here it is."
        if log:
            subject = {"assignment": name} if name else {}
            audit_log.record(self.root, task.kind, task.by, **subject)
        return ""


Form = Mapping[str, str]


def parse_due_date(text: str) -> datetime:
    """Return a time in UTC, without a time zone, as nbgrader stores it.

    Example:
        >>> parse_due_date("2026-12-01T18:00:00+01:00")
        datetime.datetime(2026, 12, 1, 17, 0)

    Raises:
        CourseError: The text isn't a time in ISO 8601.
    """
    try:
        time = datetime.fromisoformat(text)
        time = time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise CourseError(f"{text!a} isn't a time. Write it as 2026-12-01T18:00.") from None
    if time.year not in _YEARS:
        raise CourseError(f"{time.year} can't be the year of a due date.")
    return time


def _set_due_date(page: CoursePage, name: str, by: str, form: Form) -> str:
    text = form.get("due", "").strip()
    due_date = parse_due_date(text) if text else None
    config = read_config(page.root)
    changed = deadlines.set_due_date(page.root, config, name, due_date, by)
    text = f"{name} is due on {due_date:%Y-%m-%d %H:%M} UTC." if due_date else "No due date now."
    return " ".join([text, *_score_changes(changed)])


def _release(page: CoursePage, name: str, by: str, _: Form) -> str:
    generate = (*NBGRADER, "generate_assignment", name)
    release = (*NBGRADER, "release_assignment", name, "--force")
    return page.start(CommandTask("release", by, [generate, release]), name)


def _collect(page: CoursePage, name: str, by: str, _: Form) -> str:
    collect = (*NBGRADER, "collect", name, "--update")
    return page.start(CommandTask("collect", by, [collect]), name)


def _feedback(page: CoursePage, name: str, by: str, _: Form) -> str:
    generate = (*NBGRADER, "generate_feedback", name, "--force")
    release = (*NBGRADER, "release_feedback", name)
    return page.start(CommandTask("feedback", by, [generate, release]), name)


def _grade(page: CoursePage, name: str, by: str, _: Form) -> str:
    # The command itself writes to the log, with what it has changed.
    return page.start(CommandTask("grade", by, [_grade_command(page, name, by)]), name, log=False)


def _dry_run(page: CoursePage, name: str, by: str, _: Form) -> str:
    command = (*_grade_command(page, name, by), "--dry-run")
    return page.start(CommandTask("dry-run", by, [command]), name)


def _grade_command(page: CoursePage, name: str, by: str) -> tuple[str, ...]:
    return (*AUTOGRADER, "grade", name, "--json", f"--root={page.root}", f"--by={by}")


def _stop(page: CoursePage, name: str, by: str, _: Form) -> str:
    if not page.tasks.stop(name):
        return "Nothing runs any more."
    audit_log.record(page.root, "stop", by, assignment=name)
    return "Stopping. What is done is kept."


def _similarity(page: CoursePage, name: str, by: str, _: Form) -> str:
    file = page.temp / f"{name}.csv"
    command = (*AUTOGRADER, "similarity", name, f"--root={page.root}", f"--csv={file}")
    return page.start(CommandTask("similarity", by, [command], file), name)


def _send(page: CoursePage, name: str, by: str, _: Form) -> str:
    # The command itself writes to the log, with how many scores have arrived.
    return page.start(CommandTask("send", by, [_send_command(page, name, by)]), name, log=False)


def _send_dry_run(page: CoursePage, name: str, by: str, _: Form) -> str:
    command = (*_send_command(page, name, by), "--dry-run")
    return page.start(CommandTask("send-dry-run", by, [command]), name, log=False)


def _send_command(page: CoursePage, name: str, by: str) -> tuple[str, ...]:
    return (*AUTOGRADER, "lms", "send", name, f"--root={page.root}", f"--by={by}")


def _extend(page: CoursePage, name: str, by: str, form: Form) -> str:
    student, time = form.get("student", "").strip(), form.get("time", "").strip()
    extension = extensions.parse_duration(time)
    course = CourseFolder.open(page.root, name)
    done, changed = extend.extend(course, student, extension, by)
    due = done.due_date + done.now
    text = f"{printable(student)}: {name} is due on {due:%Y-%m-%d %H:%M} UTC."
    return " ".join([text, *_score_changes(changed)])


def _score_changes(changed: Mapping[str, list[ReportLine]]) -> Iterator[str]:
    """Yield a sentence about each assignment in which late penalties are others now."""
    for name, lines in changed.items():
        yield f"Scores that change in {printable(name)}: {len(lines)}."


def check_machine(page: CoursePage, by: str) -> str:
    """Run ``doctor``; return what to tell the instructor."""
    command = (*AUTOGRADER, "doctor", f"--root={page.root}")
    return page.start(CommandTask("doctor", by, [command]), "")


# Whether it waits for the gradebook, and so needs a thread; tasks need the server's event loop.
ACTIONS: Final[dict[str, tuple[bool, Callable[[CoursePage, str, str, Form], str]]]] = {
    "due": (True, _set_due_date),
    "release": (False, _release),
    "collect": (False, _collect),
    "grade": (False, _grade),
    "dry-run": (False, _dry_run),
    "stop": (False, _stop),
    "feedback": (False, _feedback),
    "similarity": (False, _similarity),
    "send": (False, _send),
    "send-dry-run": (False, _send_dry_run),
    "extend": (True, _extend),
}
