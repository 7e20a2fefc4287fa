"""Find what the visible part of a test gives away of its exercise's solution.

Expressions are compared as syntax trees in which all names are alike but those of modules, so
``(x - mean) @ axes.T`` is found in ``(new - middle) @ truth.T``.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

OPERATIONS = (ast.BinOp, ast.Call, ast.Compare, ast.Subscript, ast.UnaryOp)
MODULES = {"math", "np"}
# Whatever the exercise, its test needs these.
HARMLESS = {"np.array", "np.asarray", "np.ndim", "np.repeat", "np.shape", "np.size", "np.zeros"}
MIN_QUOTED_CHARS = 12


def given_away(exercise: str, test: str) -> Iterator[str]:
    """Yield each expression of the solution that the visible part of the test contains.

    Example:
        >>> exercise = "### BEGIN SOLUTION\\nhalf = np.round(x / 2, 3)\\n### END SOLUTION"
        >>> list(given_away(exercise, "assert half == np.round(7 / 2, 3)"))
        ['np.round(x / 2, 3)']

    An expression counts if it has at least two operations, or if it calls a function of a module
    that the test calls as well. Text counts if it quotes a call word for word. What the stub of the
    exercise contains, students know already.
    """
    stub, solution = _split(exercise, "SOLUTION")
    visible, _ = _split(test, "HIDDEN TESTS")
    known = {_shape(node) for node in _expressions(_parse(stub))}
    shown = {_shape(node) for node in _expressions(_parse(visible))} - known
    called = {ast.unparse(node.func) for node in _calls(_parse(visible))} - HARMLESS
    words = " ".join(
        node.value
        for node in _expressions(_parse(visible))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    for node in _expressions(_parse(exercise)):
        if node.lineno not in solution:
            continue
        text = ast.unparse(node)
        calls = list(_calls(node))
        is_shown = _operations(node) >= 2 and _shape(node) in shown
        is_called = isinstance(node, ast.Call) and (
            ast.unparse(node.func) in called and text.partition(".")[0] in MODULES
        )
        is_quoted = (
            "." in text
            and calls
            and len(text) >= MIN_QUOTED_CHARS
            and _squeeze(text) in _squeeze(words)
        )
        if is_shown or is_called or is_quoted:
            yield text


def top_level_names(test: str) -> Iterator[str]:
    """Yield the names that a test cell would overwrite in the notebook, except imports."""
    for node in ast.parse(test).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            yield from (name.id for name in ast.walk(node) if isinstance(name, ast.Name))


def _split(source: str, region: str) -> tuple[str, set[int]]:
    """Return the source with blank lines for its regions, and the numbers of these lines."""
    inside, hidden, lines = False, set(), source.split("\n")
    for number, line in enumerate(lines, 1):
        inside = inside or f"BEGIN {region}" in line
        if inside:
            hidden.add(number)
        inside = inside and f"END {region}" not in line
    return "\n".join("" if n in hidden else line for n, line in enumerate(lines, 1)), hidden


def _parse(source: str) -> ast.AST:
    try:
        return ast.parse(source)
    except SyntaxError:  # the solution is all that a function consists of
        return ast.parse(
            "\n".join(f"{line} ..." if line.endswith(":") else line for line in source.split("\n"))
        )


def _expressions(tree: ast.AST) -> Iterator[ast.expr]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.expr))


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _operations(node: ast.expr) -> int:
    return sum(isinstance(part, OPERATIONS) for part in ast.walk(node))


def _squeeze(text: str) -> str:
    return "".join(text.split()).replace('"', "'")


class _Anonymous(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(node.id if node.id in MODULES else "_", ast.Load())


def _shape(node: ast.expr) -> str:
    return ast.dump(_Anonymous().visit(copy.deepcopy(node)))
