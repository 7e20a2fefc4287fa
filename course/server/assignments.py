"""The class's assignments, as nbgrader's exchange shows them to a student.

nbgrader's own server extension lists them, and its routes fetch, submit and fetch feedback. Names
and times of submissions come from the student's folders, so they may be anything.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypedDict

from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import Exchange

from course.server.receipts import RECEIPTS_FOLDER, Receipt

MANAGER_SETTING: Final = "assignment_list_manager"  # where nbgrader's extension keeps its object
_TIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S.%f %Z"
_MAX_SUBMISSIONS: Final = 20  # the latest ones of an assignment


class SubmittedCopy(TypedDict):
    """One submission; paths are relative to the server's folder.

    Attributes:
        time: When, in ISO 8601.
        receipt: The path of the receipt, or an empty string.
        feedback: The paths of the feedback pages that were fetched.
        fetchable: True if there is feedback, or newer feedback, to fetch.
    """

    time: str
    receipt: str
    feedback: list[str]
    fetchable: bool


class Assignment(TypedDict):
    """An assignment that the class's instructor has released.

    Attributes:
        course_id: The course's name in nbgrader.
        fetched: True if the student has a copy.
        notebooks: The paths of the copy's notebooks, relative to the server's folder.
        submissions: The student's submissions, the latest first.
    """

    course_id: str
    fetched: bool
    notebooks: list[str]
    submissions: list[SubmittedCopy]


class ExchangeUnavailableError(RuntimeError):
    """nbgrader can't list the assignments at the moment."""


def list_assignments(manager: Any, root: Path) -> dict[str, Assignment] | None:
    """Return the class's assignments by name, or None on a computer without a class.

    Args:
        manager: The object of nbgrader's extension, or None if it is switched off. It changes the
            working directory meanwhile, so nothing else may run in this process.
        root: The server's folder.

    Raises:
        ExchangeUnavailableError: The reason is in the server's log.
    """
    exchange = exchange_of(manager)
    if exchange is None:
        return None
    replies = [manager.list_released_assignments(), manager.list_submitted_assignments()]
    if not all(reply["success"] for reply in replies):
        raise ExchangeUnavailableError
    released, submitted = (reply["value"] for reply in replies)
    assignments: dict[str, Assignment] = {}
    for entry in released:
        assignments[entry["assignment_id"]] = {
            "course_id": entry["course_id"],
            "fetched": entry["status"] == "fetched",
            "notebooks": _notebooks(entry) if entry["status"] == "fetched" else [],
            "submissions": [],
        }
    for entry in submitted:
        assignment = assignments.get(entry["assignment_id"])
        if assignment and assignment["course_id"] == entry["course_id"]:
            latest = entry["submissions"][: -_MAX_SUBMISSIONS - 1 : -1]
            submissions = (_submission(submission, root) for submission in latest)
            assignment["submissions"] = [item for item in submissions if item]
    return assignments


def exchange_of(manager: Any) -> Path | None:
    """Return the exchange's folder, or None on a computer without a class."""
    if manager is None:
        return None
    with manager.get_assignment_dir_config() as config:
        folder = Path(Exchange(config=config).root)
    return folder if folder.is_dir() else None


def course_folder(manager: Any) -> Path | None:
    """Return the course's folder in the exchange, if nbgrader's settings name one course."""
    exchange = exchange_of(manager)
    if exchange is None:
        return None
    with manager.get_assignment_dir_config() as config:
        course_id = CourseDirectory(config=config).course_id
    return exchange / course_id if course_id else None


def _notebooks(entry: dict[str, Any]) -> list[str]:
    paths = (PurePosixPath(notebook["path"]) for notebook in entry["notebooks"])
    return [str(path) for path in paths if not path.is_absolute() and ".." not in path.parts]


def _submission(entry: dict[str, Any], root: Path) -> SubmittedCopy | None:
    try:
        time = datetime.strptime(entry["timestamp"], _TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:  # a folder that nbgrader did not make
        return None
    name = Receipt("", entry["assignment_id"], "", entry["timestamp"], {}).name
    has_receipt = (root / RECEIPTS_FOLDER / name).is_file()
    return {
        "time": time.isoformat(),
        "receipt": f"{RECEIPTS_FOLDER}/{name}" if has_receipt else "",
        "feedback": _feedback_pages(entry, root),
        "fetchable": entry["has_exchange_feedback"]
        and (not entry["has_local_feedback"] or entry["feedback_updated"]),
    }


def _feedback_pages(entry: dict[str, Any], root: Path) -> list[str]:
    pages: list[str] = []
    if folder := entry["local_feedback_path"]:
        for page in sorted((root / folder).glob("*.html")):
            with suppress(ValueError):  # outside the server's folder
                pages.append(page.relative_to(root).as_posix())
    return pages
