"""The code that answers a test's requests inside the student's kernel.

Its text, and that of `codec`, is sent into the kernel, where the grader's packages can't be
imported: see `broker`. The messages are described in ``docs/wire-format.md``.
"""

from __future__ import annotations

import builtins
import json
import traceback
from typing import Any

from autograder.test_runner.codec import MAX_MESSAGE_CHARS, decode, encode

_objects: list[Any] = []  # what isn't plain data stays here; the test has the index


def _register(value: Any) -> int:
    _objects.append(value)
    return len(_objects) - 1


def _resolve(number: int, _type_name: str, _is_callable: bool) -> Any:
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
        if kind == "call":
            arguments = [decode(item, _resolve) for item in request["arguments"]]
            keywords = {key: decode(item, _resolve) for key, item in request["keywords"].items()}
            result = target(*arguments, **keywords)
        elif kind == "attribute":
            result = getattr(target, request["name"])
        elif kind == "item":
            result = target[decode(request["key"])]
        else:
            result = len(target)
        return {"value": encode(result, _register)}
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  (even SystemExit is the answer of that call)
        return {
            "error": _builtin_name(error),
            "message": str(error)[:2000],
            "traceback": _traceback(error),
        }


def _builtin_name(error: BaseException) -> str:
    """Return the name of the error's class, or of its nearest built-in base class."""
    for kind in type(error).__mro__:
        if getattr(builtins, kind.__name__, None) is kind:
            return str(kind.__name__)
    return "Exception"


def _traceback(error: BaseException) -> str:
    lines = []
    for frame in traceback.extract_tb(error.__traceback__)[1:][-8:]:  # the first is `handle`
        where = "a cell" if "ipykernel" in frame.filename else frame.filename.rsplit("/", 1)[-1]
        lines.append(f"line {frame.lineno} of {where}, in {frame.name}: {frame.line}")
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
