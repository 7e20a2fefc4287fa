"""Skip an instructor's slow demonstrations even when the rest of the notebook runs.

A lesson may train for minutes to show something. Its author marks such a cell as a
``demonstration``: it changes nothing but the names it binds. When a failed test makes the whole
notebook run (see `autograder.grading.execute`), a demonstration is still skipped, and so are the
figures of what it makes, unless a test or the student's code uses its names. It runs, though, if
the student's code could reach it in other ways than by name, or changed more of it than numbers
such as the number of epochs.
"""

from __future__ import annotations

import ast

from nbformat import NotebookNode

from autograder.cells import code_cells, is_demonstration, is_test
from autograder.grading.skip import dependencies, independence


def skippable_cells(nb: NotebookNode, source_nb: NotebookNode) -> frozenset[str]:
    """Return the ids of the demonstrations, and of cells that use them, that need not run.

    Example:
        >>> from nbformat.v4 import new_code_cell, new_notebook
        >>> mark = {"course": {"demonstration": True}}
        >>> train = new_code_cell("net = train(images)", id="train", metadata=mark)
        >>> draw, answer = new_code_cell("draw(net)", id="draw"), new_code_cell("x = 1", id="one")
        >>> nb = new_notebook(cells=[train, draw, answer])
        >>> source_nb = new_notebook(cells=[train, draw])
        >>> sorted(skippable_cells(nb, source_nb))
        ['draw', 'train']
        >>> answer.source = "x = net"
        >>> sorted(skippable_cells(nb, source_nb))
        []
    """
    sources = {cell["id"]: cell.source for cell in source_nb.cells}
    code = code_cells(nb)
    changed = [cell.source for cell in code if not _is_unchanged(cell, sources)]
    if not independence.share_only_names(changed):
        return frozenset()
    needed = dependencies.needed_cells(nb, source_nb)
    skippable: set[str] = set()
    skipped_names: set[str] = set()
    for cell in code:  # in order: what depends on a skipped cell is skipped too
        if cell["id"] in needed or is_test(cell) or not _is_unchanged(cell, sources):
            continue
        usage = dependencies.name_usage(cell.source)
        if usage is not None and (is_demonstration(cell) or usage.reads & skipped_names):
            skippable.add(cell["id"])
            skipped_names |= usage.binds
    return frozenset(skippable)


def _is_unchanged(cell: NotebookNode, sources: dict[str, str]) -> bool:
    """Return whether the cell is the instructor's; numbers in a demonstration may differ."""
    source = sources.get(cell["id"])
    if source == cell.source or source is None or not is_demonstration(cell):
        return bool(source == cell.source)
    return _without_numbers(source) == _without_numbers(cell.source) != ""


def _without_numbers(source: str) -> str:
    """Return the cell's syntax tree with all numbers 0; empty if it isn't plain Python."""
    try:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
                node.value = 0
        return ast.dump(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last if nested too deeply
        return ""
