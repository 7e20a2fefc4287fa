"""How long a notebook may run, by a clock that the test turns."""

from __future__ import annotations

import time

import pytest

from autograder.kernels.time_budget import TimeBudget


class TestBudget:
    @pytest.fixture(autouse=True)
    def _clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def run(self, budget: TimeBudget, seconds: float) -> float:
        """Run a cell that wants so many seconds; return how many it got."""
        most = budget.next_limit()
        got = min(most, seconds)
        self.now += got
        budget.charge(got, finished=got == seconds)
        return got

    def test_the_clock_starts_with_the_first_cell(self) -> None:
        budget = TimeBudget(cell_seconds=30, notebook_seconds=100)
        self.now += 500
        assert (budget.left, budget.next_limit()) == (100, 30)
        self.now += 80
        assert (budget.left, budget.next_limit()) == (20, 20)
        self.now += 80
        assert (budget.left, budget.next_limit()) == (0, 0)

    def test_long_imports_have_their_own_seconds(self) -> None:
        budget = TimeBudget(cell_seconds=10, notebook_seconds=100, start_seconds=60)
        assert self.run(budget, 50) == 50
        assert budget.left == 90  # 40 seconds were the imports'
        assert budget.next_limit() == 30
        assert self.run(budget, 1000) == 30
        assert budget.next_limit() == 10
        assert budget.left == 80

    def test_a_new_kernel_gets_as_much_as_the_imports_needed(self) -> None:
        budget = TimeBudget(cell_seconds=10, notebook_seconds=100, start_seconds=60)
        self.run(budget, 25)
        budget.restart_kernel()
        assert budget.next_limit() == 50  # twice 25
        self.run(budget, 60)
        budget.restart_kernel()
        assert budget.next_limit() == 50

    def test_a_cell_may_have_seconds_of_its_own(self) -> None:
        budget = TimeBudget(cell_seconds=10, notebook_seconds=100, start_seconds=60)
        assert budget.next_limit(50) == 110
        self.now += 70
        budget.charge(70, finished=True, cell_seconds=50)
        assert budget.left == 50  # 20 seconds were the imports'
        assert budget.next_limit(2) == 42

    def test_loops_without_end_get_the_seconds_once(self) -> None:
        budget = TimeBudget(cell_seconds=10, notebook_seconds=100, start_seconds=60)
        assert self.run(budget, 1000) == 70
        for _ in range(9):
            budget.restart_kernel()
            assert self.run(budget, 1000) == 10
        assert budget.next_limit() == 0
        assert self.now == 1000 + 100 + 60
