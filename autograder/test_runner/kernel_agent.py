"""The code that answers a test's requests inside the student's kernel.

Its text, and that of `codec`, is sent into the kernel, where the grader's packages can't be
imported: see `broker`. The messages are described in ``docs/wire-format.md``.
"""

from __future__ import annotations

import asyncio
import builtins
import json
import traceback
from typing import Any

from autograder.test_runner.codec import MAX_MESSAGE_CHARS, decode, encode, encode_data

_objects: list[Any] = []  # what isn't plain data stays here; the test has the index


def _register(value: Any) -> int:
    _objects.append(value)
    return len(_objects) - 1


def _resolve(number: int, *_: Any) -> Any:
    return _objects[number]


def _look_up(name: str, namespace: dict[str, Any]) -> dict[str, Any]:
    return {"value": encode(namespace[name], _register)} if name in namespace else {}


def handle(request: dict[str, Any], namespace: dict[str, Any]) -> dict[str, Any]:
    """Return the response to one request.

    Example:
        >>> handle({"request": "names", "names": ["answer"]}, {"answer": 42})
        {'names': {'answer': {'value': 42}}}
    """
    try:
        kind = request["request"]
        if kind == "names":
            return {"names": {name: _look_up(name, namespace) for name in request["names"]}}
        target = _objects[request["object"]]
        if kind == "data":
            return {"value": encode_data(target, _register)}
        result = _OPERATIONS[kind](target, request)
        return {"value": encode(result, _register)}
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  (even SystemExit is the answer of that call)
        return {
            "error": _builtin_name(error),
            "message": str(error)[:2000],
            "traceback": _traceback(error),
        }


def _call(target: Any, request: dict[str, Any]) -> Any:
    arguments = [decode(item, _resolve) for item in request["arguments"]]
    keywords = {key: decode(item, _resolve) for key, item in request["keywords"].items()}
    return target(*arguments, **keywords)


def _next(target: Any, _: dict[str, Any]) -> tuple[Any, ...]:
    end = object()
    item = next(target, end)
    return () if item is end else (item,)


def _await(target: Any, _: dict[str, Any]) -> Any:
    """Return the result of a coroutine; the kernel's own event loop waits for the running cell."""
    from concurrent.futures import ThreadPoolExecutor

    async def wait() -> Any:
        return await target

    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, wait()).result()


_OPERATIONS: dict[str, Any] = {
    "call": _call,
    "attribute": lambda target, request: getattr(target, request["name"]),
    "item": lambda target, request: target[decode(request["key"], _resolve)],
    "length": lambda target, _: len(target),
    "iterator": lambda target, _: iter(target),
    "next": _next,
    "await": _await,
}


def _builtin_name(error: BaseException) -> str:
    """Return the name of the error's class, or of its nearest built-in base class."""
    for kind in type(error).__mro__:
        if getattr(builtins, kind.__name__, None) is kind:
            return str(kind.__name__)
    return "Exception"


def _traceback(error: BaseException) -> str:
    ours = (globals(), encode.__globals__)
    frames = [
        (frame, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not any(frame.f_globals is names for names in ours)
    ]
    lines = []
    for entry in traceback.StackSummary.extract(iter(frames[-8:])):
        where = "a cell" if "ipykernel" in entry.filename else entry.filename.rsplit("/", 1)[-1]
        lines.append(f"line {entry.lineno} of {where}, in {entry.name}: {entry.line}")
    return "\n".join(lines)[-4000:]


def serve(request: str, namespace: dict[str, Any]) -> None:
    """Handle requests until the grader sends an empty one; runs in the student's kernel only.

    Responses and further requests travel over Jupyter's ``input`` channel, the only one that
    comes back to a running cell.
    """
    from IPython import get_ipython

    kernel = get_ipython().kernel
    while request:
        kernel._allow_stdin = False  # noqa: SLF001  (nobody answers the student's own `input`)
        response = json.dumps(handle(json.loads(request), namespace))
        if len(response) > MAX_MESSAGE_CHARS:
            response = json.dumps({"error": "ValueError", "message": "the result is too large"})
        kernel._allow_stdin = True  # noqa: SLF001  (ipykernel has no public name for it)
        request = kernel.raw_input(response)
