"""Results as workers bring them: believed only where they can be true.

A result is the text of a JSON object; see `task.work`. Whoever runs students' code could be made to
send something else, and a number that is none would spoil the gradebook for all.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import nbformat

from autograder import cells

LARGEST: Final = 256 << 20  # letters; a lesson's notebook with all its figures has some 2 million

Frames = Mapping[str, Mapping[str, float]]  # by notebook, by graded cell: the most it can earn


def frames(source: Path) -> Frames:
    """Return what there is to earn in an assignment.

    Args:
        source: The instructor's folder of it.
    """
    return {path.stem: _maxima(path, path.stat().st_mtime_ns) for path in source.glob("*.ipynb")}


def read(text: object, expected: Frames) -> dict[str, Any]:
    """Return a result from its text.

    Example:
        >>> read("{}", {})
        Traceback (most recent call last):
        ...
        ValueError: A worker sent no result: 'notebooks' is missing.

    Args:
        text: What a worker sent.
        expected: What there is to earn.

    Raises:
        ValueError: It is not text, too long, no result, or the result of something else.
    """
    if not isinstance(text, str):
        _refuse(f"it is {type(text).__name__}")
    if len(text) > LARGEST:
        _refuse(f"it has {len(text):,} letters, more than {LARGEST:,}")
    try:
        data = json.loads(text, parse_constant=lambda word: _refuse(f"{word} is no number"))
    except RecursionError:
        _refuse("it is nested too deeply")
    check(data, expected)
    found: dict[str, Any] = data
    return found


def check(data: object, expected: Frames) -> None:
    """Make sure that this is the result of a worker, as plain data.

    Args:
        data: The result.
        expected: What there is to earn.

    Raises:
        ValueError: It is something else.
    """
    result = _object(data, "it")
    for name in ("notebooks", "seconds", "kernel", "worker", "warm"):
        if name not in result:
            _refuse(f"{name!r} is missing")
    for name in ("seconds", "kernel", "worker", "warm"):
        _number(result[name], name, math.inf)
    notebooks = _object(result["notebooks"], "'notebooks'")
    if notebooks.keys() != expected.keys():
        differing = ", ".join(sorted(notebooks.keys() ^ expected.keys()))
        _refuse(f"it and source/ differ in notebooks: {differing}")
    for name, notebook in notebooks.items():
        _check(_object(notebook, name), name, expected[name])


def _check(found: dict[str, Any], notebook: str, maxima: Mapping[str, float]) -> None:
    """Make sure that this is a graded notebook, and this one."""
    if not isinstance(found.get("notebook"), str):
        _refuse(f"{notebook} is no text")
    for told in ("told", "faults"):
        words = _object(found.get(told), f"{notebook}: {told!r}")
        if not all(isinstance(text, str) for text in words.values()):
            _refuse(f"{notebook}: {told!r} holds more than text")
    verdicts = found.get("verdicts")
    if not isinstance(verdicts, list):
        _refuse(f"{notebook}: 'verdicts' is no list")
    each = [_object(verdict, f"a verdict on {notebook}") for verdict in verdicts]
    names = [verdict.get("name") for verdict in each]
    if sorted(map(repr, names)) != sorted(map(repr, maxima)):
        _refuse(f"{notebook}: it judges {names}, and source/ asks for {list(maxima)}")
    for verdict in each:
        _verdict(verdict, maxima[verdict["name"]])


def _verdict(verdict: dict[str, Any], maximum: float) -> None:
    name, points, chosen = verdict["name"], verdict.get("points"), verdict.get("chosen")
    if verdict.keys() != {"name", "points", "maximum", "reason", "chosen"}:
        _refuse(f"{name}: a verdict holds {sorted(verdict)}")
    if _number(verdict["maximum"], f"{name}: the maximum", math.inf) != maximum:
        _refuse(f"{name}: the maximum is {verdict['maximum']}, and {maximum} in source/")
    if points is not None:
        _number(points, f"{name}: the points", maximum)
    if not isinstance(verdict["reason"], str):
        _refuse(f"{name}: the reason is no text")
    if not isinstance(chosen, list) or any(type(one) is not int or one < 0 for one in chosen):
        _refuse(f"{name}: {chosen!r:.80} are no options")


def _number(value: object, name: str, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(f"{name}: {value!r:.80} is no number")
    try:
        number = float(value)
    except OverflowError:
        _refuse(f"{name}: the number is too large")
    if not 0 <= number <= most or math.isinf(number):
        _refuse(f"{name}: {value!r:.80} is not from 0 to {most:g}")
    return number


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse(f"{name} is no object")
    return value


def _refuse(reason: str) -> NoReturn:
    raise ValueError(f"A worker sent no result: {reason}.")


@functools.lru_cache(maxsize=64)
def _maxima(path: Path, _: int) -> dict[str, float]:
    nb = nbformat.read(path, as_version=4)
    return {name: float(cells.max_points(cell)) for name, cell in cells.graded_cells(nb).items()}
