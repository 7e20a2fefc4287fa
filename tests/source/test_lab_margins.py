"""The lab's grading does not hang on luck: a glimpse of ``tests.benchmarks.lab_margins``.

There each answer is judged 20 times, with one and two threads; here the solution twice, and
each wrong answer once.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks import lab_margins

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kernel() -> dict[str, Any]:
    return lab_margins.lesson()


@pytest.mark.parametrize("seed", [101, 102])
def test_the_solution_passes_whatever_the_seed(seed: int, kernel: dict[str, Any]) -> None:
    assert lab_margins.verdict("train-small", lab_margins.SOLUTION, kernel, seed) == ""


@pytest.mark.parametrize("name", lab_margins.TRAINED_WRONG)
def test_what_was_trained_wrong_fails(name: str, kernel: dict[str, Any]) -> None:
    assert lab_margins.verdict("train-small", lab_margins.TRAINED_WRONG[name], kernel, 103)


@pytest.mark.parametrize("name", lab_margins.CERTAIN)
def test_what_needs_no_training_fails_for_certain(name: str, kernel: dict[str, Any]) -> None:
    exercise, answer = lab_margins.CERTAIN[name]
    assert lab_margins.verdict(exercise, answer, kernel, 0)


def test_enough_is_tried() -> None:
    assert len(lab_margins.TRAINED_WRONG) + len(lab_margins.CERTAIN) >= 10
