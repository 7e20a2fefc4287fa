"""The roles of a notebook cell, as far as the student's side needs them.

The only code of the student's side that reads ``metadata["nbgrader"]`` and ``metadata["course"]``.
A cell is a plain dict from a notebook's JSON, or nbformat's ``NotebookNode``. Students' notebooks
are read here too, so a missing or malformed entry means "no such role" and never raises.

Example:
    >>> cell = {"metadata": {"course": {"quiz": {"multiple": True}}, "nbgrader": {"grade_id": "q"}}}
    >>> is_quiz(cell), allows_multiple(cell), grade_id(cell)
    (True, True, 'q')
    >>> is_quiz({"metadata": None})
    False
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULT_CREDIT_RULE = "all-or-nothing"
DEFAULT_KIND = "choice"
MAX_SHOWN_POINTS = 1_000_000


def is_quiz(cell: Mapping[str, Any]) -> bool:
    """Return whether the cell is a question that is graded against a key."""
    return "quiz" in metadata_entries(cell, "course")


def is_prediction(cell: Mapping[str, Any]) -> bool:
    """Return whether the cell is a question that is kept but never graded."""
    return "prediction" in metadata_entries(cell, "course")


def is_test(cell: Mapping[str, Any]) -> bool:
    """Return whether the cell earns its points by running without an error."""
    entries = metadata_entries(cell, "nbgrader")
    is_graded = bool(entries.get("grade")) and not entries.get("solution")
    return cell.get("cell_type") == "code" and is_graded


def is_answer(cell: Mapping[str, Any]) -> bool:
    """Return whether the student writes into the cell."""
    return bool(metadata_entries(cell, "nbgrader").get("solution"))


def points(cell: Mapping[str, Any]) -> float:
    """Return what the cell can earn, to be shown only: students can edit it; 0 without a number.

    Example:
        >>> points({"metadata": {"nbgrader": {"points": 2}}}), points({"metadata": {}})
        (2.0, 0.0)
    """
    value = metadata_entries(cell, "nbgrader").get("points")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0 <= value <= MAX_SHOWN_POINTS else 0.0


def allows_multiple(cell: Mapping[str, Any]) -> bool:
    """Return whether several options of a quiz or prediction may be ticked."""
    return _question_settings(cell).get("multiple") is True


def question_kind(cell: Mapping[str, Any]) -> str:
    """Return the name of a question's kind; see `course.quiz.kinds`."""
    return str(_question_settings(cell).get("kind", DEFAULT_KIND))


def is_pool(cell: Mapping[str, Any]) -> bool:
    """Return whether a question's cell holds several variants, as in ``source/``."""
    return _question_settings(cell).get("pool") is True


def credit_rule(cell: Mapping[str, Any]) -> str:
    """Return the rule that turns a quiz answer into points; see `course.quiz.CREDIT_RULES`."""
    return str(_question_settings(cell).get("credit", DEFAULT_CREDIT_RULE))


def hints(cell: Mapping[str, Any]) -> list[str]:
    """Return the hints of an exercise, which only the instructor's notebook holds.

    Example:
        >>> hints({"metadata": {"course": {"hints": ["Use a mean.", "`.mean(axis=0)`"]}}})
        ['Use a mean.', '`.mean(axis=0)`']
    """
    entries = metadata_entries(cell, "course").get("hints")
    return [str(hint) for hint in entries] if isinstance(entries, list) else []


def grade_id(cell: Mapping[str, Any]) -> str:
    """Return the cell's name in the gradebook, or an empty string."""
    name = metadata_entries(cell, "nbgrader").get("grade_id")
    return name if isinstance(name, str) else ""


def cell_id(cell: Mapping[str, Any]) -> str:
    """Return the cell's id, which Colab moves into the metadata; empty if it has none.

    Example:
        >>> cell_id({"id": "intro"}), cell_id({"metadata": {"id": "intro"}}), cell_id({})
        ('intro', 'intro', '')
    """
    metadata = cell.get("metadata")
    in_metadata = metadata.get("id") if isinstance(metadata, Mapping) else None
    identity = cell.get("id", in_metadata)
    return identity if isinstance(identity, str) else ""


def source(cell: Mapping[str, Any]) -> str:
    """Return the cell's text, which a notebook's JSON may hold as a list of lines."""
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)


def released_questions(notebook: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the notebook's questions as they were released: cells without ticks.

    The release keeps them in the notebook's metadata, so that a damaged question can be restored.
    Each is a whole cell with its id; the entry ``after`` is the id of the cell above it.
    """
    questions = metadata_entries(notebook, "course").get("questions")
    if not isinstance(questions, list):
        return []
    return [
        cell
        for cell in questions
        if isinstance(cell, Mapping) and isinstance(cell.get("source"), str) and grade_id(cell)
    ]


def metadata_entries(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return one entry of the metadata of a cell or notebook; empty if missing or malformed."""
    metadata = holder.get("metadata")
    entries = metadata.get(key) if isinstance(metadata, Mapping) else None
    return entries if isinstance(entries, Mapping) else {}


def _question_settings(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    course = metadata_entries(cell, "course")
    settings = course.get("quiz", course.get("prediction"))
    return settings if isinstance(settings, Mapping) else {}
