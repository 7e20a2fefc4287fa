"""Cell roles: one word in the text becomes the metadata that nbgrader and the course read.

===============  =======================================================================
in the text      meaning
===============  =======================================================================
``quiz``         an automatically graded question; ``points``, ``multiple``, ``credit``,
                 ``kind`` (see ``course.quiz.kinds``; a task list by default), ``pool``
                 (see ``course.quiz.pool``)
``prediction``   an ungraded task list; ``multiple``
``exercise``     a code cell for the student's code; ``hints``
``test``         a code cell that earns ``points`` if it passes
``check``        a code cell that checks an optional exercise, which earns no points
``manual``       a text or code cell that a person grades, for ``points``; ``rubric``, which is
                 ``hidden`` from students or ``shown`` to them (see ``autograder.rubric``)
``locked``       a cell that grading restores to its original text
===============  =======================================================================

The word's value is the cell's name, used as its ``grade_id`` and cell id. Any code cell may set
``seconds``, its own time limit in grading. A slow code cell without a role that only shows
something may set ``demonstration: true``; grading can skip it (see
``autograder.grading.skip.demonstrations``).
"""

from __future__ import annotations

import difflib
import hashlib
import re
import unicodedata
from typing import Any, Final

from nbformat import NotebookNode

from autograder import cells, rubric
from autograder.publish import near_misses
from course import quiz
from course.quiz import fields, kinds

COLLAPSED: Final = {"jupyter": {"source_hidden": True}}
RUN_ALL_CONTINUES: Final = {"tags": ["raises-exception"]}
MAX_SECONDS: Final = 3600
MAX_POINTS: Final = 100
HINTS: Final = range(2, 4)  # how many an exercise has, if any
RUBRICS: Final = ("hidden", "shown")
ROLE_SETTINGS: Final = {
    "quiz": {"points", "multiple", "credit", "kind", "pool"},
    "prediction": {"multiple"},
    "exercise": {"hints"},
    "test": {"points"},
    "check": set[str](),
    "manual": {"points", "rubric"},
    "locked": set[str](),
}
_ALL_SETTINGS: Final = set().union(*ROLE_SETTINGS.values())
_CODE_SETTINGS: Final = {"seconds", "demonstration"}
_MARKDOWN_ROLES: Final = {"quiz", "prediction"}
_CODE_ROLES: Final = {"exercise", "test", "check"}
_ANNOUNCED_POINTS: Final = re.compile(r"^@exercises\.check\(.*\bpoints=([\d.]+)\)", re.MULTILINE)
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,62}")


class AuthoringError(ValueError):
    """A lesson in ``source/`` is invalid; the message says what is wrong and how to fix it."""


def expand_role(cell: NotebookNode) -> str | None:
    """Replace a cell's role and settings by full metadata, in place.

    Returns:
        The cell's name, or None if it has no role.

    Raises:
        AuthoringError: A role or setting is unknown, missing, or doesn't fit the cell.
    """
    entries: dict[str, Any] = dict(cell.metadata)
    _check_spelling(entries)
    roles = sorted(entries.keys() & ROLE_SETTINGS)
    course = _pop_time_limit(entries, cell.cell_type)
    course |= _pop_demonstration(entries, cell.cell_type, roles)
    if not roles:
        _check_placing(entries, "without a role, a cell can't have")
        _check_no_field(cell)
        cell.metadata = NotebookNode(entries)
        cells.set_course(cell, **course)
        return None
    if len(roles) > 1:
        raise AuthoringError(f"a cell has one role, but this one has {' and '.join(roles)}")
    role = roles[0]
    name = str(entries.pop(role))
    settings = {key: entries.pop(key) for key in ROLE_SETTINGS[role] if key in entries}
    if not _NAME.fullmatch(name):
        raise AuthoringError(f"{role}: invalid name {name!r}; use 2 to 63 of a-z, 0-9 and dashes")
    if role in {"markdown": _CODE_ROLES, "code": _MARKDOWN_ROLES}.get(cell.cell_type, set()):
        raise AuthoringError(f"{role} {name!r} can't be a {cell.cell_type} cell")
    _check_placing(entries, f"{role} {name!r} can't have")
    cell.metadata = NotebookNode(entries)
    cells.set_course(cell, **course)
    _check_announced_points(cell.source, name, settings)
    try:
        _set_metadata(cell, role, name, settings)
    except ValueError as error:
        raise AuthoringError(f"{name}: {error}") from error
    return name


