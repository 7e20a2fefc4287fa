"""What a released notebook is, to the letter; whatever differs is named.

From each of the instructor's cells follows the one cell that students get. It is worked
out here a second time, without nbgrader's steps, so that a slip in them, in their
settings or in an edit by hand is seen.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from autograder import cells
from autograder.publish import answer_leaks
from course import quiz

_NOTEBOOK: Final = {
    "metadata": {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}


def check_notebook(released: NotebookNode, source: NotebookNode) -> list[str]:
    """Say what in a notebook is not meant for students.

    Example:
        >>> from autograder.publish import build
        >>> source = build.notebook("# A lesson")
        >>> check_notebook(source, source)
        []

    Args:
        released: The notebook that is about to leave.
        source: The instructor's notebook from which it was made.

    Returns:
        One sentence for each finding, which names the cell; none if all is well.
    """
    kept = answer_leaks.secrets(source)
    rest = {key: value for key, value in released.items() if key != "cells"}
    about = (*_unlike(rest, _NOTEBOOK), *answer_leaks.leaks(_strings(rest), kept))
    reasons = [f"the notebook itself {reason}" for reason in about]
    wanted = {cell["id"]: _student_cell(cell) for cell in source.cells}
    found = [cell.get("id", "") for cell in released.cells]
    for identity, times in Counter(found).items():
        if identity not in wanted:
            reasons.append(f"cell {identity!r} is not in source/")
        elif times > 1:
            reasons.append(f"cell {identity!r} stands there {times} times")
    reasons += [f"cell {identity!r} is missing" for identity in wanted if identity not in found]
    if not reasons and found != list(wanted):
        reasons.append("the cells stand in another order than in source/")
    for cell in released.cells:
        identity = cell.get("id", "")
        reasons += [
            f"cell {identity!r} {reason}" for reason in _cell(cell, wanted.get(identity), kept)
        ]
    return reasons


def _student_cell(cell: NotebookNode) -> dict[str, Any]:
    """What students get for the instructor's cell: exactly this, and no more."""
    source = answer_leaks.cleared(cell)
    released = NotebookNode(cell, source=source, metadata=NotebookNode())
    if cells.is_prediction(cell):
        cells.set_course(released, prediction={"multiple": cells.allows_multiple(cell)})
    if cells.is_quiz(cell):
        rule = cells.credit_rule(cell)
        credit = rule if rule in quiz.CREDIT_RULES else "unknown"
        cells.set_course(released, quiz={"multiple": cells.allows_multiple(cell), "credit": credit})
    seconds = cells.time_limit_s(cell)
    if cell.cell_type == "code" and seconds is not None:
        cells.set_course(released, seconds=seconds)
    if cells.is_demonstration(cell):
        cells.set_course(released, demonstration=True)
    if cells.is_managed(cell):
        cells.set_nbgrader(
            released,
            cell_type=cell.cell_type,
            grade=cells.is_graded(cell),
            grade_id=cell["id"],
            locked=cells.is_locked(cell),
            schema_version=3,
            solution=cells.is_answer(cell),
            task=False,
            **({"points": cells.max_points(cell)} if cells.is_graded(cell) else {}),
        )
        # From the cleared text: a checksum of the key would let students try out keys.
        cells.set_nbgrader(released, checksum=compute_checksum(released))
        released.metadata["deletable"] = False
        if not cells.is_answer(cell):
            released.metadata["editable"] = False
    code: dict[str, Any] = (
        {"execution_count": None, "outputs": []} if cell.cell_type == "code" else {}
    )
    return {
        "cell_type": cell.cell_type,
        "id": cell["id"],
        "metadata": released.metadata,
        "source": source,
        **code,
    }


def _cell(
    cell: NotebookNode, wanted: dict[str, Any] | None, kept: list[answer_leaks.Secret]
) -> Iterator[str]:
    """Say what is wrong with one released cell."""
    source, rest = cell.get("source", ""), {k: v for k, v in cell.items() if k != "source"}
    if wanted is not None:
        yield from _unlike(rest, {k: v for k, v in wanted.items() if k != "source"})
        if source != wanted["source"]:
            pairs = zip_longest(str(source).split("\n"), wanted["source"].split("\n"))
            at, line = next((n, line) for n, (line, right) in enumerate(pairs, 1) if line != right)
            yield f"has another text than students get, from line {at} on: {line!r}"
    # Prose may well use the words of a right option; code, a comment in it, need not.
    told = [secret for secret in kept if secret.kind != answer_leaks.RIGHT_OPTION]
    code = cell.get("cell_type") == "code"
    yield from answer_leaks.leaks(str(source), kept if code else told)
    yield from answer_leaks.leaks(_strings(rest), kept)


def _unlike(found: Any, wanted: dict[str, Any], path: str = "") -> Iterator[str]:
    """Say where plain data differs from what it must be."""
    for key in sorted(set(found) | set(wanted), key=str):
        name = f"{path}{key}"
        if key not in found:
            yield f"lacks {name}={_short(wanted[key])}"
        elif key not in wanted:
            yield f"holds {name}={_short(found[key])}, which students do not get"
        elif isinstance(found[key], dict) and isinstance(wanted[key], dict):
            yield from _unlike(found[key], wanted[key], f"{name}.")
        elif _json(found[key]) != _json(wanted[key]):
            yield f"holds {name}={_short(found[key])}, but students get {_short(wanted[key])}"


def _strings(value: Any) -> str:
    """All text in plain data: names and values, a line each."""
    if isinstance(value, dict):
        return "\n".join(f"{key}\n{_strings(each)}" for key, each in value.items())
    if isinstance(value, list):
        return "\n".join(map(_strings, value))
    return str(value)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)  # which tells true, 1 and 1.0 apart


def _short(value: Any, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
