r"""Match a text with a regular expression in linear time, whatever the pattern and the text.

Python's own engine backtracks: ``(a+)+b`` takes longer than the universe lasts for fifty letters a.
This one follows all paths at once (Thompson 1968, "Regular expression search algorithm",
CACM 11), so the time is at most the product of both lengths. It reads letters, ``.``, classes such
as ``[a-z]`` and ``\d``, groups with ``|``, and ``?``, ``*``, ``+`` and ``{m,n}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

MAX_PATTERN_CHARS: Final = 200
MAX_REPEATS: Final = 20
MAX_STATES: Final = 2_000

_ATOM: Final = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]|\\.|[^\\()|?*+{}\[\]^$]")
_REPEAT: Final = re.compile(r"[?*+]|\{(\d{1,2})(?:(,)(\d{0,2}))?\}")
_SET_OPERATION: Final = re.compile(r"\[.*(?:--|&&|\|\||~~)")  # reserved by Python
_ESCAPED: Final = re.compile(r"\\[dDwWsS]|\\[^A-Za-z0-9]")

_Fragment = tuple[int, int]  # the first and the last state


class SafePattern:
    r"""A compiled pattern.

    Example:
        >>> pattern = SafePattern(r"(sigmoid|logistic)( function)?")
        >>> [pattern.fullmatch(text) for text in ("logistic function", "logistics")]
        [True, False]
        >>> SafePattern("(a+)+b").fullmatch("a" * 300)
        False

    Raises:
        ValueError: The pattern is too long, or uses what isn't supported.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_PATTERN_CHARS:
            raise ValueError(f"a pattern has at most {MAX_PATTERN_CHARS} characters: /{pattern}/")
        self._pattern, self._position = pattern, 0
        self._free: list[list[int]] = []  # steps from each state that read no character
        self._steps: list[tuple[re.Pattern[str], int] | None] = []
        start, self._end = self._alternatives()
        if self._position < len(pattern):
            raise self._error("a ')' too many")
        self._start = self._closure({start})

    def fullmatch(self, text: str) -> bool:
        """Return whether the whole text matches."""
        states = self._start
        for char in text:
            targets = {
                step[1] for state in states if (step := self._steps[state]) and step[0].match(char)
            }
            states = self._closure(targets)
            if not states:
                return False
        return self._end in states

    def _closure(self, states: set[int]) -> set[int]:
        waiting, reached = list(states), set(states)
        while waiting:
            for target in self._free[waiting.pop()]:
                if target not in reached:
                    reached.add(target)
                    waiting.append(target)
        return reached

    def _state(self) -> int:
        if len(self._steps) >= MAX_STATES:
            raise self._error("too many repetitions")
        self._free.append([])
        self._steps.append(None)
        return len(self._steps) - 1

    def _error(self, problem: str) -> ValueError:
        return ValueError(f"/{self._pattern}/ can't be used: {problem}")

    def _next(self, chars: str) -> bool:
        is_next = self._pattern[self._position : self._position + 1] in set(chars)
        self._position += is_next
        return is_next

    def _alternatives(self) -> _Fragment:
        start, end = self._state(), self._state()
        while True:
            first, last = self._sequence()
            self._free[start].append(first)
            self._free[last].append(end)
            if not self._next("|"):
                return start, end

    def _sequence(self) -> _Fragment:
        start = end = self._state()
        while self._position < len(self._pattern) and self._pattern[self._position] not in "|)":
            first, last = self._repeated()
            self._free[end].append(first)
            end = last
        return start, end

    def _repeated(self) -> _Fragment:
        begin = self._position
        read: Callable[[], _Fragment] = self._group if self._next("(") else self._atom
        fragment = read()
        repeat = _REPEAT.match(self._pattern, self._position)
        if repeat is None:
            return fragment
        after = repeat.end()
        least, most = _bounds(repeat)
        if most == 0 or max(least, most or 0) > MAX_REPEATS:
            raise self._error(f"repeat from 1 to {MAX_REPEATS} times")
        start = end = self._state()
        for count in range(max(least, most or 0, 1)):
            self._position = begin + (self._pattern[begin] == "(")
            first, last = read()
            self._free[end].append(first)
            is_optional = count >= least
            target = self._state()
            self._free[last].append(target)
            if is_optional:
                self._free[end].append(target)
            if most is None and count == max(least, 1) - 1:
                self._free[last].append(first)
            end = target
        self._position = after
        return start, end

    def _group(self) -> _Fragment:
        if self._next("?"):
            raise self._error("groups such as (?:…) aren't supported; write (…)")
        fragment = self._alternatives()
        if not self._next(")"):
            raise self._error("a ')' is missing")
        return fragment

    def _atom(self) -> _Fragment:
        match = _ATOM.match(self._pattern, self._position)
        if match is None:
            raise self._error(
                f"{self._pattern[self._position]!r} isn't supported; escape it with \\"
            )
        text = match[0]
        if text[0] == "\\" and not _ESCAPED.fullmatch(text):
            raise self._error(f"{text} isn't supported")
        if _SET_OPERATION.search(text):
            raise self._error(f"{text} isn't supported")
        try:
            char = re.compile(text, re.DOTALL | re.IGNORECASE)
        except re.error as error:
            raise self._error(str(error)) from error
        self._position = match.end()
        start, end = self._state(), self._state()
        self._steps[start] = (char, end)
        return start, end


def _bounds(repeat: re.Match[str]) -> tuple[int, int | None]:
    """Return how often at least and at most; None without an upper bound."""
    if repeat[1] is None:
        return {"?": (0, 1), "*": (0, None), "+": (1, None)}[repeat[0]]
    least = int(repeat[1])
    if repeat[2] is None:
        return least, least
    return least, int(repeat[3]) if repeat[3] else None
