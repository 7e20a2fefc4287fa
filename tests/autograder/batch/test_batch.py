"""A run grades a class exactly as nbgrader would, resumes, and grades nothing twice."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook

from autograder import untrusted_folders
from autograder.batch import fingerprint, inputs, report
from autograder.batch.job import Job
from autograder.batch.report import ReportLine, RunCosts
from autograder.grading.settings import GradingSettings
from autograder.sandbox.protection import UnprotectedError
from tests.autograder.runs import (
    CLASS,
    EMPTY,
    EXCLUDED,
    GRADED,
    LATE,
    assert_same_grades,
    dump,
    grade,
    grade_command,
    inline_run,
    slow,
    submit,
)
from tests.autograder.small import COURSE, LESSON
from tests.hostile.batch import nbgrader

pytestmark = slow
NewCourse = Callable[[str], Path]


@pytest.mark.long
def test_one_job_two_jobs_and_nbgrader_give_the_same_grades(new_course: NewCourse) -> None:
    plain, one, two = new_course("plain"), new_course("one"), new_course("two")
    assert nbgrader(plain, "autograde", LESSON)[0] == 0
    for course, jobs in ((one, "1"), (two, "2")):
        code, output = grade(course, "--jobs", jobs, "--report", str(course / "report.json"))
        assert code == 1, output  # one notebook is unreadable
        assert "truncated" in output
        assert "not graded" in output
        assert_same_grades(course, plain)
    data = json.loads((two / "report.json").read_bytes())
    lines = {line["student"]: line for line in data["submissions"]}
    assert sorted(lines) == sorted({*CLASS} - {EXCLUDED})
    assert data["total"]["not graded"] == 2
    assert lines["ada"]["score"] == 8
    assert (lines[EMPTY]["status"], lines[EMPTY]["score"]) == ("not graded", None)
    assert "It has “data.csv”. Submit “small.ipynb” itself." in lines[EMPTY]["reason"]
    tables = dump(two)
    assert len(tables["submitted_assignment"]) == len(GRADED)
    assert any("('late_submission_penalty', 8.0)" in row for row in tables["submitted_notebook"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("c.Autograde.create_student = False", "No such student"),
        ("c.Autograde.pre_convert_hook = print", ""),
        ("c.Autograde.post_convert_hook = print", ""),
    ],
)
def test_other_nbgrader_settings_have_their_usual_effect(
    new_course: NewCourse, settings: str, message: str
) -> None:
    plain, course = new_course("plain"), new_course("run")
    for folder in (plain, course):
        with (folder / "nbgrader_config.py").open("a") as file:
            file.write(f"\n{settings}\n")
    nbgrader(plain, "autograde", LESSON)
    code, output = grade(course, "--jobs", "2")
    assert code == 1
    assert message in output
    assert bool(dump(plain)["submitted_assignment"]) is not bool(message)
    assert_same_grades(course, plain)


@pytest.mark.long
def test_a_killed_or_interrupted_run_continues_where_it_stopped(new_course: NewCourse) -> None:
    course = new_course("killed")
    more = [f"more-{number}" for number in range(8)]
    submit(course, *more)
    cache = course / ".grading" / LESSON
    for results, stop_signal in ((1, signal.SIGKILL), (3, signal.SIGINT)):
        process = subprocess.Popen(
            grade_command(course, "--jobs", "2"),
            cwd=COURSE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while process.poll() is None and len(list(cache.glob("*.json"))) < results:
            time.sleep(0.02)
        process.send_signal(stop_signal)
        output, _ = process.communicate()
        if stop_signal is signal.SIGINT:
            assert process.returncode == 130
            assert b"unchanged" in output  # cached results were not graded again
    code, output_text = grade(course, "--jobs", "2")
    assert code == 1
    assert "unchanged" in output_text
    assert cache.stat().st_mode & 0o777 == cache.parent.stat().st_mode & 0o777 == 0o700
    uninterrupted = new_course("uninterrupted")
    submit(uninterrupted, *more)
    grade(uninterrupted, "--jobs", "2")
    assert_same_grades(course, uninterrupted)


def newly_graded(lines: list[ReportLine]) -> set[str]:
    return {line.student for line in lines if not line.unchanged}


def test_only_changed_submissions_are_graded_again(new_course: NewCourse) -> None:
    course = new_course("changed")
    everybody = {*CLASS} - {EXCLUDED}
    assert newly_graded([*inline_run(course).grade()]) == everybody
    submit(course, "eve")
    (course / "submitted" / "ada" / LESSON / "data.csv").write_text("3,4\n")
    assert newly_graded([*inline_run(course).grade()]) == {"eve", "ada"}
    retried = newly_graded([*inline_run(course).grade(only_failed=True)])
    assert retried == {"truncated", EMPTY}
    (course / "source" / LESSON / "extra.csv").write_text("new")
    assert newly_graded([*inline_run(course).grade()]) == everybody | {"eve"}


def test_submissions_that_arrive_during_the_run_are_graded(new_course: NewCourse) -> None:
    course = new_course("late")
    graded = []
    for line in inline_run(course).grade():
        graded.append(line.student)
        if len(graded) == 2:
            submit(course, "zoe")
    assert graded[-1] == "zoe"
    assert sorted(graded) == sorted({*CLASS, "zoe"} - {EXCLUDED})


def test_an_unprotected_host_ends_the_run(new_course: NewCourse) -> None:
    with pytest.raises(UnprotectedError):
        list(inline_run(new_course("open"), UnprotectedError(["No sandbox."])).grade())


def make_packages(root: Path) -> None:
    for package in fingerprint.PACKAGES:
        (root / package / "parts").mkdir(parents=True)
        (root / package / "module.py").write_text("x = 1\n")


def test_fingerprint_depends_on_code_and_data_but_not_on_documentation(tmp_path: Path) -> None:
    make_packages(tmp_path)
    data = tmp_path / "course" / "parts" / "data.npz"
    data.write_bytes(b"1")
    fingerprints = [fingerprint.compute(tmp_path)]
    (tmp_path / "course" / "claims.md").write_text("Documentation.")
    (tmp_path / "course" / "__pycache__").mkdir()
    (tmp_path / "course" / "__pycache__" / "module.pyc").write_bytes(b"1")
    assert fingerprint.compute(tmp_path) == fingerprints[0]
    data.write_bytes(b"2")
    fingerprints.append(fingerprint.compute(tmp_path))
    data.rename(data.with_name("other.npz"))
    fingerprints.append(fingerprint.compute(tmp_path))
    assert len(set(fingerprints)) == 3
    assert fingerprint.compute() == fingerprint.current()


def test_fingerprint_depends_on_library_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_packages(tmp_path)
    before = fingerprint.compute(tmp_path)
    monkeypatch.setattr("importlib.metadata.version", lambda _: "0.0")
    assert fingerprint.compute(tmp_path) != before


def test_a_version_depends_on_the_kernel_of_another_language_and_what_it_requires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    current = fingerprint.current()
    versions = {"scheme-kernel": "1", "metakernel": "1", "other": "1"}
    monkeypatch.setattr(fingerprint, "_distributions", lambda: {"scheme": ["scheme-kernel"]})
    monkeypatch.setattr("importlib.metadata.requires", lambda _: ["metakernel>=0.3"])
    monkeypatch.setattr("importlib.metadata.version", versions.get)
    command = ["python", "-m", "scheme", "-f", "{connection_file}"]
    kernel = tmp_path / "jupyter" / "kernels" / "own" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(json.dumps({"argv": command}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    kernels = {
        "scheme": {"name": "own", "display_name": "Own", "language": "scheme"},
        "python": {"name": "python3", "display_name": "Python", "language": "python"},
        "missing": {"name": "missing", "display_name": "R", "language": "R"},
    }
    jobs = {}
    for name, spec in kernels.items():
        path = tmp_path / name / "nb.ipynb"
        path.parent.mkdir()
        path.write_text(json.dumps(new_notebook(metadata={"kernelspec": spec})))
        jobs[name] = Job("a", "ada", path.parent, tmp_path, (), GradingSettings())
    assert jobs["python"].version() == jobs["missing"].version() == current
    seen = {jobs["scheme"].version()}
    assert current not in seen
    for name in ("other", "scheme-kernel", "metakernel"):
        versions[name] = "2"
        seen.add(jobs["scheme"].version())
    assert len(seen) == 3


def test_symbolic_links_are_not_read(tmp_path: Path) -> None:
    submission, elsewhere = tmp_path / "submission", tmp_path / "elsewhere"
    (submission / "folder").mkdir(parents=True)
    (submission / "folder" / "a.txt").write_text("a")
    elsewhere.mkdir()
    (elsewhere / "b.txt").write_text("b")
    (submission / "file-link").symlink_to("/etc/passwd")
    (submission / "folder-link").symlink_to(elsewhere)
    assert [path.name for path in untrusted_folders.walk(submission)] == ["a.txt"]
    assert list(untrusted_folders.walk(tmp_path / "missing")) == []


def test_only_so_much_of_a_submission_is_hashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(untrusted_folders, "MAX_COPIED_BYTES", 1000)
    (tmp_path / "small.ipynb").write_text("{}")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(10 << 40)
    before = inputs.read_submission(tmp_path)
    (tmp_path / "small.ipynb").write_text("[]")
    changed = inputs.read_submission(tmp_path)
    with (tmp_path / "huge").open("r+b") as file:
        file.truncate(9 << 40)
    shrunk = inputs.read_submission(tmp_path)
    assert len({before, changed, shrunk}) == 3


def test_totals_of_a_run() -> None:
    lines = [
        ReportLine("a", "graded", 1, 2, 3.0),
        ReportLine("b", "needs review", 0, 2, unchanged=True),
    ]
    totals = report.summarize(lines, 30, 2, RunCosts(base_bytes=300 << 20, peak_bytes=700 << 20))
    assert (totals["graded"], totals["needs review"], totals["per_minute"]) == (1, 1, 2.0)
    assert (totals["base_mb"], totals["job_mb"]) == (300, 200)
    summary = report.format_summary(totals)
    assert "2 submissions: 1 graded, 1 needs review; 1 unchanged." in summary
    assert "30 s with 2 parallel jobs, 2 submissions per minute." in summary


def test_workers_of_a_cluster_report_their_own_memory() -> None:
    lines = [ReportLine("a", "graded", 1, 2, 3.0, kernel=1 << 30, worker=1 << 29, warm=1 << 28)]
    totals = report.summarize(lines, 30, 2, RunCosts(base_bytes=1 << 27, peak_bytes=1 << 28))
    assert (totals["base_mb"], totals["job_mb"]) == (128 + 256, 1024 + 512)


def test_a_late_submission_keeps_its_timestamp(graded_course: Path) -> None:
    assert LATE in GRADED
    submissions = dump(graded_course)["submitted_assignment"]
    assert any(LATE in row and "20, 0" in row for row in submissions)
