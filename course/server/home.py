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

from course.lessons import LESSONS, Lesson
from course.server.assignments import Assignment, ExchangeUnavailableError, list_assignments
from course.server.keys import notebooks_of
from course.server.progress import UnreadableNotebookError, read_progress

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
        due: When it is due for this student, in ISO 8601, or an empty string.
        assignment: None outside a class, and until the lesson is released.
    """

    name: str
    lesson: dict[str, Any] | None
    notebooks: list[NotebookState]
    due: str
    assignment: Assignment | None


class Home(TypedDict):
    """Everything the start page shows.

    Attributes:
        in_class: True if this server belongs to a class.
        trouble: Why the assignments can't be listed, or an empty string.
        digits: The address of the digit page below the server's own, or an empty string.
    """

    in_class: bool
    trouble: str
    digits: str
    lessons: list[LessonState]


async def read_home(root: Path, manager: Any, due: Mapping[str, str], digits: str) -> Home:
    """Return what the start page shows.

    Args:
        root: The server's folder.
        manager: The object of nbgrader's assignment list, or None.
        due: When each assignment is due for this student.
        digits: The address of the digit page, or an empty string.
    """
    assignments: dict[str, Assignment] | None = None
    trouble = ""
    try:
        assignments = list_assignments(manager, root)
    except ExchangeUnavailableError:
        trouble = "The class's assignments can't be listed right now. Try again in a minute."
    in_class = assignments is not None or bool(trouble)
    lessons = await asyncio.to_thread(lambda: list(_lessons(root, assignments or {}, due)))
    return {"in_class": in_class, "trouble": trouble, "digits": digits, "lessons": lessons}


def _lessons(
    root: Path, assignments: Mapping[str, Assignment], due: Mapping[str, str]
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
            "due": due.get(name, ""),
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
