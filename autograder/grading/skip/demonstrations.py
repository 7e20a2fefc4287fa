"""Which of an instructor's demonstrations no grade waits for, even when all else runs.

A lesson may train for minutes to show something. Its author marks such a cell as a
``demonstration``: it changes nothing but the names that it gives. Where a point is missed, the
whole notebook runs (see `attempt`), but a demonstration does not if it stands as it was handed out
and nothing of the student's, and no test, asks for what it makes. Figures of what it makes are left
out with it. Where a student's text could reach it by other ways than its names, it runs. So does
what a student changed in it, but for numbers, such as for how long it trains.
"""

from __future__ import annotations

import ast

from nbformat import NotebookNode

from autograder.cells import is_demonstration, is_test
from autograder.grading.skip import dependencies, independence


def skippable_cells(nb: NotebookNode, instructors: NotebookNode) -> frozenset[str]:
    """Return the ids of the cells that need not run even on the whole way.

    Example:
        >>> from nbformat.v4 import new_code_cell, new_notebook
        >>> course = {"course": {"demonstration": True}}
        >>> train = new_code_cell("net = train(images)", id="train", metadata=course)
        >>> draw, answer = new_code_cell("draw(net)", id="draw"), new_code_cell("x = 1", id="one")
        >>> nb, frame = new_notebook(cells=[train, draw, answer]), new_notebook(cells=[train, draw])
        >>> sorted(skippable_cells(nb, frame))
        ['draw', 'train']
        >>> answer.source = "x = net"
        >>> sorted(skippable_cells(nb, frame))
        []

    Args:
        nb: A fitted notebook.
        instructors: Its frame.
    """
    handed_out = {cell["id"]: cell.source for cell in instructors.cells}
    code = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    own = [cell.source for cell in code if not _as_handed_out(cell, handed_out)]
    if not independence.share_only_names(own):
        return frozenset()
    running = dependencies.needed_cells(nb, instructors)
    left: set[str] = set()
    given: set[str] = set()
    for cell in code:  # in their order: what is made from what is not made is not made
        if cell["id"] in running or is_test(cell) or not _as_handed_out(cell, handed_out):
            continue
        found = dependencies.name_usage(cell.source)
        if found is not None and (is_demonstration(cell) or found.asks & given):
            left.add(cell["id"])
            given |= found.gives
    return frozenset(left)


def _as_handed_out(cell: NotebookNode, handed_out: dict[str, str]) -> bool:
    source = handed_out.get(cell["id"])
    if source == cell.source or source is None or not is_demonstration(cell):
        return bool(source == cell.source)
    return _but_for_numbers(source) == _but_for_numbers(cell.source) != ""


def _but_for_numbers(source: str) -> str:
    """Return the cell's structure without its numbers; "" if it is no plain Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
            node.value = 0
    return ast.dump(tree)
