"""Compare a released notebook with what students should get, to the letter.

Each of the instructor's cells determines one student cell. It is worked out here independently
of nbgrader's steps, so that a bug in them, a changed setting or a manual edit is noticed.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any, Final

from nbformat import NotebookNode

from autograder import cells
from autograder.publish import answer_leaks, near_misses
from autograder.publish.answer_leaks import Secret
from autograder.publish.cell_roles import COLLAPSED, RUN_ALL_CONTINUES
from autograder.student_text import COURSE_STUBS, Stubs, language, student_text
from course import quiz
from course.quiz import kinds

NOTEBOOK_FORMAT: Final[dict[str, Any]] = {
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

# What nbconvert removes from a code cell together with its outputs.
OUTPUT_METADATA: Final = {"collapsed", "scrolled"}

Checksum = Callable[[NotebookNode], str]


def check_notebook(
    released: NotebookNode,
    source: NotebookNode,
    checksum: Checksum,
    *,
    is_built: bool = True,
    stubs: Stubs = COURSE_STUBS,
) -> list[str]:
    """List everything in a notebook that differs from what students should get.

    Example:
        >>> from autograder.publish import build
        >>> source = build.notebook_from_text("# A lesson")
        >>> check_notebook(source, source, checksum=lambda cell: "")
        []

    Args:
        released: The notebook about to be published.
        source: The instructor's notebook it was made from.
        checksum: nbgrader's `compute_checksum`.
        is_built: Whether the instructor's notebook was built from text. If not, its own metadata
            may be in the release, too.
        stubs: What takes the place of solutions.

    Returns:
        One phrase for each problem, which names the cell; empty if there are none.
    """
    secrets = answer_leaks.find_secrets(source)
    rest = {key: value for key, value in released.items() if key != "cells"}
    # Prose, and the questions in the metadata, may use the words of a right option.
    in_prose = [secret for secret in secrets if secret.kind != answer_leaks.RIGHT_OPTION]
    leaks = answer_leaks.find_leaks(_all_text(rest), in_prose)
    code_language = language(source)
    expected = {
        cell["id"]: _built_cell(cell, checksum, stubs)
        if is_built
        else _own_cell(cell, checksum, code_language, stubs)
        for cell in source.cells
    }
    frame = NOTEBOOK_FORMAT if is_built else _own_frame(source)
    differences = _differences(rest, _with_questions(frame, source, expected))
    problems = [f"the notebook {text}" for text in (*differences, *leaks)]
    ids = [cell.get("id", "") for cell in released.cells]
    for cell_id, count in Counter(ids).items():
        if cell_id not in expected:
            problems.append(f"cell {cell_id!r} is not in source/")
        elif count > 1:
            problems.append(f"cell {cell_id!r} appears {count} times")
    problems += [f"cell {cell_id!r} is missing" for cell_id in expected if cell_id not in ids]
    if not problems and ids != list(expected):
        problems.append("the cells are in a different order than in source/")
    problems += [
        f"cell {cell['id']!r} in source/, {problem}"
        for cell in source.cells
        for problem in near_misses.problems(cell)
    ]
    for cell in released.cells:
        cell_id = cell.get("id", "")
        # Code and its comments need not use the words of a right option.
        is_code = cell.get("cell_type") == "code"
        in_source = secrets if is_code else in_prose
        cell_problems = _check_cell(cell, expected.get(cell_id), secrets, in_source)
        problems += [f"cell {cell_id!r} {problem}" for problem in cell_problems]
    return problems


def _own_frame(source: NotebookNode) -> dict[str, Any]:
    """Return what students get besides the cells of a notebook that an instructor wrote."""
    metadata = {key: value for key, value in source.metadata.items() if key != "celltoolbar"}
    return {key: value for key, value in source.items() if key != "cells"} | {"metadata": metadata}


def _with_questions(
    frame: dict[str, Any], source: NotebookNode, expected: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Add the questions as released, to restore them from."""
    ids = [cell["id"] for cell in source.cells]
    questions = []
    for above, cell in zip(["", *ids], source.cells, strict=False):
        if cells.is_quiz(cell):
            question = {key: expected[cell["id"]][key] for key in cells.KEPT_ENTRIES}
            kind = kinds.of(cell)
            variants = kind.released(cell.source) if isinstance(kind, kinds.Pool) else []
            further = {"variants": variants} if variants else {}
            questions.append({"after": above, **question, **further})
    if not questions:
        return frame
    return {**frame, "metadata": {**frame["metadata"], "course": {"questions": questions}}}


