"""Parse a student's JSON within limits on the number of values and on nesting."""

from __future__ import annotations

import itertools
import json
import re
import sys
from typing import Any, Final

MAX_VALUES: Final = 4_000_000  # lists, objects and their entries; each takes up to 100 bytes
_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_STEPS: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


class TooLargeError(ValueError):
    """The text has more values or levels than can be read, and how many."""


def loads(text: str) -> tuple[Any, tuple[str, ...]]:
    """Parse a text; return also sentences about what was ignored.

    Example:
        >>> loads("[" * 100_000)
        Traceback (most recent call last):
        ...
        TooLargeError: 100,000 levels of nesting, of which about 1,000 can be read

    Raises:
        TooLargeError: It would take too much memory, or is nested too deeply.
        json.JSONDecodeError: It is not JSON.
    """
    # Two characters can take eighty bytes once they are parsed (``[],[],[],``).
    if _count(text) > MAX_VALUES and (values := _count(_STRING.sub("", text))) > MAX_VALUES:
        raise TooLargeError(f"{values:,} values, more than {MAX_VALUES:,}")
    try:
        return json.loads(text), ()
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer that Python refuses to convert; nothing depends on it
        digits = sys.get_int_max_str_digits()
        note = f"A number with more than {digits:,} digits was ignored."
        return json.loads(text, parse_int=float), (note,)
    except RecursionError:
        limit = sys.getrecursionlimit()
        raise TooLargeError(
            f"{_depth(text):,} levels of nesting, of which about {limit:,} can be read"
        ) from None


def _count(text: str) -> int:
    return sum(map(text.count, ",[{"))


def _depth(text: str) -> int:
    return max(itertools.accumulate(_STEPS.get(char, 0) for char in _STRING.sub("", text)))
