"""Whether what the short way left out could matter to a point that was missed.

A point that is missed on the short way (see `needed`) is lost only if the whole notebook would
miss it, too. That is certain without running it where the text shows all that bears on the point:
the cells that ran are plain Python and use modules that keep nothing, so names are the only way
from one cell to another, and the cells that were left out share none of them. Where anything else
is possible, the answer is no, and the whole notebook runs.
"""

from __future__ import annotations

import ast
import builtins
import functools
import symtable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nbformat import NotebookNode

from autograder.cells import is_test
from autograder.grading.skip import dependencies

# Ways to other cells' things, to files, and to the kernel, that no name shows.
_HIDDEN: Final = frozenset(
    {"In", "Out", "breakpoint", "compile", "delattr", "dir", "eval", "exec", "exit", "get_ipython"}
    | {"getattr", "globals", "help", "input", "locals", "open", "quit", "setattr", "vars"}
)
_FILES: Final = frozenset(
    {"DataSource", "fromfile", "genfromtxt", "load", "loadtxt", "memmap", "tofile"}
)
# What comes from these depends on what they are called with, and on nothing that happened before.
_QUIET: Final = frozenset(
    {"__future__", "abc", "collections", "dataclasses", "decimal", "enum", "fractions"}
    | {"functools", "itertools", "math", "numpy", "operator", "re", "statistics", "typing"}
)
_QUIET_COURSE: Final = ("course.backprop", "course.curse", "course.drawing", "course.metrics")
# A generator of its own throws the same dice, whatever was thrown before.
_OWN_DICE: Final = frozenset({"default_rng", "Generator"})
# With these a cell changes what a module keeps.
_MEDDLING: Final = frozenset({"seterr", "seterrcall", *_HIDDEN})


@dataclass(frozen=True)
class _Traits:
    """What a cell's text tells.

    Attributes:
        plain: Whether it works by names alone.
        dicey: Whether it uses what may come out otherwise another time.
        meddles: Whether it may change what a module keeps.
        imports: The names that it imports, and the modules behind them.
        makes: Names that it gives to things of its own.
        uses: Names that it uses, wherever they come from.
        inside: Names that its functions read from outside of themselves.
        changeable: Names that it gives to values which may change.
    """

    plain: bool
    dicey: bool
    meddles: bool
    imports: tuple[tuple[str, str], ...] = ()
    makes: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()
    changeable: frozenset[str] = frozenset()


def are_independent(
    nb: NotebookNode,
    instructors: NotebookNode,
    running: frozenset[str],
    missed: list[str],
    errors: dict[str, str],
) -> bool:
    r"""Return whether the cells that were left out can't have mattered to the missed tests.

    Example:
        >>> from nbformat.v4 import new_code_cell, new_notebook
        >>> answer = new_code_cell("def double(x):\n    return x", id="double")
        >>> test = new_code_cell("assert double(2) == 4", id="test")
        >>> show = new_code_cell("print('a figure')", id="show")
        >>> nb, frame = new_notebook(cells=[answer, test, show]), new_notebook(cells=[test, show])
        >>> are_independent(nb, frame, frozenset({"double", "test"}), ["test"], {})
        True
        >>> answer.source += " + globals()['factor']"
        >>> are_independent(nb, frame, frozenset({"double", "test"}), ["test"], {})
        False

    Args:
        nb: A fitted notebook that was run the short way.
        instructors: Its frame.
        running: The ids of the cells that ran; from `needed.needed`.
        missed: The ids of the tests that were missed.
        errors: The names of the errors that cells ended with, by the cells' ids.
    """
    code = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    ran = [cell for cell in code if cell["id"] in running]
    handed_out = {cell["id"]: cell.source for cell in instructors.cells}
    theirs = [cell for cell in ran if handed_out.get(cell["id"]) != cell.source]
    if (
        any(map(_misses_something, errors.values()))
        or any(_traits(cell.source).meddles for cell in code if cell["id"] not in running)
        or not all(_traits(cell.source).plain for cell in theirs)
    ):
        return False
    behind = [_traits(cell.source) for cell in _behind(missed, ran)]
    used = frozenset[str]().union(*(each.uses for each in behind))
    imported = [pair for cell in code for pair in _traits(cell.source).imports]
    quiet = all(_quiet(module) for name, module in imported if name in used)
    inside = frozenset[str]().union(*(_traits(cell.source).inside for cell in ran))
    kept = any(each.changeable & inside for each in behind)  # by a function, for its next call
    return quiet and not kept and not any(each.dicey for each in behind)


