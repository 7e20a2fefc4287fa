"""The page as HTML: a view of the course, and one of each assignment."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder import audit_log
from autograder.course_page import exports, machine
from autograder.course_page.actions import CoursePage
from autograder.course_page.tasks import CommandTask
from autograder.course_page.waiting import list_submissions
from autograder.lti.platform import LtiPlatform
from autograder.nbgrader_plugins import extensions, late_policy, overview
from autograder.nbgrader_plugins.course_config import read_config
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.student_names import printable

TEMPLATES: Final = Path(__file__).parent / "templates"
LOG_ENTRIES: Final = 20
MAX_PAIRS: Final = 20
# The commands whose output the page shows.
_SHOWN: Final = (
    *("release", "collect", "feedback", "grade", "dry-run"),
    *("send", "send-dry-run"),
)


@dataclass(frozen=True)
class Visit:
    """Who looks at the page, and the links and the token for it.

    Attributes:
        user: Who it is.
        base: The address of the course page.
        formgrader: That of formgrader; empty without it.
        xsrf: The token that each form sends back.
        notice: What the last action said.
        failed: Whether that was an error.
    """

    user: str
    base: str
    formgrader: str
    xsrf: str
    notice: str = ""
    failed: bool = False


def points(value: float | None) -> str:
    """Return a number of points.

    Example:
        >>> points(2 / 3), points(None)
        ('0.67', '–')
    """
    return "–" if value is None else f"{round(value, 2):g}"


def duration(seconds: float) -> str:
    """Return a duration in two units.

    Example:
        >>> duration(93_600), duration(7_260), duration(0)
        ('1 d 2 h', '2 h 1 min', '')
    """
    minutes = round(seconds / 60)
    units = (("d", minutes // 1440), ("h", minutes // 60 % 24), ("min", minutes % 60))
    return " ".join([f"{count} {unit}" for unit, count in units if count][:2])


def gigabytes(count: int) -> str:
    """Return a number of bytes in GB.

    Example:
        >>> gigabytes(12_300_000_000)
        '12 GB'
    """
    return f"{count / 1e9:.0f} GB"


def iso_utc(time: datetime | str | None) -> str:
    """Return a time of the gradebook or of the log in ISO 8601, with its zone."""
    if not time:
        return ""
    return time if isinstance(time, str) else time.replace(tzinfo=UTC).isoformat()


def _make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "points": points,
        "duration": duration,
        "gigabytes": gigabytes,
        "iso_utc": iso_utc,
        "printable": printable,
    }
    return environment


_ENVIRONMENT: Final = _make_environment()


def course_view(page: CoursePage, visit: Visit) -> str:
    """Return the view of the course.

    Raises:
        CourseError: The course or its gradebook can't be read.
        GradebookLockedError: Another program has locked the gradebook.
    """
    assignments = overview.read_overview(read_config(page.root))
    return _ENVIRONMENT.get_template("course.html.j2").render(
        visit=visit,
        assignments=assignments,
        running={one.name: task for one in assignments if (task := page.tasks.running(one.name))},
        machine=machine.read_state(page.root),
        doctor=page.tasks.latest("", "doctor"),
        log=audit_log.read(page.root)[: -LOG_ENTRIES - 1 : -1],
        formats=exports.NAMES,
        task=page.tasks.running(""),
        interrupted=page.tasks.interrupted(""),
    )


def assignment_view(page: CoursePage, visit: Visit, name: str) -> str:
    """Return the view of an assignment.

    Raises:
        CourseError: The course can't be read.
        GradebookLockedError: Another program has locked the gradebook.
    """
    config = read_config(page.root)
    paths = CoursePaths.from_config(config, name)
    grading = page.tasks.latest(name, "grade", "dry-run")
    last_grade = page.tasks.latest(name, "grade")
    problem = ""
    try:
        rows = list_submissions(page.root, paths, _failures(last_grade))
    except CourseError as error:
        rows, problem = [], str(error)
    similarity = page.tasks.latest(name, "similarity")
    students = overview.read_students(paths.db_url)  # there may be no gradebook yet
    return _ENVIRONMENT.get_template("assignment.html.j2").render(
        visit=visit,
        assignment=next(one for one in overview.read_overview(config) if one.name == name),
        rows=rows,
        problem=problem,
        students=students,
        extensions=extensions.read_extensions(paths.db_url).get(name, {}) if students else {},
        rule=late_policy.effective_rule(config, name),
        task=page.tasks.running(name),
        interrupted=page.tasks.interrupted(name),
        grading=grading if grading and not grading.is_running else None,
        is_interrupted=bool(last_grade and last_grade.stopping and not last_grade.is_running),
        output=page.tasks.latest(name, *_SHOWN),
        has_lti=LtiPlatform(config=config).is_configured,
        similarity=similarity if similarity and not similarity.is_running else None,
        pairs=_pairs(similarity),
        formats=exports.NAMES,
    )


def error_view(visit: Visit, message: str) -> str:
    """Return the page in its place if it can't be made, with the reason."""
    return _ENVIRONMENT.get_template("error.html.j2").render(visit=visit, message=message)


def _failures(task: CommandTask | None) -> dict[str, str]:
    lines = task.submissions if task else []
    return {
        str(line["student"]): str(line["reason"]) for line in lines if line["status"] == "failed"
    }


def _pairs(task: CommandTask | None) -> list[dict[str, Any]]:
    """Return what the similarity report found, from the file that it has written."""
    if task is None or task.is_running or task.file is None or not task.file.is_file():
        return []
    with task.file.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))[:MAX_PAIRS]