def _set_metadata(cell: NotebookNode, role: str, name: str, settings: dict[str, Any]) -> None:
    if role in _MARKDOWN_ROLES:
        cells.set_course(cell, **_question(cell.source, role, settings))
    if role == "manual":
        _read_rubric(cell, settings)
    if role == "check":
        cells.set_course(cell, check=True)
    elif role != "prediction":
        cells.set_nbgrader(cell, **_nbgrader(cell.cell_type, role, name, settings))
    if "hints" in settings:
        cells.set_course(cell, hints=_hints(settings["hints"]))


def set_display(nb: NotebookNode) -> None:
    """Collapse the tests, and let Run All continue when a cell fails because of an exercise."""
    has_exercise = False
    for cell in nb.cells:
        has_exercise |= cell.cell_type == "code" and cells.is_answer(cell)
        if cell.cell_type == "code" and has_exercise:
            cell.metadata |= RUN_ALL_CONTINUES
        if cells.is_test(cell) or cells.is_check(cell):
            cell.metadata |= COLLAPSED


def _check_placing(entries: dict[str, Any], problem: str) -> None:
    """Refuse a setting that is not one of the cell's role."""
    for setting in sorted(entries.keys() & _ALL_SETTINGS):
        fitting = [role for role, settings in ROLE_SETTINGS.items() if setting in settings]
        raise AuthoringError(f"{problem} {setting}, which is for {' or '.join(fitting)}")


def _check_no_field(cell: NotebookNode) -> None:
    """Refuse a filled field outside of a question: students would see it."""
    prose = re.sub(r"`[^`\n]*`|\$[^$]*\$", " ", cell.source)
    filled = [field.value for field in fields.parse(prose) if field.value]
    if cell.cell_type == "markdown" and filled:
        raise AuthoringError(
            f"students see the field [[{filled[0]}]]; begin the question with"
            ' +++ {"quiz": "name", "kind": "blanks"}, or write it as code'
        )


def _check_spelling(entries: dict[str, Any]) -> None:
    """Refuse an entry that is nearly a role or setting: without its role, a key is released."""
    for entry in entries.keys() - _ALL_SETTINGS - ROLE_SETTINGS.keys() - _CODE_SETTINGS:
        known = [*ROLE_SETTINGS, *_ALL_SETTINGS, *_CODE_SETTINGS]
        word = unicodedata.normalize("NFKC", entry).casefold().strip()
        if close := difflib.get_close_matches(word, known, n=1, cutoff=0.8):
            raise AuthoringError(f"unknown entry {entry!r}; write {close[0]!r}")


def cell_id(cell: NotebookNode, name: str | None) -> str:
    """Return an id that changes only with the cell: its name, or a hash of its text."""
    text = f"{cell.cell_type}\n{cell.source}"
    return name or "c-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def _check_announced_points(source: str, name: str, settings: dict[str, Any]) -> None:
    """Require that a test announces the points that it is worth."""
    points = settings.get("points", 1)
    for announced in _ANNOUNCED_POINTS.findall(source):
        if float(announced) != points:
            raise AuthoringError(
                f"test {name!r} announces points={announced} but is worth {points}; make them equal"
            )


def _check_number(name: str, value: Any, maximum: int) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= maximum:
        raise AuthoringError(f"{name} must be above 0 and at most {maximum}, got {value!r}")


def _pop_time_limit(entries: dict[str, Any], cell_type: str) -> dict[str, Any]:
    """Remove ``seconds`` from a cell's entries; return the metadata for it."""
    if "seconds" not in entries:
        return {}
    seconds = entries.pop("seconds")
    if cell_type != "code":
        raise AuthoringError(f"seconds is for code cells, but this is a {cell_type} cell")
    _check_number("seconds", seconds, MAX_SECONDS)
    return {"seconds": seconds}


def _pop_demonstration(entries: dict[str, Any], cell_type: str, roles: list[str]) -> dict[str, Any]:
    """Remove ``demonstration`` from a cell's entries; return the metadata for it."""
    value = entries.pop("demonstration", None)
    if value is None:
        return {}
    if roles:
        raise AuthoringError(
            f"a demonstration can't have a role; remove {roles[0]} or demonstration"
        )
    if value is not True or cell_type != "code":
        raise AuthoringError(
            f"demonstration must be true, in a code cell; got {value!r} in a {cell_type} cell"
        )
    return {"demonstration": True}


