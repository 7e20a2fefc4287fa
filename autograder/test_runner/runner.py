"""The judge: a process of its own in which one test cell runs.

The test is the instructor's. Names that it does not define itself stand for the
student's: asking for one brings plain data, or a stand-in whose calls happen in the
student's kernel and bring plain data back. So nothing that a student did to Python, to
NumPy or to an ``assert`` is here, and no hidden test ever leaves this process.

It speaks JSON lines with the grader on standard input and output.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import json
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NoReturn

from autograder.test_runner import kernel_agent

TEST: Final = "<test>"
MEMORY: Final = 1 << 30  # bytes by which the judge may grow; the largest answer needs 0.5 GB
# Not raised again as they are: they need other arguments, would read as the judge's own, or would
# end a loop of the test's as if all were done.
_OWN: Final = (
    OSError,
    UnicodeError,
    ImportError,
    SyntaxError,
    AssertionError,
    BaseExceptionGroup,
    StopIteration,
    StopAsyncIteration,
)
# In the judge's own code these are faults of the test or of the machine, not of the student; the
# latter only as long as nothing of the student's has come.
_BROKEN: Final = (ImportError,)
_BROKEN_ALONE: Final = (SyntaxError, MemoryError, RecursionError)


NO_ANSWER: Final = {
    "raised": "RuntimeError",
    "says": "Python gave no answer that can be read",
    "trace": "",
}


class GraderConnection:
    """The wire to the grader: one JSON line out, one in.

    Attributes:
        heard: Whether anything of the student's has come since the test began.
    """

    def __init__(self) -> None:
        self.heard = False
        self._in, self._out = sys.stdin, sys.stdout
        sys.stdout = sys.stderr  # a test that prints must not speak on the wire

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        self.tell(request)
        self.heard = True
        line = self._in.readline()
        if not line:
            raise SystemExit(0)
        try:
            answer = json.loads(json.loads(line)["answer"])
        except (RecursionError, ValueError, MemoryError):
            answer = None
        return answer if isinstance(answer, dict) else dict(NO_ANSWER)

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message that needs no answer."""
        self._out.write(json.dumps(message) + "\n")
        self._out.flush()

    def listen(self) -> Iterator[dict[str, Any]]:
        """Yield what the grader sends."""
        while line := self._in.readline():
            self.heard = False
            yield json.loads(line)


