"""The judge's ear in the student's kernel, and the plain data that both sides speak.

This one file is used twice: the judge imports it, and its text is sent into the
student's kernel, where nothing of ours can be imported. So it needs nothing but Python,
and NumPy where an array is at hand.

Only plain data crosses: None, bools, numbers, strings, bytes, lists, tuples, dicts, NumPy
numbers and arrays, as JSON with tags. No pickle, no eval, a size limit. Everything else
(a Keras model, a generator) stays where it is and is spoken of by a number.
"""

from __future__ import annotations

import base64
import builtins
import json
import math
import re
import sys
import traceback
from typing import Any

KINDS = re.compile(r"[<>|=][biufcU]\d{1,9}")  # of arrays; NumPy reads far more into a name
LARGEST = 48_000_000  # characters of one message; 28 x 28 x 10,000 float32 have 42 million
DEEPEST = 40


class TooMuchError(ValueError):
    """A value is too large or nested too deeply to be handed over."""


def encode(value: Any, keep: Any = None, depth: int = 0) -> Any:
    """Turn a value into JSON; what is no plain data goes to ``keep``, which returns a number.

    Example:
        >>> encode((1, 2.5, None))
        {'tuple': [1, 2.5, None]}

    Raises:
        TooMuchError: It is nested too deeply or too large.
        TypeError: It is no plain data, and there is nothing to keep it.
    """
    if depth > DEEPEST:
        raise TooMuchError(f"a value is nested more than {DEEPEST} levels deep")
    kind = type(value)  # exactly: a subclass may lie about what it is
    if value is None or kind is bool or kind is str:
        return value
    if kind in _ENCODERS:
        return _ENCODERS[kind](value, keep, depth)
    array = _array(value)
    if array is not None:
        return array
    if keep is None:
        raise TypeError(f"{kind.__name__} is no plain data: use numbers, strings, lists or arrays")
    return {"object": keep(value), "type": kind.__name__, "callable": callable(value)}


def _items(values: Any, keep: Any, depth: int) -> list[Any]:
    return [encode(item, keep, depth + 1) for item in values]


def _float(value: float) -> Any:
    return value if math.isfinite(value) else {"float": repr(value)}


_ENCODERS: dict[type, Any] = {
    int: lambda v, _k, _d: v if abs(v) < 2**53 else {"int": str(v)},
    float: lambda v, _k, _d: _float(v),
    complex: lambda v, _k, _d: {"complex": [_float(v.real), _float(v.imag)]},
    bytes: lambda v, _k, _d: {"bytes": base64.b64encode(v).decode()},
    list: lambda v, k, d: {"list": _items(v, k, d)},
    tuple: lambda v, k, d: {"tuple": _items(v, k, d)},
    dict: lambda v, k, d: {
        "dict": [[encode(key, None, d + 1), encode(item, k, d + 1)] for key, item in v.items()]
    },
}


