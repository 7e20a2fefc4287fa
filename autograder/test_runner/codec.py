"""The JSON encoding of values that travel between a test and the student's kernel.

Both sides use this file: the test runner imports it, and its text is sent into the student's
kernel. So it needs the standard library only, and NumPy once an array is at hand. Everything but
plain data stays in the kernel and is referred to by a number. See ``docs/wire-format.md``.
"""

from __future__ import annotations

import base64
import math
import re
import sys
from typing import Any

MAX_MESSAGE_CHARS = 48_000_000  # 10,000 images of 28 x 28 float32 pixels take 42 million
MAX_DEPTH = 40
_MAX_ARRAY_BYTES = MAX_MESSAGE_CHARS * 3 // 4  # base64 makes four characters of three bytes
_MAX_INT_CHARS = 4000
_MAX_DIMENSIONS = 32
_DTYPES = re.compile(r"[<>|=][biufcU]\d{1,9}")  # NumPy itself would parse far more


class ValueTooLargeError(ValueError):
    """A value is too large or too deeply nested to be sent."""


def encode(value: Any, register: Any = None, depth: int = 0) -> Any:
    """Turn a value into what JSON can hold.

    Example:
        >>> encode((1, 2.5, None))
        {'tuple': [1, 2.5, None]}

    Args:
        value: Anything.
        register: Called with each object that isn't plain data; returns a number for it.
        depth: How many containers the value lies in.

    Raises:
        ValueTooLargeError: It is too large or too deeply nested.
        TypeError: It isn't plain data, and there is no ``register``.
    """
    if depth > MAX_DEPTH:
        raise ValueTooLargeError(f"a value is nested more than {MAX_DEPTH} levels deep")
    kind = type(value)  # exactly: a subclass may override anything
    if value is None or kind is bool or kind is str:
        return value
    if kind in _ENCODERS:
        return _ENCODERS[kind](value, register, depth)
    array = _encode_array(value)
    if array is not None:
        return array
    if register is None:
        raise TypeError(
            f"can't send an object of type {kind.__name__}; use numbers, strings, lists or arrays"
        )
    return {"object": register(value), "type": kind.__name__, "callable": callable(value)}


def _encode_items(values: Any, register: Any, depth: int) -> list[Any]:
    return [encode(item, register, depth + 1) for item in values]


def _encode_float(value: float) -> Any:
    return value if math.isfinite(value) else {"float": repr(value)}


_ENCODERS: dict[type, Any] = {
    int: lambda v, _r, _d: v if abs(v) < 2**53 else {"int": str(v)},
    float: lambda v, _r, _d: _encode_float(v),
    complex: lambda v, _r, _d: {"complex": [_encode_float(v.real), _encode_float(v.imag)]},
    bytes: lambda v, _r, _d: {"bytes": base64.b64encode(v).decode()},
    list: lambda v, r, d: {"list": _encode_items(v, r, d)},
    tuple: lambda v, r, d: {"tuple": _encode_items(v, r, d)},
    dict: lambda v, r, d: {
        "dict": [[encode(key, None, d + 1), encode(item, r, d + 1)] for key, item in v.items()]
    },
}


def _encode_array(value: Any) -> Any:
    """Encode a NumPy array, NumPy number or tensor; return None for anything else."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(value, numpy.generic):
        array = numpy.asarray(value)
    elif type(value) is numpy.ndarray:
        array = value
    elif type(value).__module__.startswith(("tensorflow", "keras")) and hasattr(value, "numpy"):
        array = numpy.asarray(value.numpy())
    else:
        return None
    if array.dtype.kind not in "biufcU":
        return None
    if array.nbytes > _MAX_ARRAY_BYTES:
        raise ValueTooLargeError(
            f"an array of {array.nbytes:,} bytes is too large to send; "
            f"the limit is {_MAX_ARRAY_BYTES:,}"
        )
    return {
        "array": base64.b64encode(numpy.ascontiguousarray(array).tobytes()).decode(),
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "scalar": isinstance(value, numpy.generic),
    }


def decode(data: Any, resolve: Any = None, depth: int = 0) -> Any:
    """Turn encoded JSON from an untrusted sender back into a value.

    Example:
        >>> decode({"tuple": [1, 2.5, None]})
        (1, 2.5, None)

    Args:
        data: What ``encode`` returned.
        resolve: Called as ``resolve(number, type_name, is_callable)`` for each object that
            isn't plain data; returns what stands for it.
        depth: How many containers the data lies in.

    Raises:
        ValueError: ``encode`` never returns such JSON. Other built-in errors are possible.
    """
    if depth > MAX_DEPTH + 5:
        raise ValueError("nested too deeply")
    if data is None or isinstance(data, (bool, int, float, str)):
        return data
    if not isinstance(data, dict) or not data:
        raise ValueError("a value without a tag")
    tag, body = next(iter(data.items()))
    if tag in ("list", "tuple") and isinstance(body, list):
        items = [decode(item, resolve, depth + 1) for item in body]
        return items if tag == "list" else tuple(items)
    if tag == "dict" and isinstance(body, list):
        return dict(_decode_pair(pair, resolve, depth + 1) for pair in body)
    if tag == "object" and resolve is not None and isinstance(body, int):
        return resolve(body, str(data.get("type", "object"))[:80], bool(data.get("callable")))
    if tag == "array" and isinstance(body, str):
        return _decode_array(body, data)
    return _decode_scalar(tag, body)


def _decode_pair(pair: Any, resolve: Any, depth: int) -> tuple[Any, Any]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise ValueError("a dict without pairs")
    key = decode(pair[0], None, depth)
    if type(key).__hash__ is None:
        raise ValueError("a dict with an unhashable key")
    return key, decode(pair[1], resolve, depth)


def _decode_scalar(tag: str, body: Any) -> Any:
    if tag == "float" and body in ("nan", "inf", "-inf"):
        return float(body)
    if tag == "int" and isinstance(body, str) and len(body) <= _MAX_INT_CHARS:
        return int(body)
    if tag == "complex" and isinstance(body, list) and len(body) == 2:
        return complex(*(float(decode(part)) for part in body))
    if tag == "bytes" and isinstance(body, str):
        return base64.b64decode(body, validate=True)
    raise ValueError(f"unknown tag {str(tag)[:40]!r}")


def _decode_array(body: str, data: dict[str, Any]) -> Any:
    import numpy as np

    dtype, shape = data.get("dtype"), data.get("shape")
    if not isinstance(dtype, str) or _DTYPES.fullmatch(dtype) is None:
        raise ValueError("an array of an unsupported dtype")
    if not isinstance(shape, list) or len(shape) > _MAX_DIMENSIONS:
        raise ValueError("an array without a valid shape")
    if not all(isinstance(side, int) and 0 <= side <= 2**40 for side in shape):
        raise ValueError("an array whose shape isn't made of sizes")
    array = np.frombuffer(base64.b64decode(body, validate=True), dtype=np.dtype(dtype))
    array = array.reshape(shape).copy()
    return array[()] if data.get("scalar") and not shape else array
