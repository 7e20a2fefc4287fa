"""A run completes a gradebook that was reset, moved, locked or changed, or says why it can't."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.__main__ import main
from autograder.batch import gradebook_lock, gradebook_writer
from autograder.batch.batch import BatchRun
from autograder.batch.report import RunStoppedError
from autograder.batch.result_cache import ResultCache
from autograder.nbgrader_plugins import direct_writer, gradebook
from autograder.nbgrader_plugins.course_paths import CourseError
from tests.autograder.runs import assert_same_grades, dump, inline_run, slow
from tests.autograder.small import LESSON

pytestmark = slow
NewCourse = Callable[[str], Path]


def newly_graded(run: BatchRun) -> set[str]:
    return {line.student for line in run.grade() if not line.unchanged}


@pytest.fixture
def pair(new_course: NewCourse) -> tuple[Path, Path]:
    """Two courses that were graded in the same way."""
    courses = new_course("course"), new_course("other")
    for course in courses:
        list(inline_run(course).grade())
    return courses


def test_a_reset_gradebook_is_filled_without_grading(
    pair: tuple[Path, Path], course_template: Path
) -> None:
    course, other = pair
    shutil.copy(course_template / "gradebook.db", course)
    assert newly_graded(inline_run(course)) == set()
    assert_same_grades(course, other)


def test_another_gradebook_is_filled_without_grading(
    pair: tuple[Path, Path], course_template: Path
) -> None:
    course, other = pair
    shutil.copy(course_template / "gradebook.db", course / "new.db")
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(f"\nc.CourseDirectory.db_url = 'sqlite:///{course}/new.db'\n")
    assert newly_graded(inline_run(course)) == set()
    assert dump(course, f"sqlite:///{course}/new.db") == dump(other)


def test_deleted_graded_notebooks_are_restored_without_grading(pair: tuple[Path, Path]) -> None:
    course, other = pair
    shutil.rmtree(course / "autograded" / "ada")
    (course / "autograded" / "late" / LESSON / "small.ipynb").unlink()
    assert newly_graded(inline_run(course)) == set()
    assert_same_grades(course, other)


def test_changed_automatic_scores_are_restored(pair: tuple[Path, Path]) -> None:
    course, other = pair
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as connection, connection:
        connection.execute("UPDATE grade SET auto_score = 0.5 WHERE auto_score = 3")
    list(inline_run(course).grade())
    assert_same_grades(course, other)


INTERRUPTIONS: dict[str, tuple[Any, str, int]] = {  # the step, and at which call of it
    "caching a result": (ResultCache, "put", 3),
    "clearing the mark of a result": (ResultCache, "clear_mark", 2),
    "marking a result as written": (ResultCache, "mark_written", 1),
    "writing a result": (gradebook_writer.GradebookWriter, "write", 3),
    "adding a submission": (gradebook, "insert_submission", 3),
    "updating scores": (gradebook, "write_scores", 1),
    "applying the late penalty": (direct_writer.DirectWriter, "_apply_late_penalty", 1),
    "removing the old folder": (shutil, "rmtree", 5),
    "renaming the new folder": (Path, "replace", 4),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", INTERRUPTIONS)
def test_a_run_interrupted_at_any_step_can_be_completed(
    new_course: NewCourse,
    graded_course: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    after: bool,
) -> None:
    course = new_course("stopped")
    owner, name, interrupted_call = INTERRUPTIONS[step]
    real, calls = getattr(owner, name), 0

    def interrupt(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls < interrupted_call:  # let other submissions finish first
            return real(*args, **kwargs)
        if after:
            real(*args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, interrupt)
        with pytest.raises(KeyboardInterrupt):
            list(inline_run(course).grade())
    assert dump(course) != dump(graded_course)
    list(inline_run(course).grade())
    assert_same_grades(course, graded_course)
    assert newly_graded(inline_run(course)) == set()


def test_the_run_waits_while_the_gradebook_is_locked(
    new_course: NewCourse, graded_course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course, messages = new_course("locked"), list[str]()
    lock_program = (
        f"import sqlite3, sys; c = sqlite3.connect({str(course / 'gradebook.db')!r});"
        "c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", lock_program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        holders = gradebook_lock.lock_holders(f"sqlite:///{course}/gradebook.db")
        assert any(str(holder.pid) in description for description in holders)

        def release_lock(message: str) -> None:
            messages.append(message)
            holder.communicate("")

        run = inline_run(course)
        monkeypatch.setattr(run._writer, "_notify", release_lock)
        lines = list(run.grade())
    assert all(line.status != "failed" for line in lines)
    assert len(messages) == 1
    assert f"is locked by process {holder.pid} (" in messages[0]
    assert_same_grades(course, graded_course)


def test_a_gradebook_that_stays_locked_stops_the_run(
    new_course: NewCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = new_course("stuck")
    monkeypatch.setattr(gradebook_lock.retry_while_locked, "__defaults__", (0.1,))
    run = inline_run(course)
    run.read_gradebook()
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RunStoppedError, match="was locked by another program for 0 s"):
            list(run.grade())
    assert list((course / ".grading" / LESSON).glob("*.json"))  # results are kept
    assert newly_graded(inline_run(course))


def not_created(path: Path) -> None:
    path.unlink()


def empty_file(path: Path) -> None:
    path.write_bytes(b"")


def without_the_assignment(path: Path) -> None:
    path.unlink()
    with Gradebook(f"sqlite:///{path}", "autoencoders"):
        pass


def damaged(path: Path) -> None:
    path.write_bytes(b"This isn't a database, but it is as long as a short one could be." * 20)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (not_created, f"Create it with: nbgrader generate_assignment {LESSON}"),
        (empty_file, "The gradebook is empty"),
        (without_the_assignment, f"{LESSON} isn't in the gradebook yet"),
        (damaged, "Can't read the gradebook"),
    ],
)
def test_an_unusable_gradebook_is_reported_before_grading(
    new_course: NewCourse,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], None],
    message: str,
) -> None:
    course = new_course("unknown")
    path = course / "gradebook.db"
    spoil(path)
    assert main(["grade", LESSON, "--root", str(course)]) == 2
    assert message in capsys.readouterr().err
    assert path.exists() is (spoil is not not_created)
    assert not list((course / ".grading" / LESSON).glob("*.json"))


def test_an_unreachable_database_server_is_reported_before_grading(
    new_course: NewCourse, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    course = new_course("server")
    arguments = ["grade", LESSON, "--root", str(course)]
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("\nc.CourseDirectory.db_url = 'postgresql+psycopg://127.0.0.1:1/none'\n")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert main(arguments) == 2
    assert "pip install '.[hub]'" in capsys.readouterr().err
    monkeypatch.undo()
    assert main(arguments) == 2
    assert "Can't read the gradebook" in capsys.readouterr().err
    assert not list((course / ".grading" / LESSON).glob("*.json"))


def test_cells_that_differ_from_the_gradebook_are_named(new_course: NewCourse) -> None:
    course = new_course("other")
    path = course / "source" / LESSON / "small.ipynb"
    nb = json.loads(path.read_bytes())
    nb["cells"] = [cell for cell in nb["cells"] if cell["id"] != "half-test"]
    path.write_text(json.dumps(nb))
    message = "source/ and the gradebook have different cells: half-test"
    with pytest.raises(CourseError, match=message):
        list(inline_run(course).grade())


def test_usage_errors_are_reported_before_grading(
    new_course: NewCourse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def error(*arguments: str) -> str:
        assert main(["grade", *arguments]) == 2
        return capsys.readouterr().err

    course = new_course("slips")
    root = ("--root", str(course))
    assert "has no nbgrader_config.py" in error(LESSON, "--root", str(tmp_path))
    assert "No assignment '02-none' in source/. Available: 01-small" in error("02-none", *root)
    assert "--jobs must be at least 1 (got 0)." in error(LESSON, *root, "--jobs", "0")
    for path in ("/nonexistent/run.json", str(tmp_path)):
        assert f"Can't write --report {path}." in error(LESSON, *root, "--report", path)
    with ResultCache(course, LESSON, "").lock():
        assert "Another run is grading 01-small" in error(LESSON, *root)
    assert not list((course / ".grading" / LESSON).glob("*.json"))
    (course / "nbgrader_config.py").write_text("c = get_config(\n")
    message = error(LESSON, *root)
    assert f"Can't read {course}/nbgrader_config.py: SyntaxError" in message
