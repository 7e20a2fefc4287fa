"""What a class will take, from what a run has measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.batch import capacity
from autograder.batch.capacity import CapacityError, Costs
from autograder.batch.report import RunCosts, summarize, write
from autograder.batch.report_line import ReportLine

MB = 1 << 20
COSTS = Costs(start=10, each=0.5, write=0.02, job=512 * MB, base=1024 * MB)
EACH = 0.52 / 0.85  # the writer's part, too, and all cores are busy


def report(folder: Path, jobs: int = 1) -> Path:
    lines = [
        ReportLine("ada", "graded", 7, 8, 0.4),
        ReportLine("bob", "graded", 8, 8, 0.6, kernel=2**28),
    ]
    path = folder / "report.json"
    spent = RunCosts(starting=10.0, writing=0.04, base=900 * MB, fullest=1200 * MB)
    write(path, lines, summarize(lines, 11.0, jobs, spent))
    return path


def test_a_report_tells_the_costs(tmp_path: Path) -> None:
    assert Costs.read(report(tmp_path)) == Costs(10.0, 0.5, 0.02, 300 * MB, 900 * MB)
    busy = Costs.read(report(tmp_path, jobs=2))  # the kernel alone had more than a half
    assert busy == Costs(10.0, 0.5, 0.02, 2**28, 900 * MB, busy=True)


def test_more_cores_help_until_the_writer_is_busy() -> None:
    times = [capacity.minutes(COSTS, 5000, number) for number in (1, 2, 8, 32, 128)]
    assert times == sorted(times, reverse=True)
    assert times[0] == pytest.approx((10 + 5000 * EACH) / 60)
    assert times[1] == pytest.approx((10 + 2500 * EACH) / 60)
    assert times[-1] == times[-2] == pytest.approx((10 + 100) / 60)


def test_what_was_measured_on_busy_cores_is_not_made_longer() -> None:
    busy = Costs(start=10, each=0.5, write=0.02, job=0, busy=True)
    assert capacity.minutes(busy, 5000, 2) == pytest.approx((10 + 1250) / 60)
    # A class of 200 lessons with one job, and what two jobs took on the same two cores.
    lessons = Costs(start=2.5, each=0.38, write=0.042, job=0)
    assert 60 * capacity.minutes(lessons, 200, 2) == pytest.approx(54.3, rel=0.1)


def test_each_machine_loads_the_libraries_once() -> None:
    assert capacity.memory(COSTS, 1) == (1024 + 512) * MB
    assert capacity.memory(COSTS, 32) == (1024 + 32 * 512) * MB
    assert capacity.memory(COSTS, 33) == (2 * 1024 + 33 * 512) * MB


def test_the_cores_that_are_asked_for_are_enough_and_one_less_is_not() -> None:
    for students in (300, 5000, 50_000):
        number = capacity.cores(COSTS, students, within=30)
        assert number is not None
        assert capacity.minutes(COSTS, students, number) <= 30
        assert number == 1 or capacity.minutes(COSTS, students, number - 1) > 30
    assert capacity.cores(COSTS, 300, within=30) == 1
    assert capacity.cores(COSTS, 500_000, within=30) is None


def test_the_command_prints_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(report(tmp_path)), "--students", "5000", "--minutes", "30"]) == 0
    said = capsys.readouterr().out
    assert "| cores | memory, GB | 5,000 students |" in said
    assert "5,000 students in 30 minutes: 2 cores." in said


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"total": {"each_seconds": "x"}}'])
def test_what_is_no_report_is_named(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(CapacityError, match="is no report of a run"):
        Costs.read(path)
    assert main(["plan", str(path)]) == 1
    assert "--report FILE" in capsys.readouterr().err
    idle = json.loads(report(tmp_path).read_text())
    idle["total"]["each_seconds"] = 0
    path.write_text(json.dumps(idle))
    with pytest.raises(CapacityError, match="nothing was graded anew"):
        Costs.read(path)
