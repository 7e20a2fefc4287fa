"""The search for solutions in visible tests finds what it should, and nothing else."""

from __future__ import annotations

import pytest

from tests.source.solutions import given_away, top_level_names

EXERCISE = """
def fit(X, k):
    centered = X - X.mean(axis=0)
    ### BEGIN SOLUTION
    _, _, rows = np.linalg.svd(centered, full_matrices=False)
    return rows[:k] @ centered.T, np.clip(rows, 0, 1)
    ### END SOLUTION
"""


@pytest.mark.parametrize(
    "test",
    [
        "other = rest[:n] @ whole.T",
        "np.clip(x, -1, 5)",
        "axes = np.linalg.svd(X)[2]",
        "assert x, 'Use np.clip(rows, 0, 1) here.'",
        "assert x, f'Use np.clip( rows,0, 1) for {y}.'",
    ],
)
def test_an_expression_of_the_solution_is_found(test: str) -> None:
    assert list(given_away(EXERCISE, test))


@pytest.mark.parametrize(
    "test",
    [
        "assert fit(X, 3) is not None, 'np.clip cuts off.'",
        "middle = Y - Y.mean(axis=0)",  # the stub has it
        "X[:k]",
        "x = 1\n### BEGIN HIDDEN TESTS\nnp.clip(copies, 0, 1)\n### END HIDDEN TESTS",
    ],
)
def test_other_expressions_are_not(test: str) -> None:
    assert list(given_away(EXERCISE, test)) == []


def test_only_imports_and_one_function_are_harmless() -> None:
    test = "import numpy as np\n\n@check\ndef fit_test():\n    x = 1\n\ncodes = fit(3)"
    assert list(top_level_names(test)) == ["fit_test", "codes", "fit"]