class StudentKernel:
    """What the judge can do with the student's kernel."""

    def __init__(self, line: GraderConnection) -> None:
        self._line = line

    @property
    def asked(self) -> bool:
        """Whether anything of the student's has come into this process."""
        return self._line.heard

    def look_up(self, names: list[str]) -> dict[str, Any]:
        """Return those of the names that the student has: plain data or stand-ins."""
        answer = self._request({"ask": "names", "names": names})
        found = {}
        for name in names:
            said = answer["names"].get(name) if isinstance(answer.get("names"), dict) else None
            if isinstance(said, dict) and "value" in said:
                found[name] = self._decode(said["value"])
        return found

    def do(self, request: dict[str, Any]) -> Any:
        """Have something done with a stand-in; raise what it raised there."""
        answer = self._request(request)
        return self._decode(answer.get("value"))

    def _decode(self, data: Any) -> Any:
        try:
            return kernel_agent.decode(data, lambda *about: RemoteObject(self, *about))
        except Exception as error:  # noqa: BLE001  (who sent it may have sent anything)
            says = f"what came back is no plain data ({error!r:.200})"
            raise StudentError("ValueError", says) from None

    def _request(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = self._line.ask(request)
        if "raised" in answer:
            reraise(answer)
        return answer


class StudentError(Exception):
    """An error that the student's code raised, with the name that it had there."""

    def __init__(self, name: str, says: str, trace: str = "") -> None:
        super().__init__(says)
        self.name, self.trace_there = name, trace


def reraise(answer: dict[str, Any]) -> NoReturn:
    """Raise here what the student's code raised there, so that a test can expect it."""
    name, says = str(answer["raised"])[:80], str(answer.get("says", ""))[:2000]
    trace = str(answer.get("trace", ""))[:4000]
    kind = getattr(builtins, name, None)
    if not isinstance(kind, type) or not issubclass(kind, Exception) or issubclass(kind, _OWN):
        raise StudentError(name, says, trace)
    error = kind(says)
    error.trace_there = trace  # type: ignore[attr-defined]  # any exception takes attributes
    raise error


class RemoteObject:
    """Something in the student's kernel that is no plain data: a function, a model."""

    __slots__ = ("_callable", "_kind", "_number", "_student")

    def __init__(self, student: StudentKernel, number: int, kind: str, is_callable: bool) -> None:
        for name, value in {
            "_student": student,
            "_number": number,
            "_kind": kind,
            "_callable": is_callable,
        }.items():
            object.__setattr__(self, name, value)

    def _do(self, ask: str, **more: Any) -> Any:
        return self._student.do({"ask": ask, "object": self._number, **more})

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call it in the student's kernel, with plain data and stand-ins."""
        if not self._callable:
            raise TypeError(f"'{self._kind}' object is not callable")
        return self._do(
            "call",
            arguments=[_send(argument) for argument in arguments],
            named={key: _send(argument) for key, argument in named.items()},
        )

    def __getattr__(self, name: str) -> Any:
        """Ask for an attribute there."""
        if name.startswith("__") and name not in {"__name__", "__doc__"}:
            raise AttributeError(name)
        return self._do("attribute", attribute=name)

    def __getitem__(self, item: Any) -> Any:
        """Ask for an item there."""
        return self._do("item", item=kernel_agent.encode(item))

    def __len__(self) -> int:
        """Ask for the length there."""
        length = self._do("length")
        if not isinstance(length, int) or not 0 <= length < 10**9:
            raise StudentError("TypeError", "its length is no number")
        return length

    def __iter__(self) -> Iterator[Any]:
        """Go through the items, one question each."""
        return (self[index] for index in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Refuse: only plain data can be compared."""
        raise TypeError(f"compare plain data, not the student's '{self._kind}' object")

    __hash__ = None  # type: ignore[assignment]  # what can't be compared can't be a key

    def __bool__(self) -> bool:
        """Refuse, for the same reason."""
        raise TypeError(f"'{self._kind}' object of the student is neither true nor false")

    def __repr__(self) -> str:
        """Name the kind."""
        return f"<the student's {self._kind}>"


def _send(value: Any) -> Any:
    if isinstance(value, RemoteObject):
        return {"object": value._number, "type": "", "callable": False}  # noqa: SLF001  (its own kind)
    return kernel_agent.encode(value)


class Namespace(dict[str, Any]):
    """The test's global names; what it does not define comes from the student."""

    def __init__(self, student: StudentKernel, imports: dict[str, Callable[[], Any]]) -> None:
        super().__init__(__name__="__test__", __builtins__=builtins)
        self._student, self._imports = student, imports

    @property
    def asked(self) -> bool:
        """Whether anything of the student's has been used."""
        return self._student.asked

    def __missing__(self, name: str) -> Any:
        """Find a name: first what the lesson imports, then what the student has."""
        if hasattr(builtins, name):
            raise KeyError(name)
        if name in self._imports:
            self[name] = self._imports[name]()
            return self[name]
        found = self._student.look_up([name])
        if name not in found:
            raise NameError(f"name '{name}' is not defined")
        self[name] = found[name]
        return found[name]


def imports(sources: list[str]) -> dict[str, Callable[[], Any]]:
    """Return what the lesson's own cells import, by name; nothing is imported yet.

    A module that a test uses without importing it must be the real one, not the student's.
    """
    found: dict[str, Callable[[], Any]] = {}
    for source in sources:
        try:
            tree = ast.parse(source)
        except SyntaxError:  # a cell with IPython's magic
            continue
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    bound = alias.asname or alias.name.split(".")[0]
                    found[bound] = _importer(node, alias, bound)
    return found


def _importer(node: ast.Import | ast.ImportFrom, alias: ast.alias, bound: str) -> Callable[[], Any]:
    one = (
        ast.Import([alias])
        if isinstance(node, ast.Import)
        else ast.ImportFrom(node.module, [alias], node.level)
    )
    module = ast.fix_missing_locations(ast.Module([one], []))

    def run() -> Any:
        space: dict[str, Any] = {}
        exec(compile(module, "<imports>", "exec"), space)  # noqa: S102  (the instructor's own line)
        return space[bound]

    return run


def run_test(source: str, names: Namespace) -> dict[str, Any]:
    """Run a test; return how it ended: ``passed``, ``failed`` or ``broken``."""
    try:
        code = compile(source, TEST, "exec")
    except Exception:  # noqa: BLE001  (whatever is wrong with it, the instructor must hear of it)
        return {"end": "broken", "says": traceback.format_exc()}
    try:
        exec(code, names)  # noqa: S102  (the instructor's own test)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001  (any error is the test's verdict)
        trace = getattr(error, "trace_there", None)
        broken = _BROKEN if names.asked else (*_BROKEN, *_BROKEN_ALONE)
        if trace is None and isinstance(error, broken):
            return {"end": "broken", "says": traceback.format_exc()}
        name = error.name if isinstance(error, StudentError) else type(error).__name__
        return {"end": "failed", "error": name, "says": str(error), "trace": trace or ""}
    return {"end": "passed"}


def limit_memory(growth: int = MEMORY) -> None:
    """Let this process grow by so many bytes and no more, where the system can hold it to that."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
        most = pages * resource.getpagesize() + growth
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    except (ImportError, OSError, ValueError):
        return


def main() -> None:
    """Serve the grader: one test after another, each with names of its own."""
    line = GraderConnection()
    importlib.import_module("numpy")  # while the kernel starts, so that no test waits for it
    limit_memory()
    for task in line.listen():
        names = Namespace(StudentKernel(line), imports(task["imports"]))
        line.tell(run_test(task["test"], names))


if __name__ == "__main__":
    main()
