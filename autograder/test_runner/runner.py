"""The process in which an instructor's tests run, out of reach of the student's code.

Names that a test doesn't define come from the student's kernel: as plain data, or as a
`remote.RemoteObject` whose calls run over there. So nothing that a student did to Python, NumPy or
an ``assert`` is in this process, and no hidden test ever leaves it. It exchanges JSON lines with
the grader on standard input and output; see ``docs/wire-format.md``.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import contextlib
import copy
import importlib
import inspect
import json
import sys
import traceback
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NoReturn

import psutil

from autograder.test_runner import codec, remote
from autograder.test_runner.remote import StudentError

TEST_FILENAME: Final = "<test>"
MAX_MEMORY_GROWTH_BYTES: Final = 1 << 30  # decoding the largest response needs half of it
# Student's errors that become a StudentError: their constructors need other arguments, they would
# look like an error of the test itself, or they would silently end a loop in the test.
_NEVER_RERAISED: Final = (
    OSError,
    UnicodeError,
    ImportError,
    SyntaxError,
    AssertionError,
    BaseExceptionGroup,
    StopIteration,
    StopAsyncIteration,
)
# Errors in a test's own code that mean the test or the machine is broken. The second group only
# counts until the student's kernel has responded: after that, its data may be the cause.
_BROKEN: Final = (ImportError,)
_BROKEN_BEFORE_RESPONSE: Final = (SyntaxError, MemoryError, RecursionError)


class GraderConnection:
    """JSON lines to and from the grader, which passes requests on to the student's kernel.

    Attributes:
        has_response: Whether anything has come from the student's kernel since the test began.
        exact_types: The types of exact numbers that the test names. It gets others as the int or
            float of the same value, which work in any formula.
    """

    def __init__(self) -> None:
        self.has_response = False
        self.exact_types: tuple[type, ...] = ()
        self._in, self._out = sys.stdin, sys.stdout
        sys.stdout = sys.stderr  # what a test prints must not look like a message

    def tests(self) -> Iterator[dict[str, Any]]:
        """Yield one message for each test to run."""
        while line := self._in.readline():
            self.has_response = False
            yield json.loads(line)

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the grader."""
        self._out.write(json.dumps(message) + "\n")
        self._out.flush()

    def look_up(self, name: str) -> Any:
        """Return what the student has defined by this name, or raise a NameError."""
        entries = self._request({"request": "names", "names": [name]}).get("names")
        entry = entries.get(name) if isinstance(entries, dict) else None
        if not isinstance(entry, dict) or "value" not in entry:
            raise NameError(f"name '{name}' is not defined")
        return self._decode(entry["value"])

    def evaluate(self, request: dict[str, Any]) -> Any:
        """Return the value of an operation on a remote object, or raise its error."""
        return self._decode(self._request(request).get("value"))

    def _request(self, request: dict[str, Any]) -> dict[str, Any]:
        self.send(request)
        self.has_response = True
        line = self._in.readline()
        if not line:
            raise SystemExit(0)
        try:
            response = json.loads(json.loads(line)["response"])
        except (RecursionError, ValueError, MemoryError):
            response = None
        if not isinstance(response, dict):
            response = {"error": "RuntimeError", "message": "The kernel's response can't be read."}
        if "error" in response:
            reraise(response)
        return response

    def _decode(self, data: Any) -> Any:
        try:
            return codec.decode(data, self._stand_in, self._number)
        except Exception as error:  # noqa: BLE001  (the sender may have sent anything)
            message = f"the returned data can't be decoded ({error!r:.200})"
            raise StudentError("ValueError", message) from None

    def _stand_in(self, *reference: Any) -> Any:
        return remote.stand_in(self.evaluate, *reference)

    def _number(self, number: Any) -> Any:
        return number if isinstance(number, self.exact_types) else codec.simplify(number)


def reraise(response: dict[str, Any]) -> NoReturn:
    """Raise what the student's code raised, so that a test can expect it."""
    name, message = str(response["error"])[:80], str(response.get("message", ""))[:2000]
    remote_traceback = str(response.get("traceback", ""))[:4000]
    kind = getattr(builtins, name, None)
    if (
        not isinstance(kind, type)
        or not issubclass(kind, Exception)
        or issubclass(kind, _NEVER_RERAISED)
    ):
        raise StudentError(name, message, remote_traceback)
    error = kind(message)
    error.remote_traceback = remote_traceback  # type: ignore[attr-defined]  # any exception may have attributes
    raise error


