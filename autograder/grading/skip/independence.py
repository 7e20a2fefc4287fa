"""Decide whether a failed test could pass if the skipped cells were run.

The points of a test that fails without the skipped cells (see `dependencies`) are only lost if it
would fail in the whole notebook, too. That is certain if names are the only way from one cell to
another, and the skipped cells share none with the failed test. For example, ``double`` below fails
its test, and no skipped figure can change that::

    plot(images)                      # skipped
    def double(x): return x           # the student's answer
    assert double(2) == 4             # fails with or without the figure

With ``return x + np.random.rand()`` the skipped cell might matter: it may have advanced NumPy's
global random state. So might it with ``eval``, files, or mutable default arguments. Whenever the
source leaves room for such an influence, the answer is no, and the whole notebook runs.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import symtable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nbformat import NotebookNode

from autograder.cells import code_cells, is_test
from autograder.grading.skip import dependencies

# Names and attributes through which a cell reaches other cells' objects, files or the kernel.
_HIDDEN_ACCESS: Final = frozenset(
    {"In", "Out", "breakpoint", "compile", "delattr", "dir", "eval", "exec", "exit", "get_ipython"}
    | {"getattr", "globals", "help", "input", "locals", "open", "quit", "setattr", "vars"}
)
_FILE_ACCESS: Final = frozenset(
    {"DataSource", "fromfile", "genfromtxt", "load", "loadtxt", "memmap", "tofile"}
)
_MODULE_STATE_ACCESS: Final = frozenset({"seterr", "seterrcall", *_HIDDEN_ACCESS})
# Modules whose functions depend on their arguments only.
_STATELESS_MODULES: Final = frozenset(
    {"__future__", "abc", "collections", "dataclasses", "decimal", "enum", "fractions"}
    | {"functools", "itertools", "math", "numpy", "operator", "re", "statistics", "typing"}
)
_STATELESS_COURSE_MODULES: Final = (
    "course.backprop",
    "course.curse",
    "course.drawing",
    "course.metrics",
)
_RANDOM_GENERATORS: Final = frozenset({"default_rng", "Generator"})  # with a state of their own


@dataclass(frozen=True)
class _Traits:
    """What a cell's source shows."""

    shares_only_names: bool  # it reaches other cells by names alone
    uses_global_random_state: bool  # its values may differ from run to run
    may_change_modules: bool  # it may change the state of a module
    imports: tuple[tuple[str, str], ...] = ()  # names, each with the module behind it
    makes: frozenset[str] = frozenset()  # names that it binds other than by import
    names: frozenset[str] = frozenset()  # names that it mentions, wherever they come from
    read_in_functions: frozenset[str] = frozenset()  # global names that its functions read
    mutable: frozenset[str] = frozenset()  # names that it binds to values that can change


def are_independent(
    nb: NotebookNode,
    source_nb: NotebookNode,
    run_ids: frozenset[str],
    failed: list[str],
    errors: dict[str, str],
) -> bool:
    r"""Return whether the failed tests would also fail in the whole notebook.

    Example:
        >>> from nbformat.v4 import new_code_cell, new_notebook
        >>> answer = new_code_cell("def double(x):\n    return x", id="double")
        >>> test = new_code_cell("assert double(2) == 4", id="test")
        >>> show = new_code_cell("print('a figure')", id="show")
        >>> nb = new_notebook(cells=[answer, test, show])
        >>> source_nb = new_notebook(cells=[test, show])
        >>> are_independent(nb, source_nb, frozenset({"double", "test"}), ["test"], {})
        True
        >>> answer.source += " + globals()['factor']"
        >>> are_independent(nb, source_nb, frozenset({"double", "test"}), ["test"], {})
        False

    Args:
        nb: A merged notebook that was run without the skipped cells.
        source_nb: The instructor's notebook.
        run_ids: The ids of the cells that were run; from `dependencies.needed_cells`.
        failed: The ids of the failed tests.
        errors: The name of the error that each failed cell raised, by cell id.
    """
    code = code_cells(nb)
    run = [cell for cell in code if cell["id"] in run_ids]
    skipped = [cell for cell in code if cell["id"] not in run_ids]
    sources = {cell["id"]: cell.source for cell in source_nb.cells}
    students = [cell for cell in run if sources.get(cell["id"]) != cell.source]
    if (
        any(map(_is_missing_something, errors.values()))
        or any(_traits(cell.source).may_change_modules for cell in skipped)
        or not all(_traits(cell.source).shares_only_names for cell in students)
    ):
        return False
    causes = [_traits(cell.source) for cell in _cells_behind(failed, run)]
    names = _union(traits.names for traits in causes)
    imported = [pair for cell in code for pair in _traits(cell.source).imports]
    in_functions = _union(_traits(cell.source).read_in_functions for cell in run)
    return (
        all(_is_stateless(module) for name, module in imported if name in names)
        and not any(traits.mutable & in_functions for traits in causes)
        and not any(traits.uses_global_random_state for traits in causes)
    )


