"""The checks of arrays, and the numerically safe sigmoid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course.arrays import finite_matrix, float32_matrix, sigmoid


@pytest.mark.parametrize(
    ("values", "width", "message"),
    [
        ("text", None, r"^x must be an array \(n, d\) of numbers"),
        ([[1.0], [1.0, 2.0]], 2, r"^x must be an array \(n, 2\) of numbers"),
        (None, None, "of numbers"),
        (np.zeros(3), 3, r"shape \(n, 3\), got \(3,\); turn a single row into x\[None\]"),
        (np.zeros((3, 5)), 3, r"got \(3, 5\); it is transposed: use x\.T"),
        (np.zeros((4, 2, 2)), 4, r"got \(4, 2, 2\); flatten each image"),
        (np.zeros((4, 0)), None, r"got \(4, 0\)"),
        (np.zeros((0, 3)), 3, "^x is empty; give at least 1 row"),
        ([[np.nan, 1.0, np.inf]], 3, "NaN or infinity in 2 places"),
    ],
)
def test_invalid_arrays_are_rejected(values: Any, width: int | None, message: str) -> None:
    for check in (finite_matrix, float32_matrix):
        with pytest.raises(ValueError, match=message):
            check("x", values, width)


def test_the_dtype_is_float32_or_float64() -> None:
    assert finite_matrix("x", np.ones((1, 2), np.float32)).dtype == np.float32
    assert finite_matrix("x", [[True, False]]).dtype == np.float64
    assert float32_matrix("x", [[1, 2]]).dtype == np.float32


def test_numbers_too_large_for_float32_count_as_infinite() -> None:
    assert finite_matrix("x", [[1e300]]).shape == (1, 1)
    with pytest.raises(ValueError, match="infinity in 1 places"):
        float32_matrix("x", [[1e300]])


def test_empty_arrays_are_accepted_on_request() -> None:
    assert finite_matrix("x", np.zeros((0, 3)), 3, min_rows=0).shape == (0, 3)
    assert finite_matrix("z", np.zeros((2, 0)), 0).shape == (2, 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_never_overflows(dtype: type) -> None:
    x: np.typing.NDArray[Any] = np.array([-1e30, -1, 0, 1, 1e30], dtype)
    expected = [0, 1 / (1 + np.e), 0.5, np.e / (1 + np.e), 1]
    np.testing.assert_allclose(sigmoid(x), expected, rtol=1e-6)
    assert sigmoid(x).dtype == dtype
