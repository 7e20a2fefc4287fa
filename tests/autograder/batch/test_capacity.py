"""The capacity planner estimates from what a run has measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.batch import capacity
from autograder.batch.capacity import CapacityError, JobCosts
from autograder.batch.report import ReportLine, RunCosts, summarize, write_report

MB = 1 << 20
COSTS = JobCosts(
    start_seconds=10,
    job_seconds=0.5,
    write_seconds=0.02,
    job_bytes=512 * MB,
    base_bytes=1024 * MB,
)
CORE_SECONDS = 0.52 / 0.85  # the share of the writer included, with all cores busy


def make_report(folder: Path, jobs: int = 1) -> Path:
    lines = [
        ReportLine("ada", "graded", 7, 8, 0.4),
        ReportLine("bob", "graded", 8, 8, 0.6, kernel=2**28),
    ]
    path = folder / "report.json"
    costs = RunCosts(
        start_seconds=10.0, write_seconds=0.04, base_bytes=900 * MB, peak_bytes=1200 * MB
    )
    write_report(path, lines, summarize(lines, 11.0, jobs, costs))
    return path


def test_costs_are_read_from_a_report(tmp_path: Path) -> None:
    assert JobCosts.read(make_report(tmp_path)) == JobCosts(10.0, 0.5, 0.02, 300 * MB, 900 * MB)
    busy = JobCosts.read(make_report(tmp_path, jobs=2))  # one kernel had more than half the memory
    assert busy == JobCosts(10.0, 0.5, 0.02, 2**28, 900 * MB, busy=True)


def test_more_cores_help_until_the_writer_is_the_bottleneck() -> None:
    minutes = [capacity.estimate_minutes(COSTS, 5000, cores) for cores in (1, 2, 8, 32, 128)]
    assert minutes == sorted(minutes, reverse=True)
    assert minutes[0] == pytest.approx((10 + 5000 * CORE_SECONDS) / 60)
    assert minutes[1] == pytest.approx((10 + 2500 * CORE_SECONDS) / 60)
    assert minutes[-1] == minutes[-2] == pytest.approx((10 + 100) / 60)


def test_costs_measured_on_busy_cores_need_no_correction() -> None:
    busy = JobCosts(10, job_seconds=0.5, write_seconds=0.02, job_bytes=0, busy=True)
    assert capacity.estimate_minutes(busy, 5000, 2) == pytest.approx((10 + 1250) / 60)
    # Measured: a class of 200 lessons with one job, and the duration with two on the same cores.
    lessons = JobCosts(2.5, job_seconds=0.38, write_seconds=0.042, job_bytes=0)
    assert 60 * capacity.estimate_minutes(lessons, 200, 2) == pytest.approx(54.3, rel=0.1)


def test_each_machine_loads_the_libraries_once() -> None:
    assert capacity.estimate_memory(COSTS, 1) == (1024 + 512) * MB
    assert capacity.estimate_memory(COSTS, 32) == (1024 + 32 * 512) * MB
    assert capacity.estimate_memory(COSTS, 33) == (2 * 1024 + 33 * 512) * MB


def test_cores_needed_is_the_smallest_sufficient_number() -> None:
    for students in (300, 5000, 50_000):
        cores = capacity.cores_needed(COSTS, students, minutes=30)
        assert cores is not None
        assert capacity.estimate_minutes(COSTS, students, cores) <= 30
        assert cores == 1 or capacity.estimate_minutes(COSTS, students, cores - 1) > 30
    assert capacity.cores_needed(COSTS, 300, minutes=30) == 1
    assert capacity.cores_needed(COSTS, 500_000, minutes=30) is None


def test_plan_prints_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = str(make_report(tmp_path))
    assert main(["plan", report, "--students", "5000", "--minutes", "30"]) == 0
    output = capsys.readouterr().out
    assert "| cores | memory, GB | 5,000 students |" in output
    assert "5,000 students in 30 minutes: 2 cores." in output


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"total": {"each_seconds": "x"}}'])
def test_plan_rejects_other_files(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(CapacityError, match="isn't a grading report"):
        JobCosts.read(path)
    assert main(["plan", str(path)]) == 1
    assert "--report FILE" in capsys.readouterr().err


def test_plan_rejects_a_report_without_measurements(tmp_path: Path) -> None:
    path = make_report(tmp_path)
    data = json.loads(path.read_text())
    data["total"]["each_seconds"] = 0
    path.write_text(json.dumps(data))
    with pytest.raises(CapacityError, match="has no measurements"):
        JobCosts.read(path)
