"""Tests that must run in the student's kernel because they can't run in the test runner.

There a student could tamper with them, so the report names them. No lesson built from text has
such a test; notebooks that were written for stock nbgrader may.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from nbformat import NotebookNode

from autograder import cells
from autograder.grading.skip.dependencies import NameUsage, name_usage
from autograder.kernels.other_kernels import python_module
from autograder.student_text import language

MAGICS: Final = "it uses commands of IPython"
READS_FILES: Final = "it reads files beside the notebook, which the test runner doesn't have"
OTHER_LANGUAGE: Final = "it isn't written in Python"
_FILE_CALLS: Final = (
    *("open", "Path", "exists", "isfile", "listdir", "imread", "load", "loadtxt", "genfromtxt"),
    *("fromfile", "read_csv", "read_table", "read_json", "read_excel", "read_parquet"),
)
SETS_NAMES: Final = "a later test uses {names}, which it sets"
CHANGES_NAMES: Final = "it deletes or changes {names}, which students define"


def shared_tests(source_nb: NotebookNode) -> dict[str, str]:
    r"""Return why each such test of an instructor's notebook shares the student's kernel, by id.

    Example:
        >>> from autograder.publish import build
        >>> exercise = "```{code-cell}\n:exercise: half\ndef half(x): ...\n```\n\n"
        >>> nb = build.notebook_from_text(exercise + "```{code-cell}\n:test: half-test\nhalf\n```")
        >>> nb.cells[1].source = "whole = half\ndel half"
        >>> shared_tests(nb)
        {'half-test': 'it deletes or changes half, which students define'}
    """
    code = cells.code_cells(source_nb)
    tests = [cell for cell in code if cells.is_test(cell)]
    if is_other_language(source_nb):
        return dict.fromkeys((cell["id"] for cell in tests), OTHER_LANGUAGE)
    answers = [cell.source for cell in code if cells.is_answer(cell)]
    defined = {name for source in answers for name in _changed_names(source) or ()}
    reasons = {}
    for cell in tests:
        changed = _changed_names(cell.source)
        if changed is None:
            if _has_magics(cell.source):
                reasons[cell["id"]] = MAGICS
        elif both := changed & defined:
            reasons[cell["id"]] = CHANGES_NAMES.format(names=", ".join(sorted(both)))
        elif _reads_files(cell.source):
            reasons[cell["id"]] = READS_FILES
    for index in range(len(code) - 1, 0, -1):
        if cells.is_test(code[index]):
            is_shared = code[index]["id"] in reasons
            for earlier, names in _needed_names(code[: index + 1], is_shared=is_shared):
                reasons.setdefault(earlier, SETS_NAMES.format(names=", ".join(sorted(names))))
    return reasons


def _needed_names(
    code: list[NotebookNode], *, is_shared: bool
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the ids of the tests that set what the last one uses, and these names.

    The test runner passes on functions, classes and modules, but not to a test in the kernel.
    """
    usage = name_usage(code[-1].source)
    needed = usage.reads if usage else frozenset()
    for cell in reversed(code[:-1]):
        if (usage := name_usage(cell.source)) is None:
            continue
        passed_on = frozenset() if is_shared else _portable(cell.source, usage)
        if cells.is_test(cell) and (names := (needed & usage.binds) - passed_on):
            yield cell["id"], names
        needed -= usage.binds


def _portable(source: str, usage: NameUsage) -> frozenset[str]:
    """Return the functions, classes and modules that a test defines without its own values."""
    values = usage.binds - usage.definitions
    return usage.definitions - {
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and (inner := name_usage(ast.unparse(node))) is not None
        and inner.reads & values
    }


def is_other_language(nb: NotebookNode) -> bool:
    """Return whether a notebook's kernel runs another language than Python."""
    return language(nb).lower() not in {"python", "python3", "ipython"}


def other_kernel(nb: NotebookNode) -> str:
    """Return the Python module that is the kernel of a notebook in another language.

    Empty for Python, and for a kernel that isn't installed or can't be run in the sandbox.
    """
    return python_module(kernel_name(nb)) if is_other_language(nb) else ""


def kernel_name(nb: NotebookNode) -> str:
    """Return the name of a notebook's kernel, as Jupyter lists it."""
    return str(nb.metadata.get("kernelspec", {}).get("name", ""))


def _changed_names(source: str) -> set[str] | None:
    """Return the global names that a cell binds or deletes; None if it isn't plain Python."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    names: set[str] = set()
    nodes: list[ast.AST] = list(body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            inner = (child for child in ast.walk(node) if isinstance(child, ast.Global))
            names |= {name for child in inner for name in child.names}
            continue
        if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp):
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        nodes += ast.iter_child_nodes(node)
    return names


def _reads_files(source: str) -> bool:
    """Return whether a cell names a file in a call that reads one, such as ``open("data.csv")``."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(
                func=ast.Name(id=name) | ast.Attribute(attr=name),
                args=[ast.Constant(value=str()), *_],
            ) if name in _FILE_CALLS:
                return True
    return False


def _has_magics(source: str) -> bool:
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        manager = TransformerManager()  # type: ignore[no-untyped-call] # IPython has no types
        return _changed_names(manager.transform_cell(source)) is not None
    except SyntaxError:
        return False
