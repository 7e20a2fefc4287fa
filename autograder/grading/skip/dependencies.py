"""Find the cells that graded tests depend on, so that the others can be skipped.

Most of a lesson's time goes into the instructor's figures and demonstrations, which no answer
needs. So a notebook is first run without them. A test that passes has earned its points, and an
exercise that isn't answered earns nothing. If any other test fails and might depend on a skipped
cell (see `independence`), the whole notebook is run, and that run decides.

Dependencies are found by names. Cells that the student wrote or changed always run. An unchanged
cell of the instructor's runs if it binds a name, or may modify a value, that a running cell reads.
An example::

    x_train = digits()      # runs: the test reads fit, and fit reads x_train
    plot(x_train)           # skipped
    def fit(): ...x_train   # the student's answer
    assert fit() < 0.1      # the test

A demonstration counts as unchanged even if the student changed it, for example the epochs.
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

_BUILTINS: Final = frozenset(dir(builtins))
SKIPPED: Final = "Not run for grading: no points depend on this cell.\n"


@dataclass(frozen=True)
class NameUsage:
    """What a cell does with global names.

    Attributes:
        binds: Names that it assigns, defines or imports.
        definitions: Those of them that are modules, functions or classes.
        reads: Names that it reads and does not bind. A name that it reads before it binds it is
            missing here: the run without skipped cells then ends in an error, and all cells run.
    """

    binds: frozenset[str]
    definitions: frozenset[str]
    reads: frozenset[str]


def name_usage(source: str) -> NameUsage | None:
    r"""Return what a cell does with global names; None if it isn't plain Python.

    Example:
        >>> source = "import numpy as np\ndef double(x):\n    return np.multiply(factor, x)"
        >>> usage = name_usage(source)
        >>> sorted(usage.binds), sorted(usage.reads)
        (['double', 'np'], ['factor'])
    """
    try:
        tree = ast.parse(source)
        top = symtable.symtable(source, "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last if nested too deeply
        return None
    binds, reads, tables = set(), set(), [top]
    for table in tables:
        for symbol in table.get_symbols():
            is_global = table is top or symbol.is_global()
            if is_global and (symbol.is_assigned() or symbol.is_imported()):
                binds.add(symbol.get_name())
            if is_global and symbol.is_referenced():
                reads.add(symbol.get_name())
        tables += table.get_children()
    definitions = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)
    } | {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    augmented = {  # x += 1 reads x, which another cell must bind
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    reads = (reads - binds - _BUILTINS) | (augmented - _BUILTINS)
    return NameUsage(frozenset(binds), frozenset(definitions & binds), frozenset(reads))


_cached_name_usage = functools.lru_cache(maxsize=512)(name_usage)  # of the instructor's cells


def needed_cells(nb: NotebookNode, source_nb: NotebookNode) -> frozenset[str]:
    """Return the ids of a merged notebook's code cells that graded tests may depend on."""
    sources = {cell["id"]: cell.source for cell in source_nb.cells}
    needed: set[str] = set()
    skippable: dict[str, NameUsage] = {}
    definitions: set[str] = set()
    wanted: set[str] = set()  # names that needed cells read
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        is_unchanged = sources.get(cell["id"]) == cell.source
        usage = _cached_name_usage(cell.source) if is_unchanged else name_usage(cell.source)
        definitions |= usage.definitions if usage else set()
        is_students = not (is_unchanged or is_demonstration(cell))
        if is_answer(cell) or is_test(cell) or is_students or usage is None:
            needed.add(cell["id"])
            wanted |= usage.reads if usage else set()
        else:
            skippable[cell["id"]] = usage
    while more := [
        name
        for name, usage in skippable.items()
        # A cell that only reads a value may modify it, but not a module, function or class.
        if usage.binds & wanted or (usage.reads & wanted) - definitions
    ]:
        for name in more:
            wanted |= skippable.pop(name).reads
            needed.add(name)
    return frozenset(needed)


def mark_skipped(cells: Iterable[NotebookNode], run_ids: frozenset[str]) -> None:
    """Say in the output of each code cell that is not in `run_ids` that it was skipped."""
    for cell in cells:
        if cell["id"] not in run_ids:
            cell["outputs"] = [new_output("stream", name="stdout", text=SKIPPED)]
            cell["execution_count"] = None
