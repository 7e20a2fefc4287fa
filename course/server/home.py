"""What the start page shows: lessons, progress, and in a class the assignments.

Everything in a student's folder may have been edited, names included. So progress is what the
notebooks say and never a grade, and the page shows all of it as plain text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypedDict

from course.deadlines import DueDate
from course.lessons import LESSONS, Lesson
from course.server.assignments import (
    Assignment,
    ExchangeUnavailableError,
    exchange_of,
    list_assignments,
)
from course.server.deadlines import DeadlineView, merge, view
from course.server.keys import notebooks_of
from course.server.progress import UnreadableNotebookError, read_progress
from course.server.updates import Updates
from course.update import outdated

_MAX_NOTEBOOKS: Final = 10  # of one assignment
_MAX_TROUBLE_CHARS: Final = 200


class NotebookState(TypedDict):
    """One notebook of a lesson, and how far its learner has come.

    Attributes:
        path: In the server's folder.
        changed: When the file last changed, in ISO 8601.
        exercises: How many exercises pass, and how many there are.
        questions: How many questions are answered, and how many there are.
        begun: True if something was tried or answered.
        done: True if every exercise passes and every question is answered.
        trouble: Why the notebook can't be read, or an empty string.
    """

    path: str
    changed: str
    exercises: tuple[int, int]
    questions: tuple[int, int]
    begun: bool
    done: bool
    trouble: str


class LessonState(TypedDict):
    """One line of the map.

    Attributes:
        lesson: From `course.lessons`; None for an assignment of the instructor's own.
        deadline: When it is due for this student; None if that isn't known.
        assignment: None outside a class, and until the lesson is released.
    """

    name: str
    lesson: dict[str, Any] | None
    notebooks: list[NotebookState]
    deadline: DeadlineView | None
    assignment: Assignment | None


class Home(TypedDict):
    """Everything the start page shows.

    Attributes:
        in_class: True if this server belongs to a class.
        trouble: Why the assignments can't be listed, or an empty string.
        digits: The address of the digit page below the server's own, or an empty string.
        corrected: The paths of notebooks of which a corrected version is out.
    """

    in_class: bool
    trouble: str
    digits: str
    lessons: list[LessonState]
    corrected: list[str]


async def read_home(
    root: Path, manager: Any, deadlines: Mapping[str, Any], digits: str, updates: Updates
) -> Home:
    """Return what the start page shows.

    Args:
        root: The server's folder.
        manager: The object of nbgrader's assignment list, or None.
        deadlines: What the feedback service says about this student's.
        digits: The address of the digit page, or an empty string.
        updates: Finds corrected versions of the lessons.
    """
    assignments: dict[str, Assignment] | None = None
    trouble = ""
    try:
        assignments = list_assignments(manager, root)
    except ExchangeUnavailableError:
        trouble = "The class's assignments can't be listed right now. Try again in a minute."
    in_class = assignments is not None or bool(trouble)
    known = merge(deadlines, *_course_folders(manager, assignments or {}))
    release = updates.release(root, manager)

    def read() -> tuple[list[LessonState], list[str]]:
        return list(_lessons(root, assignments or {}, known)), list(outdated(release, root))

    lessons, corrected = await asyncio.to_thread(read)
    return {
        "in_class": in_class,
        "trouble": trouble,
        "digits": digits,
        "lessons": lessons,
        "corrected": corrected,
    }


def _course_folders(manager: Any, assignments: Mapping[str, Assignment]) -> list[Path]:
    exchange = exchange_of(manager) if assignments else None
    names = {assignment["course_id"] for assignment in assignments.values()}
    return [exchange / name for name in sorted(names)] if exchange else []


def _lessons(
    root: Path, assignments: Mapping[str, Assignment], deadlines: Mapping[str, DueDate]
) -> Iterator[LessonState]:
    known: dict[str, Lesson | None] = {lesson.name: lesson for lesson in LESSONS}
    for name in known | dict.fromkeys(assignments):
        lesson, assignment = known.get(name), assignments.get(name)
        if assignment:
            paths = [root / path for path in assignment["notebooks"]]
        else:
            paths = list(notebooks_of(root, name))
        yield {
            "name": name,
            "lesson": asdict(lesson) if lesson else None,
            "notebooks": [_notebook(path, root) for path in paths[:_MAX_NOTEBOOKS]],
            "deadline": view(deadlines[name]) if name in deadlines else None,
            "assignment": assignment,
        }


def _notebook(path: Path, root: Path) -> NotebookState:
    state: NotebookState = {
        "path": path.relative_to(root).as_posix(),
        "changed": "",
        "exercises": (0, 0),
        "questions": (0, 0),
        "begun": False,
        "done": False,
        "trouble": "",
    }
    try:
        state["changed"] = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat()
        progress = read_progress(path)
    except (OSError, UnreadableNotebookError) as error:
        state["trouble"] = str(error)[:_MAX_TROUBLE_CHARS]
        return state
    state["exercises"] = (progress.passed, len(progress.exercises))
    state["questions"] = (progress.answered, len(progress.questions))
    tried = any(exercise.state != "open" for exercise in progress.exercises)
    state["begun"] = tried or any(question.state != "blank" for question in progress.questions)
    state["done"] = progress.done
    return state
