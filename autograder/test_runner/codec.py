"""The JSON encoding of values that travel between a test and the student's kernel.

Both sides use this file: the test runner imports it, and its text is sent into the student's
kernel. So it needs the standard library only, and NumPy once an array is at hand. Everything but
plain data stays in the kernel and is referred to by a number. See ``docs/wire-format.md``.

An instance of a subclass is sent as the type that it extends, read by that type's own methods. If
its class adds methods or attributes, it stays in the kernel, and the reference names that type.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
import re
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import ItemsView, KeysView, ValuesView
from decimal import Decimal
from fractions import Fraction
from numbers import Complex, Integral, Real
from typing import Any

MAX_MESSAGE_CHARS = 48_000_000  # 10,000 images of 28 x 28 float32 pixels take 42 million
MAX_DEPTH = 40
_MAX_ARRAY_BYTES = MAX_MESSAGE_CHARS * 3 // 4  # base64 makes four characters of three bytes
_MAX_NUMBER_CHARS = 4000
_MAX_DIMENSIONS = 32
# NumPy itself would parse far more.
_DTYPES = re.compile(r"[<>|=](?:[biufcSU]\d{1,9}|[mM]8(?:\[(?:[YMWDhms]|[mun]s)\])?)")
# With one of these, a class changes what a test reads from its instances.
_READ_HOOKS = {"__call__", "__getattr__", "__getattribute__", "__getitem__", "__missing__"}


class ValueTooLargeError(ValueError):
    """A value is too large or too deeply nested to be sent."""


class NotPlainError(TypeError):
    """A value isn't plain data."""


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
        NotPlainError: It isn't plain data, and there is no ``register``.
    """
    if depth > MAX_DEPTH:
        raise ValueTooLargeError(f"a value is nested more than {MAX_DEPTH} levels deep")
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    base = kind
    if kind not in _ENCODERS:
        array = _encode_array(value)
        if array is not None:
            return array
        base = base_type(kind)
    if base is not None and not (register and base is not kind and _adds_names(value, base)):
        try:
            return _ENCODERS[base](value, register, depth)
        except NotPlainError:  # a key or a member of a set
            if register is None:
                raise
    if register is None:
        raise NotPlainError(
            f"can't send an object of type {kind.__name__}; use numbers, strings, lists or arrays"
        )
    reference = {"object": register(value), "type": kind.__name__, "callable": callable(value)}
    return reference if base in (None, kind) else reference | {"base": base.__name__}


def encode_data(value: Any, register: Any) -> Any:
    """Encode an instance of a subclass as the type that it extends, whatever its class adds."""
    return _ENCODERS[base_type(type(value))](value, register, 0)


def base_type(kind: type) -> Any:
    """Return the type of plain data that a class is or extends, or None.

    Example:
        >>> from enum import IntEnum
        >>> base_type(IntEnum)
        <class 'int'>
    """
    return next((base for base in _ENCODERS if issubclass(kind, base)), None)


def _adds_names(value: Any, base: type) -> bool:
    """Return whether a test may ask for more than the base type has."""
    mro = type(value).__mro__
    if base not in mro:  # an abstract number or view
        return False
    names = {name for kind in mro[: mro.index(base)] for name in vars(kind)}
    if not names & _READ_HOOKS:
        names |= set(getattr(value, "__dict__", ()))
    return any(name in _READ_HOOKS or not name.startswith("_") for name in names)


def _encode_int(value: int) -> Any:
    number = int.__pos__(value)
    return number if abs(number) < 2**53 else {"int": str(number)}


def _encode_float(value: float) -> Any:
    number = float.__pos__(value)
    return number if math.isfinite(number) else {"float": repr(number)}


def _encode_items(values: Any, register: Any, depth: int) -> list[Any]:
    return [encode(item, register, depth + 1) for item in values]


def _encode_dict(value: Any, register: Any, depth: int) -> Any:
    pairs = [
        [encode(key, None, depth + 1), encode(item, register, depth + 1)]
        for key, item in dict.items(value)
    ]
    body: dict[str, Any] = {"dict": pairs}
    if isinstance(value, defaultdict) and register is not None:
        body["default"] = encode(value.default_factory, register, depth + 1)
    elif isinstance(value, (Counter, OrderedDict)):
        body["kind"] = "Counter" if isinstance(value, Counter) else "OrderedDict"
    return body


# From special to general. Each takes the value, ``register`` and the depth.
_ENCODERS: dict[Any, Any] = {
    int: lambda v, _r, _d: _encode_int(v),
    float: lambda v, _r, _d: _encode_float(v),
    complex: lambda v, _r, _d: {"complex": [_encode_float(v.real), _encode_float(v.imag)]},
    str: lambda v, _r, _d: str.__str__(v),
    **dict.fromkeys(
        (bytes, bytearray, memoryview),
        lambda v, _r, _d: {"bytes": base64.b64encode(v).decode()},
    ),
    list: lambda v, r, d: {"list": _encode_items(list.__iter__(v), r, d)},
    tuple: lambda v, r, d: {"tuple": _encode_items(tuple.__iter__(v), r, d)},
    **dict.fromkeys((OrderedDict, Counter, defaultdict, dict), _encode_dict),
    set: lambda v, _r, d: {"set": _encode_items(set.__iter__(v), None, d)},
    frozenset: lambda v, _r, d: {"frozenset": _encode_items(frozenset.__iter__(v), None, d)},
    range: lambda v, _r, _d: {"range": [_encode_int(n) for n in (v.start, v.stop, v.step)]},
    deque: lambda v, r, d: {
        "deque": _encode_items(deque.__iter__(v), r, d),
        "maxlen": v.maxlen,
    },
    Fraction: lambda v, _r, _d: {
        "fraction": [_encode_int(v.numerator), _encode_int(v.denominator)]
    },
    Decimal: lambda v, _r, _d: {"decimal": Decimal.__str__(v)},
    dt.datetime: lambda v, _r, _d: {"datetime": dt.datetime.isoformat(v)},
    dt.date: lambda v, _r, _d: {"date": dt.date.isoformat(v)},
    dt.timedelta: lambda v, _r, _d: {"timedelta": [v.days, v.seconds, v.microseconds]},
    KeysView: lambda v, _r, d: {"keys": _encode_items(v, None, d)},
    ValuesView: lambda v, r, d: {"values": _encode_items(v, r, d)},
    ItemsView: lambda v, r, d: {"items": _encode_dict(dict(v), r, d)["dict"]},
    Integral: lambda v, _r, _d: _encode_int(int(v)),
    Real: lambda v, _r, _d: _encode_float(float(v)),
    Complex: lambda v, _r, _d: encode(complex(v)),
}

BASE_TYPES = {base.__name__: base for base in _ENCODERS}  # by the names in references


def _encode_array(value: Any) -> Any:
    """Encode a NumPy array, NumPy number or tensor; return None for anything else."""
    numpy = sys.modules.get("numpy")
    if not hasattr(numpy, "ndarray") or numpy is None:  # not imported, or a file of this name
        return None
    is_scalar = isinstance(value, numpy.generic)
    if is_scalar or isinstance(value, numpy.ndarray):
        array = numpy.asarray(value)
    elif type(value).__module__.startswith(("tensorflow", "keras")) and hasattr(value, "numpy"):
        array = numpy.asarray(value.numpy())
    else:
        return None
    if array.dtype.kind == "O":
        items = array.ravel().tolist()
        if all(type(item) in _NUMBERS for item in items):
            array = numpy.array(list(map(simplify, items))).reshape(array.shape)
    if array.dtype.kind not in "biufcSUmM":
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
        "scalar": is_scalar,
    }


_NUMBERS = (bool, int, float, complex, Fraction, Decimal)


def simplify(number: Any) -> Any:
    """Return a Fraction or Decimal as the int or float that works in any formula.

    Example:
        >>> simplify(Fraction(6, 3)), simplify(Decimal("0.5"))
        (2, 0.5)
    """
    if isinstance(number, Fraction):
        return number.numerator if number.denominator == 1 else float(number)
    if not isinstance(number, Decimal):
        return number
    value = float(number)
    return int(number) if math.isfinite(value) and number == int(value) else value


def decode(data: Any, resolve: Any = None, exact: Any = None, depth: int = 0) -> Any:
    """Turn encoded JSON from an untrusted sender back into a value.

    Example:
        >>> decode({"tuple": [1, 2.5, None]})
        (1, 2.5, None)

    Args:
        data: What ``encode`` returned.
        resolve: Called as ``resolve(number, type_name, is_callable, base_name)`` for each object
            that isn't plain data; returns what stands for it.
        exact: Called with each Fraction and Decimal; returns what stands for it.
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
    if tag == "object" and resolve is not None and isinstance(body, int):
        kind, base = str(data.get("type", "object"))[:80], str(data.get("base", ""))[:80]
        return resolve(body, kind, bool(data.get("callable")), base)
    body_type, decoder = _DECODERS.get(tag, (None, None))
    if body_type is None or not isinstance(body, body_type):
        raise ValueError(f"unknown tag {str(tag)[:40]!r}")
    value = decoder(
        body,
        data,
        lambda item: decode(item, resolve, exact, depth + 1),
        lambda key: decode(key, None, exact, depth + 1),
    )
    return exact(value) if exact and isinstance(value, (Fraction, Decimal)) else value


