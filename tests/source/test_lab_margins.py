"""The lab's grading does not depend on luck: a small version of ``benchmarks.lab_margins``.

The benchmark runs each answer 20 times, with one and two threads; these tests run the solution
twice and each wrong answer once.
"""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import lab_margins

PAGE = lab_margins.HERE.with_suffix(".md")


def test_the_page_belongs_to_the_current_exercises() -> None:
    """All runs of the solution pass and no others do; run it again after changing an exercise."""
    text = PAGE.read_text(encoding="utf-8")
    assert f"`{lab_margins.fingerprint()}`" in text, "run `python -m benchmarks.lab_margins`"
    few = int(text.split("--few ")[1].split("`")[0])
    assert few >= 2
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    passes_by_name = {name: (exercise, passes) for name, exercise, passes, _ in rows[1:]}
    wrong = {
        name: ("train-small", f"0 of {20 if name in lab_margins.OFTEN else few}")
        for name in lab_margins.TRAINED_WRONG
    }
    certain = {name: (exercise, "0 of 1") for name, (exercise, _) in lab_margins.CERTAIN.items()}
    assert passes_by_name == {"the solution": ("train-small", "20 of 20"), **wrong, **certain}
    assert len(wrong) + len(certain) > 20


def test_the_exercise_states_the_measured_range() -> None:
    (line,) = (row for row in PAGE.read_text("utf-8").splitlines() if "| the solution |" in row)
    low, high = (float(number) for number in line.strip("| ").split(" | ")[-1].split(" to "))
    assert f"reaches {low:.1f} to {high:.1f} in" in lab_margins.TEXT.read_text("utf-8")
    assert high < 18.5  # the exercise asks for less than 20


@pytest.fixture(scope="module")
def kernel() -> dict[str, Any]:
    return lab_margins.lesson()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [101, 102])
def test_the_solution_passes_with_other_seeds(seed: int, kernel: dict[str, Any]) -> None:
    judged = lab_margins.judge("train-small", lab_margins.SOLUTION, kernel, seed)
    assert judged.said == ""
    assert judged.error is not None
    assert judged.error < 18.6  # the exercise asks for less than 20


@pytest.mark.long
@pytest.mark.parametrize("name", lab_margins.TRAINED_WRONG)
def test_a_wrongly_trained_network_fails(name: str, kernel: dict[str, Any]) -> None:
    assert lab_margins.judge("train-small", lab_margins.TRAINED_WRONG[name], kernel, 103).said


@pytest.mark.slow
@pytest.mark.parametrize("name", lab_margins.CERTAIN)
def test_a_wrong_answer_without_training_fails(name: str, kernel: dict[str, Any]) -> None:
    exercise, answer = lab_margins.CERTAIN[name]
    assert lab_margins.judge(exercise, answer, kernel, 0).said
