"""Which cells points depend on, so that the others need not run.

Most of a lesson's time goes into its figures and demonstrations. They are the instructor's, and
a student's answer that needs none of them earns the same without. So a notebook is first run
without them. Points that it earns so are earned, and what is not answered earns nothing. If it
misses any other, and what was left out could matter to that (see `apart`), the whole notebook is
run from its first cell to its last, and that decides.

What is left out is found by names. A student's own text always runs. A cell of the instructor's
that stands as it was handed out runs if it gives a name, or touches a value, that something that
runs asks for; so does a demonstration, whatever a student changed in it, such as for how long it
trains.
"""

from __future__ import annotations

import ast
import builtins
import functools
import symtable
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder.cells import is_answer, is_demonstration, is_test

_BUILT_IN: Final = frozenset(dir(builtins))
SKIPPED: Final = "Not run for the grade: no point depends on this cell.\n"


@dataclass(frozen=True)
class NameUsage:
    """What a cell does with global names.

    Attributes:
        gives: Names that it binds.
        tools: Those of them that are modules, functions or classes.
        asks: Names that it reads and does not bind; if it reads such a name before it binds it,
            the short way ends in an error, and the whole way is taken.
    """

    gives: frozenset[str]
    tools: frozenset[str]
    asks: frozenset[str]


def name_usage(source: str) -> NameUsage | None:
    r"""Return what a cell does with names; None if it is no plain Python.

    Example:
        >>> source = "import numpy as np\ndef double(x):\n    return np.multiply(factor, x)"
        >>> found = name_usage(source)
        >>> sorted(found.gives), sorted(found.asks)
        (['double', 'np'], ['factor'])
    """
    try:
        tree = ast.parse(source)
        table = symtable.symtable(source, "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return None
    gives, asks, tables = set(), set(), [table]
    for inner in tables:
        for symbol in inner.get_symbols():
            here = inner is table or symbol.is_global()
            if here and (symbol.is_assigned() or symbol.is_imported()):
                gives.add(symbol.get_name())
            if here and symbol.is_referenced():
                asks.add(symbol.get_name())
        tables += inner.get_children()
    tools = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)
    } | {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    added = {
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    own = gives - added
    asks |= added
    return NameUsage(frozenset(gives), frozenset(tools & gives), frozenset(asks - own - _BUILT_IN))


_known = functools.lru_cache(maxsize=512)(name_usage)  # of what is the same in every submission


def needed_cells(nb: NotebookNode, instructors: NotebookNode) -> frozenset[str]:
    """Return the ids of the code cells that points depend on.

    Args:
        nb: A fitted notebook.
        instructors: Its frame.
    """
    handed_out = {cell["id"]: cell.source for cell in instructors.cells}
    running: set[str] = set()
    waiting: dict[str, NameUsage] = {}
    tools: set[str] = set()
    asked: set[str] = set()
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        same = handed_out.get(cell["id"]) == cell.source
        found = _known(cell.source) if same else name_usage(cell.source)
        tools |= found.tools if found else set()
        own = is_answer(cell) or is_test(cell) or not (same or is_demonstration(cell))
        if own or found is None:
            running.add(cell["id"])
            asked |= found.asks if found else set()
        else:
            waiting[cell["id"]] = found
    while more := [
        name
        for name, found in waiting.items()
        if found.gives & asked or (found.asks & asked) - tools
    ]:
        for name in more:
            asked |= waiting.pop(name).asks
            running.add(name)
    return frozenset(running)


def mark_skipped(cells: Iterable[NotebookNode], running: frozenset[str]) -> None:
    """Say in the cells that did not run that they did not.

    Args:
        cells: Code cells.
        running: The ids of those that ran.
    """
    for cell in cells:
        if cell["id"] not in running:
            cell["outputs"] = [new_output("stream", name="stdout", text=SKIPPED)]
            cell["execution_count"] = None