def _hints(value: Any) -> list[str]:
    """Check the hints of an exercise, from the idea to nearly the line; return them."""
    is_list = isinstance(value, list) and all(isinstance(hint, str) for hint in value)
    hints = [hint.strip() for hint in value] if is_list else []
    if len(hints) not in HINTS or not all(hints):
        raise AuthoringError(
            f"hints must be a list of {HINTS.start} or {HINTS.stop - 1} texts, each below a line"
            f" '- |'; got {value!r}"
        )
    return hints


def _read_rubric(cell: NotebookNode, settings: dict[str, Any]) -> None:
    """Check the rubric of a written answer; complete the points and what students see of it."""
    kind = settings.get("rubric")
    if "rubric" not in settings:
        if cell.cell_type == "markdown" and rubric.looks_like_rubric(cell.source):
            raise AuthoringError('the solution has a rubric; add "rubric": "hidden" or "shown"')
        return
    if kind not in RUBRICS:
        raise AuthoringError(f"rubric must be one of {', '.join(RUBRICS)}; got {kind!r}")
    if cell.cell_type != "markdown":
        raise AuthoringError(f"a rubric is for a text cell, but this is a {cell.cell_type} cell")
    maximum = rubric.parse(cell.source).maximum
    points = settings.setdefault("points", maximum if maximum % 1 else int(maximum))
    if points != maximum:
        raise AuthoringError(
            f"the criteria are worth {maximum:g}, but points is {points!r}; make them equal"
        )
    if kind == "shown":
        cell.source = rubric.show(cell.source)


def _question(source: str, role: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Check a question; return the metadata for page and grader, which never holds the key."""
    multiple, is_pool = (_flag(settings, name) for name in ("multiple", "pool"))
    credit = settings.get("credit", "all-or-nothing")
    if credit not in quiz.CREDIT_RULES:
        raise AuthoringError(
            f"credit must be one of {', '.join(quiz.CREDIT_RULES)}; got {credit!r}"
        )
    kind = _kind(settings.get("kind", cells.DEFAULT_KIND))
    if is_pool:
        kind = kinds.Pool(kind)
    if problem := next(near_misses.question_problems(source, kind.name, is_pool=is_pool), None):
        raise AuthoringError(problem)
    if role == "prediction":
        question = quiz.parse(source)
        if question.ticked:
            raise AuthoringError("a prediction has no key; untick its options")
        if len(question.options) < 2:
            raise AuthoringError(
                f"a question needs at least two options, got {len(question.options)}"
            )
        return {"prediction": {"multiple": multiple}}
    kind.check_key(source, multiple=multiple)
    if credit not in kind.credit_rules:
        raise AuthoringError(
            f"credit of the kind {kind.name!r} must be one of {', '.join(kind.credit_rules)}; got"
            f" {credit!r}"
        )
    if credit == "each-option" and not multiple:
        raise AuthoringError('credit "each-option" needs "multiple": true')
    named_kind = {} if kind.name == cells.DEFAULT_KIND else {"kind": kind.name}
    named_pool = {"pool": True} if is_pool else {}
    return {"quiz": {"multiple": multiple, "credit": credit, **named_kind, **named_pool}}


def _flag(settings: dict[str, Any], name: str) -> bool:
    value = settings.get(name, False)
    if not isinstance(value, bool):
        raise AuthoringError(f"{name} must be true or false, got {value!r}")
    return value


def _kind(name: Any) -> kinds.Kind:
    if not isinstance(name, str) or name not in kinds.KINDS:
        raise AuthoringError(f"kind must be one of {', '.join(kinds.KINDS)}; got {name!r}")
    return kinds.KINDS[name]


def _nbgrader(cell_type: str, role: str, name: str, settings: dict[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "cell_type": cell_type,
        "grade": role in {"quiz", "test", "manual"},
        "grade_id": name,
        "locked": role in {"test", "locked"},
        "schema_version": 3,
        "solution": role in {"quiz", "exercise", "manual"},
        "task": False,
    }
    if metadata["grade"]:
        metadata["points"] = settings.get("points", 1)
        _check_number("points", metadata["points"], MAX_POINTS)
    return metadata
