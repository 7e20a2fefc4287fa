"""What stands in a test for an object that stays in the student's kernel."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Generator
from typing import Any, Final

from autograder.test_runner import codec

MAX_LENGTH: Final = 10**9  # of a remote object

Evaluate = Callable[[dict[str, Any]], Any]  # a request to the kernel; returns the decoded response


class StudentError(Exception):
    """An error raised by the student's code, with the name it had there."""

    def __init__(self, name: str, message: str, remote_traceback: str = "") -> None:
        super().__init__(message)
        self.name, self.remote_traceback = name, remote_traceback


class RemoteObject:
    """An object in the student's kernel that isn't plain data: a function, a model.

    Each has a class of its own with the name of the student's class, so that Python's messages name
    that one.
    """

    __slots__ = ("_callable", "_evaluate_request", "_number")

    def __init__(self, evaluate: Evaluate, number: int, is_callable: bool) -> None:
        self._evaluate_request, self._number, self._callable = evaluate, number, is_callable

    def _evaluate(self, request: str, **arguments: Any) -> Any:
        return self._evaluate_request({"request": request, "object": self._number, **arguments})

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it in the student's kernel, with plain data and remote objects."""
        if not self._callable:
            raise TypeError(f"'{type(self).__name__}' object is not callable")
        return self._evaluate(
            "call",
            arguments=[encode(argument) for argument in arguments],
            keywords={key: encode(argument) for key, argument in keywords.items()},
        )

    def __getattr__(self, name: str) -> Any:
        """Return an attribute."""
        if name.startswith("__") and name not in {"__name__", "__doc__"}:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return self._evaluate("attribute", name=name)

    def __getitem__(self, key: Any) -> Any:
        """Return an item."""
        return self._evaluate("item", key=encode(key))

    def __len__(self) -> int:
        """Return the length."""
        length = self._evaluate("length")
        if not isinstance(length, int) or not 0 <= length < MAX_LENGTH:
            raise StudentError("TypeError", "the object's length isn't a number")
        return length

    def __iter__(self) -> Any:
        """Return a remote iterator, which takes one request for each item."""
        return self._evaluate("iterator")

    def __next__(self) -> Any:
        """Return the next item of an iterator."""
        item = self._evaluate("next")
        if not item:
            raise StopIteration
        return item[0]

    def __await__(self) -> Generator[None, None, Any]:
        """Return what a coroutine of the student's returns; it runs to its end at once."""
        yield from ()
        return self._evaluate("await")

    def __eq__(self, other: object) -> bool:
        """Refuse to compare: the student's ``__eq__`` could claim anything."""
        raise TypeError(f"compare plain data, not the student's '{type(self).__name__}' object")

    __hash__ = None  # type: ignore[assignment]  # without equality there are no keys

    def __bool__(self) -> bool:
        """Refuse to be true or false, for the same reason."""
        raise TypeError(f"the student's '{type(self).__name__}' object is neither true nor false")

    def __repr__(self) -> str:
        """Return the type's name."""
        return f"<the student's {type(self).__name__}>"


class RemoteValue(RemoteObject):
    """An instance of a student's subclass of a type of plain data, such as ``class Stack(list)``.

    Operators and conversions use the plain data that it holds at that moment; calls, attributes
    and items go to the student's class.
    """

    __slots__ = ("_base",)
    __class__ = property(operator.attrgetter("_base"))  # for isinstance

    def __init__(self, evaluate: Evaluate, number: int, is_callable: bool, base: type) -> None:
        RemoteObject.__init__(self, evaluate, number, is_callable)
        self._base = base

    def _data(self) -> Any:
        data = self._evaluate("data")
        if isinstance(data, RemoteObject):  # operators would ask for its data, and so on
            raise StudentError("TypeError", "the object's data can't be read")
        return data

    def __array__(self, *arguments: Any, **keywords: Any) -> Any:
        """Return NumPy's array of the data."""
        import numpy as np

        return np.array(self._data(), *arguments[:1])


def _on_data(function: Callable[..., Any], *, reflected: bool = False) -> Callable[..., Any]:
    def method(self: RemoteValue, *arguments: Any) -> Any:
        values = [_plain(value) for value in (self, *arguments)]
        return function(*(reversed(values) if reflected else values))

    return method


def _plain(value: Any) -> Any:
    return value._data() if isinstance(value, RemoteValue) else value  # noqa: SLF001  (same module)


_COMPARISONS: Final = ("lt", "le", "eq", "ne", "gt", "ge", "contains")
_BINARY: Final = ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "and", "or")
_MORE_BINARY: Final = ("xor", "lshift", "rshift")
_UNARY: Final = ("neg", "pos", "invert", "index")
_BUILTINS: Final = (abs, bool, complex, divmod, float, format, hash, int, iter, len, repr, reversed)
_MORE_BUILTINS: Final = (round, str, math.ceil, math.floor, math.trunc)
for _name in (*_COMPARISONS, *_BINARY, *_MORE_BINARY, *_UNARY):
    setattr(RemoteValue, f"__{_name}__", _on_data(getattr(operator, f"__{_name}__")))
for _name in (*_BINARY, *_MORE_BINARY):
    _reflected = _on_data(getattr(operator, f"__{_name}__"), reflected=True)
    setattr(RemoteValue, f"__r{_name}__", _reflected)
for _function in (*_BUILTINS, *_MORE_BUILTINS):
    setattr(RemoteValue, f"__{_function.__name__}__", _on_data(_function))


@functools.lru_cache(maxsize=256)
def _named(kind: type[RemoteObject], name: str) -> Any:
    """Return a subclass with the name of the student's class."""
    body = {"__slots__": (), "__module__": "__main__"}  # both are shown in messages
    return type(name if name.isidentifier() else "object", (kind,), body)


def stand_in(
    evaluate: Evaluate, number: int, type_name: str, is_callable: bool, base_name: str
) -> RemoteObject:
    """Return what stands for an object in the student's kernel."""
    base = codec.BASE_TYPES.get(base_name)
    if base is None:
        remote: RemoteObject = _named(RemoteObject, type_name)(evaluate, number, is_callable)
    else:
        remote = _named(RemoteValue, type_name)(evaluate, number, is_callable, base)
    return remote


def encode(value: Any) -> Any:
    """Encode plain data and remote objects for the kernel."""
    return codec.encode(value, _reference)


def _reference(value: Any) -> int:
    if isinstance(value, RemoteObject):
        return value._number  # noqa: SLF001  (same module)
    raise TypeError(
        f"can't send an object of type {type(value).__name__}; use numbers, strings, lists or"
        " arrays"
    )
