"""Drawings of things other than digits: lines of points (x, y), y down, about 10 units large."""

from __future__ import annotations

import numpy as np

Lines = list[list[list[float]]]


def _curve(x: object, y: object) -> list[list[float]]:
    points: list[list[float]] = np.stack([np.asarray(x), np.asarray(y)], axis=1).tolist()
    return points


_TURN = np.linspace(0, 2 * np.pi, 40)
_TIPS = -np.pi / 2 + np.arange(6) * 4 * np.pi / 5
_CIRCLE = _curve(5 + 5 * np.cos(_TURN), 5 + 5 * np.sin(_TURN))
_SPIRAL = np.linspace(0, 6 * np.pi, 120)
_HEART = np.linspace(0, 2 * np.pi, 60)

SHAPES: dict[str, Lines] = {
    "a star": [_curve(5 + 5 * np.cos(_TIPS), 5 + 5 * np.sin(_TIPS))],
    "a house": [[[1, 10], [1, 4], [5, 0], [9, 4], [9, 10], [1, 10]], [[1, 4], [9, 4]]],
    "a wheel": [_CIRCLE, [[5, 0], [5, 10]], [[0, 5], [10, 5]]],
    "a face": [_CIRCLE, [[3, 3], [3, 4]], [[7, 3], [7, 4]], [[3, 7], [5, 8], [7, 7]]],
    "a spiral": [
        _curve(5 + _SPIRAL / 4 * np.cos(_SPIRAL), 5 + _SPIRAL / 4 * np.sin(_SPIRAL)),
    ],
    "a heart": [
        _curve(
            5 + 5 * np.sin(_HEART) ** 3,
            5 - (13 * np.cos(_HEART) - 5 * np.cos(2 * _HEART) - 2 * np.cos(3 * _HEART)) / 3.2,
        )
    ],
    "a fence": [
        *([[x, 0.0], [x, 10.0]] for x in (1.0, 4.0, 7.0, 10.0)),
        *([[0.0, y], [11.0, y]] for y in (3.0, 7.0)),
    ],
    "a zigzag": [[[0, 0], [2, 10], [4, 0], [6, 10], [8, 0], [10, 10]]],
    "A": [[[0, 10], [5, 0], [10, 10]], [[2, 6], [8, 6]]],
    "E": [[[8, 0], [0, 0], [0, 10], [8, 10]], [[0, 5], [6, 5]]],
    "H": [[[0, 0], [0, 10]], [[8, 0], [8, 10]], [[0, 5], [8, 5]]],
    "K": [[[0, 0], [0, 10]], [[8, 0], [0, 5], [8, 10]]],
    "M": [[[0, 10], [1, 0], [5, 7], [9, 0], [10, 10]]],
    "R": [[[0, 10], [0, 0], [6, 0], [8, 2.5], [6, 5], [0, 5], [8, 10]]],
    "W": [[[0, 0], [2.5, 10], [5, 3], [7.5, 10], [10, 0]]],
    "X": [[[0, 0], [8, 10]], [[8, 0], [0, 10]]],
}
