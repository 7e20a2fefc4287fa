"""A run over a class gives what one submission after another gives, and does nothing twice."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.batch import fingerprint, job, report
from autograder.batch.batch import EMPTY as NOTHING
from autograder.batch.report import RunCosts
from autograder.batch.report_line import ReportLine
from autograder.sandbox.launch import UnprotectedError
from tests.autograder.runs import (
    CLASS,
    EMPTY,
    EXCLUDED,
    GRADED,
    LATE,
    command,
    dump,
    grade,
    hand_in,
    run,
    same,
    slow,
)
from tests.autograder.small import COURSE, LESSON
from tests.hostile.batch import nbgrader

pytestmark = slow
New = Callable[[str], Path]


def test_many_at_once_one_by_one_and_nbgrader_itself_agree(new_course: New) -> None:
    plain, one, two = new_course("plain"), new_course("one"), new_course("two")
    assert nbgrader(plain, "autograde", LESSON)[0] == 0
    for course, jobs in ((one, "1"), (two, "2")):
        code, said = grade(course, "--jobs", jobs, "--report", str(course / "report.json"))
        assert code == 1, said  # somebody's file can't be read
        assert "truncated" in said
        assert "needs review" in said
        same(course, plain)
    told = json.loads((two / "report.json").read_bytes())
    lines = {line["student"]: line for line in told["submissions"]}
    assert sorted(lines) == sorted({*CLASS} - {EXCLUDED})
    assert told["total"]["needs review"] == 2
    assert lines["ada"]["score"] == 8
    assert lines[EMPTY]["reason"] == NOTHING
    tables = dump(two)
    assert len(tables["submitted_assignment"]) == len(GRADED)
    assert any("('late_submission_penalty', 8.0)" in row for row in tables["submitted_notebook"])


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ("c.Autograde.create_student = False", "No such student"),
        ("c.Autograde.pre_convert_hook = print", ""),
        ("c.Autograde.post_convert_hook = print", ""),
    ],
)
def test_other_settings_count_as_with_nbgrader_itself(
    new_course: New, settings: str, missing: str
) -> None:
    plain, course = new_course("plain"), new_course("run")
    for each in (plain, course):
        with (each / "nbgrader_config.py").open("a") as file:
            file.write(f"\n{settings}\n")
    nbgrader(plain, "autograde", LESSON)
    code, said = grade(course, "--jobs", "2")
    assert code == 1
    assert missing in said
    assert bool(dump(plain)["submitted_assignment"]) is not bool(missing)
    same(course, plain)


def test_a_run_that_is_killed_goes_on_from_there(new_course: New) -> None:
    course = new_course("killed")
    hand_in(course, *(f"more-{number}" for number in range(8)))
    for number, stop in ((1, signal.SIGKILL), (3, signal.SIGINT)):
        process = subprocess.Popen(
            command(course, "--jobs", "2"),
            cwd=COURSE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        kept = course / ".grading" / LESSON
        while process.poll() is None and len(list(kept.glob("*.json"))) < number:
            time.sleep(0.02)
        process.send_signal(stop)
        told, _ = process.communicate()
        if stop is signal.SIGINT:
            assert process.returncode == 130
            assert b"as before" in told  # what was kept was not graded again
    code, said = grade(course, "--jobs", "2")
    assert code == 1
    assert "as before" in said
    assert kept.stat().st_mode & 0o777 == kept.parent.stat().st_mode & 0o777 == 0o700
    other = new_course("undisturbed")
    hand_in(other, *(f"more-{number}" for number in range(8)))
    grade(other, "--jobs", "2")
    same(course, other)


def test_only_what_changed_is_graded_again(new_course: New) -> None:
    course = new_course("changed")
    first = {line.student: line for line in run(course).grade()}
    assert not any(line.unchanged for line in first.values())
    hand_in(course, "eve")
    (course / "submitted" / "ada" / LESSON / "data.csv").write_text("3,4\n")
    again = {line.student: line for line in run(course).grade()}
    assert {name for name, line in again.items() if not line.unchanged} == {"eve", "ada", EMPTY}
    failed = {line.student: line for line in run(course).grade(only_failed=True)}
    assert {name for name, line in failed.items() if not line.unchanged} == {"truncated", EMPTY}
    (course / "source" / LESSON / "extra.csv").write_text("new")
    assert not any(line.unchanged for line in run(course).grade())


def test_who_hands_in_while_it_runs_is_graded_too(new_course: New) -> None:
    course = new_course("late")
    graded = []
    for line in run(course).grade():
        graded.append(line.student)
        if len(graded) == 2:
            hand_in(course, "zoe")
    assert graded[-1] == "zoe"
    assert sorted(graded) == sorted({*CLASS, "zoe"} - {EXCLUDED})


def test_an_unprotected_host_ends_the_run(new_course: New) -> None:
    with pytest.raises(UnprotectedError):
        list(run(new_course("open"), UnprotectedError(["No sandbox."])).grade())


def test_another_program_is_another_version(tmp_path: Path) -> None:
    for room in fingerprint.ROOMS:
        (tmp_path / room / "parts").mkdir(parents=True)
        (tmp_path / room / "module.py").write_text("x = 1\n")
    asset = tmp_path / "course" / "parts" / "data.npz"
    asset.write_bytes(b"1")
    seen = [fingerprint.version(tmp_path)]
    (tmp_path / "course" / "claims.md").write_text("For people.")
    (tmp_path / "course" / "__pycache__").mkdir()
    (tmp_path / "course" / "__pycache__" / "module.pyc").write_bytes(b"1")
    assert fingerprint.version(tmp_path) == seen[0]
    asset.write_bytes(b"2")
    seen.append(fingerprint.version(tmp_path))
    asset.rename(asset.with_name("other.npz"))
    seen.append(fingerprint.version(tmp_path))
    assert len(set(seen)) == 3
    assert fingerprint.version() == fingerprint.mine()


def test_other_libraries_are_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in fingerprint.ROOMS:
        (tmp_path / room).mkdir()
    before = fingerprint.version(tmp_path)
    monkeypatch.setattr("importlib.metadata.version", lambda _: "0.0")
    assert fingerprint.version(tmp_path) != before


def test_links_are_not_read_and_sums_add_up(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert [path.name for path in job._files(tmp_path)] == ["a.txt"]
    lines = [
        ReportLine("a", "graded", 1, 2, 3.0),
        ReportLine("b", "needs review", 0, 2, unchanged=True),
    ]
    sums = report.summarize(lines, 30, 2, RunCosts(base=300 << 20, fullest=700 << 20))
    assert (sums["graded"], sums["needs review"], sums["per_minute"]) == (1, 1, 2.0)
    assert (sums["base_mb"], sums["job_mb"]) == (300, 200)
    assert "2 submissions: 1 graded, 1 needs review; 1 as before." in report.format_summary(sums)
    remote = [ReportLine("a", "graded", 1, 2, 3.0, kernel=1 << 30, worker=1 << 29, warm=1 << 28)]
    sums = report.summarize(remote, 30, 2, RunCosts(base=1 << 27, fullest=1 << 28))
    assert (sums["base_mb"], sums["job_mb"]) == (128 + 256, 1024 + 512)


def test_late_is_late(whole: Path) -> None:
    assert LATE in GRADED
    assert any(LATE in row and "20, 0" in row for row in dump(whole)["submitted_assignment"])