def share_only_names(sources: list[str]) -> bool:
    r"""Return whether cells reach other cells by names alone and keep no state between calls.

    Example:
        >>> share_only_names(["def double(x):\n    return factor * x"])
        True
        >>> share_only_names(["seen = []\ndef double(x):\n    seen.append(x)"])
        False
    """
    cells = [_traits(source) for source in sources]
    in_functions = _union(traits.read_in_functions for traits in cells)
    return all(traits.shares_only_names and not traits.mutable & in_functions for traits in cells)


def _union(sets: Iterator[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)


def _is_missing_something(error: str) -> bool:
    """Return whether a name, module or file is missing, which a skipped cell may provide."""
    kind = getattr(builtins, error, None)
    return isinstance(kind, type) and issubclass(kind, (NameError, ImportError, OSError))


def _cells_behind(tests: list[str], run: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Yield the cells that make what the tests use, and the cells behind those.

    Imports don't count: a module is the same for all cells.
    """
    remaining = [cell for cell in run if not is_test(cell)]
    queue = [cell for cell in run if cell["id"] in tests]
    while queue:
        cell = queue.pop()
        if not is_test(cell):
            yield cell
        names = _traits(cell.source).names
        behind = [other for other in remaining if _traits(other.source).makes & names]
        remaining = [other for other in remaining if other not in behind]
        queue += behind


def _is_stateless(module: str) -> bool:
    """Return whether the module's functions depend on their arguments only."""
    if "random" in module:
        return module.rpartition(".")[2] in _RANDOM_GENERATORS
    if module.partition(".")[0] == "course":
        return module.startswith(_STATELESS_COURSE_MODULES)
    return module.partition(".")[0] in _STATELESS_MODULES


@functools.lru_cache(maxsize=1024)
def _traits(source: str) -> _Traits:
    usage = dependencies.name_usage(source)
    if usage is not None:
        with contextlib.suppress(RecursionError, MemoryError):  # nested too deeply
            return _read_traits(source, usage)
    return _Traits(shares_only_names=False, uses_global_random_state=True, may_change_modules=True)


def _read_traits(source: str, usage: dependencies.NameUsage) -> _Traits:
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    imports = tuple(_imports(nodes))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    sets_attribute = any(map(_sets_foreign_attribute, nodes))
    return _Traits(
        shares_only_names=not (
            names & _HIDDEN_ACCESS
            or attributes & _FILE_ACCESS
            or any(name.startswith("__") for name in names | attributes)
            or sets_attribute
            or any(map(_may_keep_state, nodes))
        ),
        uses_global_random_state=_uses_global_random_state(nodes),
        may_change_modules=bool((names | attributes) & _MODULE_STATE_ACCESS) or sets_attribute,
        imports=imports,
        makes=usage.binds - {name for name, _ in imports},
        names=frozenset(names),
        read_in_functions=frozenset(_read_in_functions(source)),
        mutable=usage.binds - usage.definitions - _constants(tree),
    )


def _sets_foreign_attribute(node: ast.AST) -> bool:
    """Return whether the node sets or deletes an attribute other than one of ``self``."""
    if not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Load):
        return False
    return not (isinstance(node.value, ast.Name) and node.value.id == "self")


def _may_keep_state(node: ast.AST) -> bool:
    """Return whether a function or class may keep state from one call to the next.

    It may by globals, decorators, class attributes and defaults, unless these are constants.
    """
    stored: list[ast.expr | None] = []
    match node:
        case ast.Global() | ast.ImportFrom(names=[ast.alias(name="*")]):
            return True
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            stored = list(node.decorator_list)
        case ast.ClassDef():
            assigns = [item for item in node.body if isinstance(item, ast.Assign | ast.AnnAssign)]
            stored = [*node.decorator_list, *(item.value for item in assigns)]
        case ast.arguments():
            stored = [*node.defaults, *node.kw_defaults]
    return not all(value is None or _is_constant(value) for value in stored)


def _is_constant(value: ast.AST) -> bool:
    """Return whether the expression consists of immutable literals."""
    if isinstance(value, ast.Tuple):
        return all(map(_is_constant, value.elts))
    if isinstance(value, ast.UnaryOp):
        return _is_constant(value.operand)
    if isinstance(value, ast.BinOp):
        return _is_constant(value.left) and _is_constant(value.right)
    return isinstance(value, ast.Constant)


def _constants(tree: ast.Module) -> frozenset[str]:
    """Return the names that are assigned constants."""
    return frozenset(
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and _is_constant(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    )


def _read_in_functions(source: str) -> Iterator[str]:
    tables = list(symtable.symtable(source, "<cell>", "exec").get_children())
    for table in tables:
        yield from (symbol.get_name() for symbol in table.get_symbols() if symbol.is_global())
        tables += table.get_children()


def _uses_global_random_state(nodes: list[ast.AST]) -> bool:
    """Return whether ``x.random`` occurs other than as in ``x.random.default_rng``."""
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    generators = {id(node.value) for node in attributes if node.attr in _RANDOM_GENERATORS}
    return any("random" in node.attr and id(node) not in generators for node in attributes)


def _imports(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield the imported names, each with the module behind it."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