class Namespace(dict[str, Any]):
    """A test's global names: its own, then other code of the instructor's, then the student's."""

    def __init__(self, connection: GraderConnection, statements: dict[str, str]) -> None:
        super().__init__(__name__="__test__", __builtins__=builtins)
        self.connection, self._statements = connection, statements

    def __missing__(self, name: str) -> Any:
        """Define a name by the instructor's statement, or fetch it from the student's kernel."""
        if hasattr(builtins, name):
            raise KeyError(name)
        if name in self._statements:
            exec(self._statements[name], self)  # noqa: S102  (the instructor's code)
        else:
            self[name] = self.connection.look_up(name)
        return self[name]


def lesson_imports(sources: list[str]) -> dict[str, str]:
    """Return the import statement of each name that the lesson's own cells import.

    A test that uses a module without importing it must get the real one, not the student's.

    Example:
        >>> lesson_imports(["from math import pi, tau as turn"])["turn"]
        'from math import tau as turn'
    """
    statements = {}
    for node in _statements(sources):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                statement = copy.copy(node)
                statement.names = [alias]
                name = alias.asname or alias.name.split(".")[0]
                statements[name] = ast.unparse(statement)
    return statements


def helpers(tests: list[str]) -> dict[str, str]:
    r"""Return the statement of each function, class and module that earlier tests define.

    In nbgrader's shared kernel, a later test may use them.

    Example:
        >>> helpers(["def near(a, b):\n    return abs(a - b) < 1e-6", "x = 1"])
        {'near': 'def near(a, b):\n    return abs(a - b) < 1e-06'}
    """
    return lesson_imports(tests) | {
        node.name: ast.unparse(node)
        for node in _statements(tests)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


def _statements(sources: list[str]) -> Iterator[ast.stmt]:
    for source in sources:
        with contextlib.suppress(SyntaxError):  # a cell with IPython's magic
            yield from ast.parse(source).body


def run_test(source: str, namespace: Namespace) -> dict[str, Any]:
    """Run a test; return its result message: ``passed``, ``failed`` or ``broken``."""
    try:
        tree = ast.parse(source, TEST_FILENAME)
        code = compile(tree, TEST_FILENAME, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except Exception:  # noqa: BLE001  (the instructor must hear of any error)
        return {"result": "broken", "message": traceback.format_exc()}
    names = {getattr(node, key, "") for node in ast.walk(tree) for key in ("id", "attr", "name")}
    namespace.connection.exact_types = tuple(
        kind for kind in (Fraction, Decimal) if kind.__name__ in names
    )
    try:
        result = eval(code, namespace)  # noqa: S307  (the instructor's code)
        if code.co_flags & inspect.CO_COROUTINE:  # it awaits something
            asyncio.run(result)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001  (any error is a result)
        remote_traceback = getattr(error, "remote_traceback", None)
        has_response = namespace.connection.has_response
        broken = _BROKEN if has_response else (*_BROKEN, *_BROKEN_BEFORE_RESPONSE)
        if remote_traceback is None and isinstance(error, broken):
            return {"result": "broken", "message": traceback.format_exc()}
        return {
            "result": "failed",
            "error": error.name if isinstance(error, StudentError) else type(error).__name__,
            "message": _message(error),
            "traceback": remote_traceback or "",
        }
    return {"result": "passed"}


def _message(error: BaseException) -> str:
    """Return an error's message, which may hold a student's object."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001  (the student's code raised it)
        return ""


def limit_memory() -> None:
    """Limit how much this process's memory may grow, where the system can."""
    with contextlib.suppress(AttributeError, OSError, ValueError, psutil.Error):
        process = psutil.Process()
        limit = process.memory_info().data + MAX_MEMORY_GROWTH_BYTES
        process.rlimit(psutil.RLIMIT_DATA, (limit, limit))


def main() -> None:
    """Run the tests that the grader sends, each in a new namespace."""
    connection = GraderConnection()
    importlib.import_module("numpy")  # while the kernel starts, so that no test waits for it
    limit_memory()
    for message in connection.tests():
        namespace = Namespace(
            connection, lesson_imports(message["imports"]) | helpers(message["earlier_tests"])
        )
        connection.send(run_test(message["test"], namespace))


if __name__ == "__main__":
    main()
