"""Find the names that tests read from a student's kernel although no exercise defines them.

A student can give such a name any value: `assert half(base) == 0.5` passes after `base = 0.5` in
any cell, without a function that halves anything.
"""

from __future__ import annotations

import builtins
import symtable
from collections.abc import Iterator
from typing import Final

from nbformat import NotebookNode

from autograder import cells

_BUILTINS: Final = frozenset(dir(builtins))


def undefined_names(nb: NotebookNode) -> Iterator[tuple[NotebookNode, str]]:
    r"""Yield each test of an instructor's notebook that reads such a name, and the name.

    Example:
        >>> from autograder.publish import build
        >>> exercise = "```{code-cell}\n:exercise: half\nhalf = 1 / 2\n```\n\n"
        >>> nb = build.notebook_from_text(exercise + "```{code-cell}\n:test: half-test\nhalf\n```")
        >>> nb.cells[1].source = "assert half == base / 2"
        >>> [name for _, name in undefined_names(nb)]
        ['base']
    """
    answers = [cell for cell in nb.cells if cell.cell_type == "code" and cells.is_answer(cell)]
    provided = {name for cell in answers for name in _global_names(cell.source)[0]}
    for cell in nb.cells:
        # With a star import, nobody knows which names there are.
        if cells.is_test(cell) and not any("import *" in c.source for c in (*answers, cell)):
            own, read = _global_names(cell.source)
            for name in sorted(read - own - provided - _BUILTINS):
                yield cell, name


def _global_names(source: str) -> tuple[set[str], set[str]]:
    """Return the global names that a cell binds, and those that it reads."""
    try:
        tables = [symtable.symtable(source, "<cell>", "exec")]
    except SyntaxError:  # for example a magic command
        return set(), set()
    bound, read = set(), set()
    for table in tables:
        for symbol in table.get_symbols():
            if table is not tables[0] and not symbol.is_global():
                continue
            if symbol.is_assigned() or symbol.is_imported():
                bound.add(symbol.get_name())
            if symbol.is_referenced():
                read.add(symbol.get_name())
        tables += table.get_children()
    return bound, read
