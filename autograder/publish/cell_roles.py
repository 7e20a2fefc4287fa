"""What a cell is for, written short in the text and in full in the notebook.

An author marks a cell with one word; the build turns it into the metadata that
nbgrader and the course read:

===============  =====================================================================
in the text      what it becomes
===============  =====================================================================
``quiz``         a question graded as data; ``points``, ``multiple``, ``credit``
``prediction``   a task list that is kept but not graded; ``multiple``
``exercise``     a code cell in which the student writes
``test``         a code cell that earns ``points`` if it passes
``locked``       a cell that is put back as it was before grading
===============  =====================================================================

The word's value is the cell's name: it becomes its ``grade_id`` and its cell id. Any code cell
may have ``seconds``: how long it may run when it is graded, if not as long as the others. A code
cell without a role that only shows something, and takes long, may say ``demonstration: true``: no
grade waits for it (see ``autograder.grading.skip.demonstrations``).
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from nbformat import NotebookNode

from autograder import cells
from course import quiz

ROLES: Final = {
    "quiz": {"points", "multiple", "credit"},
    "prediction": {"multiple"},
    "exercise": set[str](),
    "test": {"points"},
    "locked": set[str](),
}
_MARKDOWN: Final = {"quiz", "prediction"}
_CODE: Final = {"exercise", "test"}
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,62}")


class AuthoringError(ValueError):
    """The text in ``source/`` says something that no notebook can be built from."""


def expand(cell: NotebookNode, where: str) -> str | None:
    """Turn a cell's short marks into full metadata, in place.

    Args:
        cell: A cell fresh from the text.
        where: The file and cell, for messages.

    Returns:
        The cell's name, or None if it plays no role.

    Raises:
        AuthoringError: A mark is unknown, missing, or does not fit the cell.
    """
    marks: dict[str, Any] = dict(cell.metadata)
    limit = _time_limit(marks, cell.cell_type, where)
    shows = marks.pop("demonstration", None)
    roles = sorted(set(marks) & set(ROLES))
    if not roles:
        stray = sorted(set(marks) & {"points", "credit", "multiple"})
        if stray:
            raise AuthoringError(f"{where}: {stray[0]} belongs to a quiz, a prediction or a test")
        cell.metadata = NotebookNode(marks)
        cells.set_course(cell, **limit, **_demonstration(shows, cell.cell_type, where))
        return None
    if shows is not None:
        raise AuthoringError(f"{where}: a demonstration has no other role, but here is {roles[0]}")
    if len(roles) > 1:
        raise AuthoringError(f"{where}: one role a cell, but here are {' and '.join(roles)}")
    role = roles[0]
    name = str(marks.pop(role))
    settings = {key: marks.pop(key) for key in ROLES[role] if key in marks}
    if not _NAME.fullmatch(name):
        raise AuthoringError(f"{where}: {role}: {name!r} is no name; use a-z, 0-9 and dashes")
    wrong = {"markdown": _CODE, "code": _MARKDOWN}.get(cell.cell_type, set[str]())
    if role in wrong:
        raise AuthoringError(f"{where}: a {role} can't be a {cell.cell_type} cell")
    stray = sorted(set(marks) & {"points", "credit", "multiple"})
    if stray:
        raise AuthoringError(f"{where}: {stray[0]} does not belong to the {role} {name!r}")
    cell.metadata = NotebookNode(marks)
    cells.set_course(cell, **limit)
    if role in _MARKDOWN:
        cells.set_course(cell, **_question(cell.source, role, settings, f"{where}: {name}"))
    if role != "prediction":
        cells.set_nbgrader(cell, **_nbgrader(cell.cell_type, role, name, settings, where))
    return name


def cell_id(cell: NotebookNode, name: str | None) -> str:
    """Return an id that stays the same while the cell does: its name, or a hash of its text."""
    if name is not None:
        return name
    text = f"{cell.cell_type}\n{cell.source}"
    return "c-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def _time_limit(marks: dict[str, Any], cell_type: str, where: str) -> dict[str, Any]:
    """Take the time limit out of a cell's marks; return the metadata that it becomes."""
    if "seconds" not in marks:
        return {}
    seconds = marks.pop("seconds")
    if cell_type != "code":
        raise AuthoringError(f"{where}: seconds are for code cells; this is a {cell_type} cell")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= 3600:
        raise AuthoringError(f"{where}: seconds={seconds!r}; seconds are a number from 1 to 3600")
    return {"seconds": seconds}


def _demonstration(shows: Any, cell_type: str, where: str) -> dict[str, Any]:
    """Return the metadata of a cell without a role."""
    if shows is None:
        return {}
    if shows is not True or cell_type != "code":
        raise AuthoringError(f"{where}: demonstration={shows!r}; it is true, for a code cell")
    return {"demonstration": True}


def _points(settings: dict[str, Any], where: str) -> int | float:
    points = settings.get("points", 1)
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 < points <= 100:
        raise AuthoringError(f"{where}: points={points!r}; points are a number from 1 to 100")
    return points


def _question(source: str, role: str, settings: dict[str, Any], where: str) -> dict[str, Any]:
    """Check a question and return what the page and the judge need to know; never the key."""
    multiple = settings.get("multiple", False)
    rule = settings.get("credit", "all-or-nothing")
    if not isinstance(multiple, bool):
        raise AuthoringError(f"{where}: multiple={multiple!r}; write true or false")
    if rule not in quiz.CREDIT_RULES:
        raise AuthoringError(f"{where}: credit={rule!r}; one of {', '.join(quiz.CREDIT_RULES)}")
    question = quiz.parse(source)
    right = len(question.ticked)
    if len(question.options) < 2:
        raise AuthoringError(f"{where}: a question needs two options or more")
    if role == "prediction":
        if right:
            raise AuthoringError(f"{where}: a prediction has no right answer; untick it")
        return {"prediction": {"multiple": multiple}}
    if right == 0 or (right > 1 and not multiple):
        raise AuthoringError(
            f"{where}: {right} options are ticked; a question has exactly one right option, "
            'or one and more with "multiple": true'
        )
    if rule == "each-option" and not multiple:
        raise AuthoringError(f'{where}: each-option is for questions with "multiple": true')
    silent = [option.text for option in question.options if not option.explanation]
    if silent:
        raise AuthoringError(f"{where}: no explanation ('> ...') under the option {silent[0]!r}")
    try:
        quiz.compare(question, question)
    except ValueError as error:
        raise AuthoringError(f"{where}: {error}") from error
    return {"quiz": {"multiple": multiple, "credit": rule}}


def _nbgrader(
    cell_type: str, role: str, name: str, settings: dict[str, Any], where: str
) -> dict[str, Any]:
    graded = role in {"quiz", "test"}
    metadata: dict[str, Any] = {
        "cell_type": cell_type,
        "grade": graded,
        "grade_id": name,
        "locked": role in {"test", "locked"},
        "schema_version": 3,
        "solution": role in {"quiz", "exercise"},
        "task": False,
    }
    if graded:
        metadata["points"] = _points(settings, f"{where}: {name}")
    return metadata