def _decode_number(kind: Any) -> Any:
    def read(text: str, *_: Any) -> Any:
        if len(text) > _MAX_NUMBER_CHARS:
            raise ValueError("a number with too many digits")
        return kind(text)

    return read


def _decode_float(text: str, *_: Any) -> float:
    if text not in ("nan", "inf", "-inf"):
        raise ValueError("a float that isn't written as a number")
    return float(text)


def _decode_dict(body: list[Any], data: dict[str, Any], part: Any, key: Any) -> Any:
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in body):
        raise ValueError("a dict without pairs")
    values = {key(name): part(item) for name, item in body}
    if "default" in data:
        return defaultdict(part(data["default"]), values)
    return {"Counter": Counter, "OrderedDict": OrderedDict}.get(str(data.get("kind")), dict)(values)


def _decode_array(body: str, data: dict[str, Any], *_: Any) -> Any:
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


# By tag: the type of the body in JSON, and what is called with the body, everything beside it,
# and a decoder each for items and for what has to be hashable.
_DECODERS: dict[Any, Any] = {
    "int": (str, _decode_number(int)),
    "float": (str, _decode_float),
    "decimal": (str, _decode_number(Decimal)),
    "complex": (list, lambda b, _d, p, _k: complex(*(float(p(item)) for item in b))),
    "fraction": (list, lambda b, _d, p, _k: Fraction(p(b[0]), p(b[1]))),
    "range": (list, lambda b, _d, p, _k: range(*map(p, b))),
    "bytes": (str, lambda b, *_: base64.b64decode(b, validate=True)),
    "array": (str, _decode_array),
    "date": (str, lambda b, *_: dt.date.fromisoformat(b)),
    "datetime": (str, lambda b, *_: dt.datetime.fromisoformat(b)),
    "timedelta": (list, lambda b, _d, p, _k: dt.timedelta(*map(p, b))),
    "list": (list, lambda b, _d, p, _k: list(map(p, b))),
    "tuple": (list, lambda b, _d, p, _k: tuple(map(p, b))),
    "set": (list, lambda b, _d, _p, k: set(map(k, b))),
    "frozenset": (list, lambda b, _d, _p, k: frozenset(map(k, b))),
    "deque": (list, lambda b, d, p, _k: deque(map(p, b), p(d.get("maxlen")))),
    "dict": (list, _decode_dict),
    "keys": (list, lambda b, _d, _p, k: dict.fromkeys(map(k, b)).keys()),
    "values": (list, lambda b, _d, p, _k: dict(enumerate(map(p, b))).values()),
    "items": (list, lambda b, d, p, k: _decode_dict(b, d, p, k).items()),
}