def _built_cell(cell: NotebookNode, checksum: Checksum, stubs: Stubs) -> dict[str, Any]:
    """Return exactly what students get for a cell that was built from text."""
    text = student_text(cell, stubs=stubs)
    released = NotebookNode(cell, source=text, metadata=NotebookNode())
    if cells.is_prediction(cell):
        cells.set_course(released, prediction={"multiple": cells.allows_multiple(cell)})
    if cells.is_quiz(cell):
        rule = cells.credit_rule(cell)
        credit = rule if rule in quiz.CREDIT_RULES else "unknown"
        settings = {"multiple": cells.allows_multiple(cell), "credit": credit}
        if (kind := kinds.of(cell).name) != cells.DEFAULT_KIND:
            settings["kind"] = kind
        cells.set_course(released, quiz=settings)
    seconds = cells.time_limit_s(cell)
    if cell.cell_type == "code" and seconds is not None:
        cells.set_course(released, seconds=seconds)
    if cells.is_demonstration(cell):
        cells.set_course(released, demonstration=True)
    if cells.is_check(cell):
        cells.set_course(released, check=True)
    if cells.is_managed(cell):
        cells.set_nbgrader(
            released,
            grade=cells.is_graded(cell),
            grade_id=cell["id"],
            locked=cells.is_locked(cell),
            schema_version=3,
            solution=cells.is_answer(cell),
            task=False,
            **({"points": cells.max_points(cell)} if cells.is_graded(cell) else {}),
        )
    for entry in (COLLAPSED, RUN_ALL_CONTINUES):
        if entry.items() <= cell.metadata.items():
            released.metadata |= entry
    return _finished(released, checksum)


def _own_cell(
    cell: NotebookNode, checksum: Checksum, code_language: str, stubs: Stubs
) -> dict[str, Any]:
    """Return exactly what students get for a cell that an instructor wrote in a notebook."""
    metadata = copy.deepcopy(cell.metadata)
    if cell.cell_type == "code":
        metadata = {key: value for key, value in metadata.items() if key not in OUTPUT_METADATA}
    text = student_text(cell, code_language, stubs)
    released = NotebookNode(cell, source=text, metadata=NotebookNode(metadata))
    cells.remove_hints(released)
    cells.remove_pool(released)
    return _finished(released, checksum) | _attachments(cell)


def _attachments(cell: NotebookNode) -> dict[str, Any]:
    return {"attachments": cell["attachments"]} if "attachments" in cell else {}


def _finished(released: NotebookNode, checksum: Checksum) -> dict[str, Any]:
    """Return a student's cell with the metadata that nbgrader adds, and without outputs."""
    is_checked = cells.is_graded(released) and not cells.is_task(released)
    if is_checked or cells.is_answer(released) or cells.is_locked(released):
        cells.set_nbgrader(released, cell_type=released.cell_type)
        # Of the cleared text: with a checksum of the key, students could try out keys.
        cells.set_nbgrader(released, checksum=checksum(released))
        released.metadata["deletable"] = False
        if not cells.is_answer(released):
            released.metadata["editable"] = False
    expected = {key: released[key] for key in ("cell_type", "id", "metadata", "source")}
    if released.cell_type == "code":
        expected |= {"execution_count": None, "outputs": []}
    return expected


def _check_cell(
    cell: NotebookNode,
    expected: dict[str, Any] | None,
    secrets: list[Secret],
    in_source: list[Secret],
) -> Iterator[str]:
    source, rest = cell.get("source", ""), {k: v for k, v in cell.items() if k != "source"}
    if expected is not None:
        yield from _differences(rest, {k: v for k, v in expected.items() if k != "source"})
        if source != expected["source"]:
            pairs = zip_longest(str(source).split("\n"), expected["source"].split("\n"))
            number, line = next(
                (n, line) for n, (line, want) in enumerate(pairs, 1) if line != want
            )
            yield f"has unexpected text from line {number} on: {line!r}"
    yield from answer_leaks.find_leaks(str(source), in_source)
    yield from answer_leaks.find_leaks(_all_text(rest), secrets)


def _differences(actual: Any, expected: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield a phrase for each difference between two JSON objects."""
    for key in sorted(set(actual) | set(expected), key=str):
        name = f"{path}{key}"
        if key not in actual:
            yield f"lacks {name}={_short(expected[key])}"
        elif key not in expected:
            yield f"has unexpected {name}={_short(actual[key])}"
        elif isinstance(actual[key], dict) and isinstance(expected[key], dict):
            yield from _differences(actual[key], expected[key], f"{name}.")
        # As JSON, because Python's true, 1 and 1.0 are equal.
        elif json.dumps(actual[key], sort_keys=True) != json.dumps(expected[key], sort_keys=True):
            yield f"has {name}={_short(actual[key])}, expected {_short(expected[key])}"


def _all_text(value: Any) -> str:
    """Join all keys and values of JSON data, one per line."""
    if isinstance(value, dict):
        return "\n".join(f"{key}\n{_all_text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "\n".join(map(_all_text, value))
    return str(value)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
