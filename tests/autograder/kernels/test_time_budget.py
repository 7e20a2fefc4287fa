"""How long a notebook may run, by a clock that the test sets."""

from __future__ import annotations

import time

import pytest

from autograder.kernels.time_budget import TimeBudget


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def run_cell(self, budget: TimeBudget, seconds: float) -> float:
        """Run a cell that would take these seconds; return how long it was allowed to run."""
        elapsed = min(budget.next_limit(), seconds)
        self.now += elapsed
        budget.charge(elapsed, finished=elapsed == seconds)
        return elapsed


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    return clock


def test_clock_starts_with_the_first_cell(clock: Clock) -> None:
    budget = TimeBudget(cell_seconds=30, notebook_seconds=100)
    clock.now += 500
    assert (budget.left, budget.next_limit()) == (100, 30)
    clock.now += 80
    assert (budget.left, budget.next_limit()) == (20, 20)
    clock.now += 80
    assert (budget.left, budget.next_limit()) == (0, 0)


def test_imports_have_an_allowance(clock: Clock) -> None:
    budget = TimeBudget(cell_seconds=10, notebook_seconds=100, start_seconds=60)
    assert clock.run_cell(budget, 50) == 50
    assert budget.left == 90  # 40 seconds count as imports
    assert budget.next_limit() == 30
    assert clock.run_cell(budget, 1000) == 30
    assert budget.next_limit() == 10
    assert budget.left == 80


def test_new_kernel_gets_as_much_as_imports_took_before(clock: Clock) -> None:
    budget = TimeBudget(cell_seconds=10, notebook_seconds=100, start_seconds=60)
    clock.run_cell(budget, 25)
    budget.restart_kernel()
    assert budget.next_limit() == 50  # twice 25
    clock.run_cell(budget, 60)
    budget.restart_kernel()
    assert budget.next_limit() == 50


def test_a_cell_can_override_the_time_limit(clock: Clock) -> None:
    budget = TimeBudget(cell_seconds=10, notebook_seconds=100, start_seconds=60)
    assert budget.next_limit(50) == 110
    clock.now += 70
    budget.charge(70, finished=True, cell_seconds=50)
    assert budget.left == 50  # 20 seconds count as imports
    assert budget.next_limit(2) == 42


def test_endless_loops_use_the_allowance_once(clock: Clock) -> None:
    budget = TimeBudget(cell_seconds=10, notebook_seconds=100, start_seconds=60)
    assert clock.run_cell(budget, 1000) == 70
    for _ in range(9):
        budget.restart_kernel()
        assert clock.run_cell(budget, 1000) == 10
    assert budget.next_limit() == 0
    assert clock.now == 1000 + 100 + 60