def share_only_names(sources: list[str]) -> bool:
    r"""Return whether these cells reach others by names alone, and keep nothing between calls.

    Example:
        >>> share_only_names(["def double(x):\n    return factor * x"])
        True
        >>> share_only_names(["seen = []\ndef double(x):\n    seen.append(x)"])
        False

    Args:
        sources: The cells' text.
    """
    traits = [_traits(source) for source in sources]
    inside = frozenset[str]().union(*(each.inside for each in traits))
    return all(each.plain and not each.changeable & inside for each in traits)


def _misses_something(error: str) -> bool:
    """Whether it misses a name, a module or a file: a cell that did not run may have made it."""
    kind = getattr(builtins, error, None)
    lost = (NameError, ImportError, OSError)
    return isinstance(kind, type) and issubclass(kind, lost)


def _behind(tests: list[str], ran: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Yield the cells that make what tests ask for, and those behind these.

    What a cell imports it does not make: it comes out the same for all cells.
    """
    left = [cell for cell in ran if not is_test(cell)]
    waiting = [cell for cell in ran if cell["id"] in tests]
    while waiting:
        cell = waiting.pop()
        if not is_test(cell):
            yield cell
        asked = _traits(cell.source).uses
        found = [other for other in left if _traits(other.source).makes & asked]
        left = [other for other in left if other not in found]
        waiting += found


def _quiet(module: str) -> bool:
    """Whether what it gives depends on what it is called with, and on nothing else."""
    if "random" in module:
        return module.rpartition(".")[2] in _OWN_DICE
    if module.partition(".")[0] == "course":
        return module.startswith(_QUIET_COURSE)
    return module.partition(".")[0] in _QUIET


@functools.lru_cache(maxsize=1024)
def _traits(source: str) -> _Traits:
    found = dependencies.name_usage(source)
    if found is None:
        return _Traits(plain=False, dicey=True, meddles=True)
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    imports = tuple(_imported(nodes))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    stored = any(map(_stores_inside, nodes))
    return _Traits(
        plain=not (
            names & _HIDDEN
            or attributes & _FILES
            or any(name.startswith("__") for name in names | attributes)
            or stored
            or any(map(_keeps, nodes))
        ),
        dicey=_throws_dice(nodes),
        meddles=bool((names | attributes) & _MEDDLING) or stored,
        imports=imports,
        makes=found.gives - {name for name, _ in imports},
        uses=frozenset(names),
        inside=frozenset(_read_inside(source)),
        changeable=found.gives - found.tools - _fixed(tree),
    )


def _stores_inside(node: ast.AST) -> bool:
    """Whether it sets something inside a thing that other cells may have, too."""
    if not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Load):
        return False
    return not (isinstance(node.value, ast.Name) and node.value.id == "self")


def _keeps(node: ast.AST) -> bool:
    """Whether a function or class may keep something from one call to the next."""
    kept: list[ast.expr | None] = []
    match node:
        case ast.Global() | ast.ImportFrom(names=[ast.alias(name="*")]):
            return True
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            kept = list(node.decorator_list)
        case ast.ClassDef():
            own = [each for each in node.body if isinstance(each, ast.Assign | ast.AnnAssign)]
            kept = [*node.decorator_list, *(each.value for each in own)]
        case ast.arguments():
            kept = [*node.defaults, *node.kw_defaults]
    return not all(value is None or _constant(value) for value in kept)


def _constant(value: ast.AST) -> bool:
    """Whether it is written as a value that nothing can change."""
    if isinstance(value, ast.Tuple):
        return all(map(_constant, value.elts))
    if isinstance(value, ast.UnaryOp):
        return _constant(value.operand)
    if isinstance(value, ast.BinOp):
        return _constant(value.left) and _constant(value.right)
    return isinstance(value, ast.Constant)


def _fixed(tree: ast.Module) -> frozenset[str]:
    """Return the names that stand for constants."""
    return frozenset(
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and _constant(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    )


def _read_inside(source: str) -> Iterator[str]:
    tables = list(symtable.symtable(source, "<cell>", "exec").get_children())
    for table in tables:
        yield from (each.get_name() for each in table.get_symbols() if each.is_global())
        tables += table.get_children()


def _throws_dice(nodes: list[ast.AST]) -> bool:
    """Whether it uses the dice that all cells share."""
    own = {
        id(node.value)
        for node in nodes
        if isinstance(node, ast.Attribute) and node.attr in _OWN_DICE
    }
    return any(
        isinstance(node, ast.Attribute) and "random" in node.attr and id(node) not in own
        for node in nodes
    )


def _imported(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield the names that it imports, each with the module behind it."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