def _array(value: Any) -> Any:
    """Encode a NumPy array or number, or a tensor, as its numbers."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(value, numpy.generic):
        array, scalar = numpy.asarray(value), True
    elif type(value) is numpy.ndarray:
        array, scalar = value, False
    elif type(value).__module__.startswith(("tensorflow", "keras")) and hasattr(value, "numpy"):
        array, scalar = numpy.asarray(value.numpy()), False
    else:
        return None
    if array.dtype.kind not in "biufcU":
        return None
    if array.nbytes > LARGEST * 3 // 4:
        raise TooMuchError(f"an array of {array.nbytes:,} bytes is too large to be handed over")
    return {
        "array": base64.b64encode(numpy.ascontiguousarray(array).tobytes()).decode(),
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "scalar": scalar,
    }


def decode(data: Any, found: Any = None, depth: int = 0) -> Any:
    """Turn JSON back into a value; ``found(number, type, callable)`` stands in for objects.

    Example:
        >>> decode({"tuple": [1, 2.5, None]})
        (1, 2.5, None)

    Raises:
        ValueError: The JSON is not what ``encode`` makes; whoever sent it is not trusted.
    """
    if depth > DEEPEST + 5:
        raise ValueError("nested too deeply")
    if data is None or isinstance(data, (bool, int, float, str)):
        return data
    if not isinstance(data, dict) or not data:
        raise ValueError("no tagged value")
    tag, body = next(iter(data.items()))
    if tag in ("list", "tuple") and isinstance(body, list):
        items = [decode(item, found, depth + 1) for item in body]
        return items if tag == "list" else tuple(items)
    if tag == "dict" and isinstance(body, list):
        result = {}
        for pair in body:
            if not isinstance(pair, list) or len(pair) != 2:
                raise ValueError("a dict needs pairs")
            key = decode(pair[0], None, depth + 1)
            if type(key).__hash__ is None:
                raise ValueError("a key of that kind can't be in a dict")
            result[key] = decode(pair[1], found, depth + 1)
        return result
    if tag == "object" and found is not None and isinstance(body, int):
        return found(body, str(data.get("type", "object"))[:80], bool(data.get("callable")))
    return _decode_number(tag, body, data)


def _decode_number(tag: str, body: Any, data: dict[str, Any]) -> Any:
    if tag == "float" and body in ("nan", "inf", "-inf"):
        return float(body)
    if tag == "int" and isinstance(body, str) and len(body) <= 4000:
        return int(body)
    if tag == "complex" and isinstance(body, list) and len(body) == 2:
        return complex(*(float(decode(part)) for part in body))
    if tag == "bytes" and isinstance(body, str):
        return base64.b64decode(body, validate=True)
    if tag != "array" or not isinstance(body, str):
        raise ValueError(f"unknown tag {str(tag)[:40]!r}")
    import numpy as np

    kind, shape = data.get("dtype"), data.get("shape")
    if not isinstance(kind, str) or KINDS.fullmatch(kind) is None:
        raise ValueError("an array of that kind is not handed over")
    if not isinstance(shape, list) or len(shape) > 32:
        raise ValueError("an array needs a shape")
    if not all(isinstance(side, int) and 0 <= side <= 2**40 for side in shape):
        raise ValueError("an array needs a shape of numbers")
    array = np.frombuffer(base64.b64decode(body, validate=True), dtype=np.dtype(kind))
    array = array.reshape(shape).copy()
    return array[()] if data.get("scalar") and not shape else array


_kept: dict[int, Any] = {}


def _keep(value: Any) -> int:
    _kept[len(_kept)] = value
    return len(_kept) - 1


def _look_up(name: str, namespace: dict[str, Any]) -> Any:
    if name not in namespace:
        return {"missing": name}
    return {"value": encode(namespace[name], _keep)}


def _target(request: dict[str, Any], namespace: dict[str, Any]) -> Any:
    return namespace[request["name"]] if "name" in request else _kept[request["object"]]


def answer(request: dict[str, Any], namespace: dict[str, Any]) -> dict[str, Any]:
    """Do in the student's kernel what the judge asks for.

    ``{"ask": "names", "names": [...]}`` what these names are; ``call``, ``attribute``,
    ``item``, ``length``: the same as in Python, on a name or on a kept object.
    """
    try:
        ask = request["ask"]
        if ask == "names":
            return {"names": {name: _look_up(name, namespace) for name in request["names"]}}
        target = _target(request, namespace)
        if ask == "call":
            arguments = [decode(item, _again) for item in request["arguments"]]
            named = {key: decode(item, _again) for key, item in request["named"].items()}
            result = target(*arguments, **named)
        elif ask == "attribute":
            result = getattr(target, request["attribute"])
        elif ask == "item":
            result = target[decode(request["item"])]
        else:
            result = len(target)
        return {"value": encode(result, _keep)}
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  (a student's SystemExit is an answer, too)
        return {"raised": _named(error), "says": str(error)[:2000], "trace": _trace(error)}


def _again(number: int, _kind: str, _callable: bool) -> Any:
    return _kept[number]


def _named(error: BaseException) -> str:
    """The name of the error, or of its nearest ancestor that Python itself has."""
    for kind in type(error).__mro__:
        if getattr(builtins, kind.__name__, None) is kind:
            return str(kind.__name__)
    return "Exception"


def _trace(error: BaseException) -> str:
    lines = []
    for frame in traceback.extract_tb(error.__traceback__)[1:][-8:]:  # the first one is ours
        where = "a cell" if "ipykernel" in frame.filename else frame.filename.rsplit("/", 1)[-1]
        lines.append(f"line {frame.lineno} of {where}, in {frame.name}: {frame.line}")
    return "\n".join(lines)[-4000:]


def allow(kernel: Any, *, stdin: bool) -> None:
    """Let a kernel ask by ``input``, or not."""
    kernel._allow_stdin = stdin  # noqa: SLF001  (Jupyter has no other name for it)


def speak(request: str, namespace: dict[str, Any]) -> None:
    """Answer one request after another, until there is none; in the student's kernel only.

    Jupyter's way to ask somebody for ``input`` carries them, since it comes back to the same cell.
    """
    from IPython import get_ipython

    kernel = get_ipython().kernel
    while request:
        allow(kernel, stdin=False)  # what the student's code asks for is nobody's to answer
        said = json.dumps(answer(json.loads(request), namespace))
        if len(said) > LARGEST:
            said = json.dumps({"raised": "ValueError", "says": "the result is too large"})
        allow(kernel, stdin=True)
        request = kernel.raw_input(said)
