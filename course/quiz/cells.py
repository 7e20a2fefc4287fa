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


def is_quiz(cell: Mapping[str, Any]) -> bool:
    """Return whether the cell is a question that is graded against a key."""
    return "quiz" in metadata_entries(cell, "course")


def is_prediction(cell: Mapping[str, Any]) -> bool:
    """Return whether the cell is a question that is kept but never graded."""
    return "prediction" in metadata_entries(cell, "course")


def allows_multiple(cell: Mapping[str, Any]) -> bool:
    """Return whether several options of a quiz or prediction may be ticked."""
    return _question_settings(cell).get("multiple") is True


def credit_rule(cell: Mapping[str, Any]) -> str:
    """Return the rule that turns a quiz answer into points; see `course.quiz.CREDIT_RULES`."""
    return str(_question_settings(cell).get("credit", DEFAULT_CREDIT_RULE))


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


def metadata_entries(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return one entry of the metadata of a cell or notebook; empty if missing or malformed."""
    metadata = holder.get("metadata")
    entries = metadata.get(key) if isinstance(metadata, Mapping) else None
    return entries if isinstance(entries, Mapping) else {}


def _question_settings(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    course = metadata_entries(cell, "course")
    settings = course.get("quiz", course.get("prediction"))
    return settings if isinstance(settings, Mapping) else {}
