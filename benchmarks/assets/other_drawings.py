"""Drawings of things other than digits, to fit the detector of the digit page with.

Example:
    >>> import numpy as np
    >>> len(draw("arrow", np.random.default_rng(0)))
    2

The sixteen kinds in ``benchmarks.not_digits`` measure the detector, so none of them is here. Nor is
anything that can be taken for a digit, such as B, S or a circle. Lines are points (x, y), y down,
about 10 units large.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.random import Generator

from course.arrays import Float64Array

Lines = list[Float64Array]

# Each line is a chain of points "x,y"; lines are separated by "/".
_CHAINS: Final = {
    "F": "8,0 0,0 0,10/0,5 6,5",
    "L with a foot": "1,0 1,10 8,10 8,8",
    "N": "0,10 0,0 8,10 8,0",
    "P": "0,10 0,0 6,0 8,2 8,4 6,5 0,5",
    "T": "0,0 8,0/4,0 4,10",
    "U": "0,0 0,7 1,9 3,10 5,10 7,9 8,7 8,0",
    "V": "0,0 4,10 8,0",
    "n": "0,0 0,10/0,4 2,1 5,0 8,2 8,10",
    "r": "0,0 0,10/0,4 2,1 5,0 8,1",
    "t": "4,0 4,8 6,10 8,9/1,3 7,3",
    "h": "0,0 0,10/0,6 3,4 6,5 7,7 7,10",
    "d": "8,0 8,10/8,6 5,4 2,5 0,7 2,10 5,10 8,8",
    "e": "0,5 8,5 7,2 4,0 1,2 0,5 1,8 4,10 8,9",
    "f": "8,1 6,0 4,2 4,10/1,4 7,4",
    "Gamma": "8,1 8,0 0,0 0,10",
    "Lambda": "0,10 4,0 8,10",
    "pi": "0,1 9,0/2,1 2,10/7,1 7,9 8,10",
    "Sigma": "8,1 8,0 0,0 5,5 0,10 8,10 8,9",
    "Psi": "0,0 0,4 2,6 7,6 9,4 9,0/4.5,0 4.5,10",
    "Omega": "0,10 3,10 1,7 1,3 3,0 6,0 8,3 8,7 6,10 9,10",
    "lambda": "1,0 3,0 8,10/4,4 0,10",
    "Yu": "0,0 0,10/0,5 4,5/8,1 5,1 4,5 5,9 8,9 9,5 8,1",
    "plus": "4,0 4,8/0,4 8,4",
    "arrow": "0,5 10,5/6,1 10,5 6,9",
    "arrow up": "5,10 5,0/1,4 5,0 9,4",
    "check mark": "0,6 3,10 9,0",
    "percent": "8,0 0,10/2,0 0,1 1,3 3,2 2,0/6,7 5,9 7,10 8,8 6,7",
    "root": "0,6 2,6 4,10 7,0 12,0",
    "triangle": "5,0 10,9 0,9 5,0",
    "square": "0,0 9,0 9,9 0,9 0,0",
    "diamond": "4,0 8,5 4,10 0,5 4,0",
    "pentagon": "5,0 10,4 8,10 2,10 0,4 5,0",
    "hexagon": "3,0 7,0 10,5 7,10 3,10 0,5 3,0",
    "halved square": "0,0 9,0 9,9 0,9 0,0 9,9",
    "stairs": "0,10 0,7 3,7 3,4 6,4 6,1 9,1",
    "fir": "5,0 9,4 6,4 10,8 0,8 4,4 1,4 5,0/5,8 5,10",
    "fish": "0,0 3,4 7,1 11,4 7,7 3,4 0,8 0,0",
    "cup": "0,0 1,9 7,9 8,0 0,0/8,2 11,2 11,6 7.5,6",
    "key": "0,2 2,0 4,2 2,4 0,2/4,2 12,2 12,5/9,2 9,4",
    "envelope": "0,0 12,0 12,8 0,8 0,0 6,5 12,0",
    "boat": "0,7 2,10 9,10 11,7 0,7/5,7 5,0 9,5 5,5",
    "flag": "1,10 1,0 9,2 1,5",
    "umbrella": "0,5 2,1 5,0 8,1 10,5 0,5/5,5 5,9 4,10 3,9",
    "anchor": "5,0 5,10/2,3 8,3/0,6 1,9 5,10 9,9 10,6",
    "table": "0,0 12,0/2,0 2,9/10,0 10,9",
    "chair": "0,0 0,10/0,5 6,5 6,10",
    "car": "0,8 0,5 3,5 4,2 9,2 10,5 13,5 13,8 0,8/3,8 3,10 5,10/9,8 9,10 11,10",
    "glasses": "0,2 2,0 4,2 2,4 0,2/4,2 7,2/7,2 9,0 11,2 9,4 7,2",
    "candle": "3,4 7,4 7,10 3,10 3,4/5,4 5,2/5,0 6,1 5,2 4,1 5,0",
    "person": "5,0 6,1 5,3 4,1 5,0/5,3 5,7/1,4 9,4/2,10 5,7 8,10",
    "bottle": "4,0 6,0 6,3 8,5 8,10 2,10 2,5 4,3 4,0",
    "shirt": "3,0 0,2 1,4 3,3 3,10 8,10 8,3 10,4 11,2 8,0 3,0",
    "mushroom": "0,5 2,1 5,0 8,1 10,5 0,5/4,5 3,10 7,10 6,5",
    "window": "0,0 8,0 8,10 0,10 0,0/4,0 4,10",
    "fork": "2,0 2,3 4,5 6,3 6,0/4,0 4,10",
    "antenna": "5,10 5,0/1,0 9,0/2,3 8,3",
}


def _line(points: object) -> Float64Array:
    return np.asarray(points, dtype=np.float64)


def _polygon(rng: Generator) -> Lines:
    corners = rng.uniform(0, 10, (int(rng.integers(4, 9)), 2))
    return [np.concatenate([corners, corners[:1]])]


def _polyline(rng: Generator) -> Lines:
    return [rng.uniform(0, 10, (int(rng.integers(5, 10)), 2))]


def _crossing_lines(rng: Generator) -> Lines:
    return [rng.uniform(0, 10, (2, 2)) for _ in range(int(rng.integers(3, 6)))]


def _loops(rng: Generator) -> Lines:
    """Return a closed curve of three or more random frequencies."""
    turn = np.linspace(0, 2 * np.pi, 80)
    waves = range(1, int(rng.integers(4, 7)))
    size = rng.normal(0, 2.5, (2, 2, len(waves)))
    angles = [np.sin(k * turn) for k in waves], [np.cos(k * turn) for k in waves]
    return [_line((size[0] @ np.array(angles[0]) + size[1] @ np.array(angles[1])).T)]


def _scribble(rng: Generator) -> Lines:
    """Return a smooth curve through seven or more random points."""
    points = rng.uniform(0, 10, (int(rng.integers(7, 12)), 2))
    times = np.linspace(0, len(points) - 1, 12 * len(points))
    weights = np.exp(-1.4 * (times[:, None] - np.arange(len(points))) ** 2)
    return [weights / weights.sum(axis=1, keepdims=True) @ points]


def _arcs(rng: Generator) -> Lines:
    out = []
    for _ in range(int(rng.integers(3, 5))):
        start = rng.uniform(0, 2 * np.pi)
        turn = np.linspace(start, start + rng.uniform(1, 5), 20)
        radius, center = rng.uniform(1, 4, 2), rng.uniform(2, 8, 2)
        out.append(center + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1))
    return out


def _flower(rng: Generator) -> Lines:
    petals = int(rng.integers(3, 8))
    turn = np.linspace(0, 2 * np.pi, 120)
    radius = 3.5 + 1.5 * np.cos(petals * turn)
    return [np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)]


def _wave(rng: Generator) -> Lines:
    x = np.linspace(0, 10, 60)
    height = rng.uniform(1.5, 4)
    return [np.stack([x, height * np.sin(x * rng.uniform(1.2, 2.5))], axis=1)]


_FAMILIES: Final[dict[str, Callable[[Generator], Lines]]] = {
    "random polygon": _polygon,
    "random polyline": _polyline,
    "random crossing lines": _crossing_lines,
    "random loops": _loops,
    "random scribble": _scribble,
    "random arcs": _arcs,
    "flower": _flower,
    "wave": _wave,
}

KINDS: Final = (*_CHAINS, *_FAMILIES)


def draw(kind: str, rng: Generator) -> Lines:
    """Return the lines of a drawing of one of `KINDS`, by a hand that is never quite the same."""
    if kind in _FAMILIES:
        lines = _FAMILIES[kind](rng)
    else:
        chains = [chain.split() for chain in _CHAINS[kind].split("/")]
        lines = [_line([point.split(",") for point in chain]) for chain in chains]
        lines = [line + rng.normal(0, 0.35, line.shape) for line in lines]
    turn, slant = rng.normal(0, 0.12), rng.normal(0, 0.15)
    matrix = np.array([[np.cos(turn), np.sin(turn) + slant], [-np.sin(turn), np.cos(turn)]])
    stretch = np.exp(rng.normal(0, 0.12, 2))
    return [_rounded(line @ (matrix * stretch), rng) for line in lines]


def _rounded(line: Float64Array, rng: Generator) -> Float64Array:
    """Cut the corners of half of the lines twice, as a fast hand does (Chaikin's algorithm)."""
    if len(line) > 12 or rng.random() < 0.5:
        return line
    for _ in range(2):
        near, far = 0.75 * line[:-1] + 0.25 * line[1:], 0.25 * line[:-1] + 0.75 * line[1:]
        between = np.stack([near, far], axis=1).reshape(-1, 2)
        line = np.concatenate([line[:1], between[1:-1], line[-1:]])
    return line
