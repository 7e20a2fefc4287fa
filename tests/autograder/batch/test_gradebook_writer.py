"""The gradebook may be renewed, moved, locked or spoilt: a run makes it whole, or says why not."""

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
from autograder.batch.course_folder import CourseError
from autograder.batch.report_line import StoppedError
from autograder.batch.result_cache import ResultCache
from autograder.nbgrader_plugins import direct_writer, gradebook
from tests.autograder.runs import EMPTY, dump, run, same, slow
from tests.autograder.small import LESSON

pytestmark = slow
New = Callable[[str], Path]


def unchanged(lines: BatchRun) -> set[str]:
    """Run, and return who was graded anew."""
    return {line.student for line in lines.grade() if not line.unchanged}


def test_a_gradebook_that_was_made_anew_is_filled_again(new_course: New, template: Path) -> None:
    course, other = new_course("renewed"), new_course("undisturbed")
    list(run(course).grade())
    list(run(other).grade())
    shutil.copy(template / "gradebook.db", course)
    assert unchanged(run(course)) == {EMPTY}  # nobody's work is run again
    same(course, other)


def test_another_gradebook_is_filled_too(new_course: New, template: Path) -> None:
    course, other = new_course("moved"), new_course("undisturbed")
    list(run(course).grade())
    list(run(other).grade())
    shutil.copy(template / "gradebook.db", course / "new.db")
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(f"\nc.CourseDirectory.db_url = 'sqlite:///{course}/new.db'\n")
    assert unchanged(run(course)) == {EMPTY}
    assert dump(course, f"sqlite:///{course}/new.db") == dump(other)


def test_graded_notebooks_that_were_removed_come_back(new_course: New) -> None:
    course, other = new_course("removed"), new_course("undisturbed")
    list(run(course).grade())
    list(run(other).grade())
    shutil.rmtree(course / "autograded" / "ada")
    (course / "autograded" / "late" / LESSON / "small.ipynb").unlink()
    assert unchanged(run(course)) == {EMPTY}
    same(course, other)


def test_points_that_somebody_else_wrote_are_put_right(new_course: New) -> None:
    course, other = new_course("spoilt"), new_course("undisturbed")
    list(run(course).grade())
    list(run(other).grade())
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as connection, connection:
        connection.execute("UPDATE grade SET auto_score = 0.5 WHERE auto_score = 3")
    list(run(course).grade())
    same(course, other)


STOPS: dict[str, tuple[Any, str, int]] = {  # where, and at which call
    "a result is kept": (ResultCache, "put", 3),
    "a note is made of it": (ResultCache, "note", 3),
    "it is written": (gradebook_writer.GradebookWriter, "write", 3),
    "a first submission is entered": (gradebook, "insert_submission", 3),
    "scores are entered": (gradebook, "write_scores", 1),
    "points are taken for being late": (direct_writer.DirectWriter, "_late", 1),
    "the old folder is removed": (shutil, "rmtree", 5),
    "the new folder is put there": (Path, "replace", 4),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("stop", STOPS)
def test_a_run_that_stops_there_goes_on_to_the_same(
    new_course: New, whole: Path, monkeypatch: pytest.MonkeyPatch, stop: str, after: bool
) -> None:
    course = new_course("stopped")
    owner, name, at = STOPS[stop]
    real, calls = getattr(owner, name), [0]

    def stopping(*given: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] < at:  # somebody is done before
            return real(*given, **named)
        if after:
            real(*given, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, stopping)
        with pytest.raises(KeyboardInterrupt):
            list(run(course).grade())
    assert dump(course) != dump(whole)
    list(run(course).grade())
    same(course, whole)
    assert unchanged(run(course)) == {EMPTY}


def test_a_locked_gradebook_is_waited_for(
    new_course: New, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course, said = new_course("locked"), list[str]()
    code = (
        f"import sqlite3, sys; c = sqlite3.connect({str(course / 'gradebook.db')!r});"
        "c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); sys.stdin.read()"
    )
    with contextlib.ExitStack() as stack:
        holder = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        assert any(
            str(holder.pid) in who
            for who in gradebook_lock.holders(f"sqlite:///{course}/gradebook.db")
        )

        def tell(words: str) -> None:
            said.append(words)
            holder.communicate("")

        doing = run(course)
        monkeypatch.setattr(doing._writer, "_tell", tell)
        lines = list(doing.grade())
    assert all(line.status != "failed" for line in lines)
    assert len(said) == 1
    assert f"is locked by process {holder.pid} (" in said[0]
    same(course, whole)


def test_one_that_stays_locked_ends_the_run_in_words(
    new_course: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = new_course("stuck")
    monkeypatch.setattr(gradebook_lock.retry_while_locked, "__defaults__", (0.1,))
    ready = run(course)
    ready.look()
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoppedError, match="was locked by another program for 0 s"):
            list(ready.grade())
    assert list((course / ".grading" / LESSON).glob("*.json"))  # what was graded is kept
    assert unchanged(run(course)) >= {EMPTY}


def test_a_gradebook_that_does_not_know_the_lesson_is_named_first(
    new_course: New, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    course = new_course("unknown")
    given = ["grade", LESSON, "--root", str(course)]
    book = course / "gradebook.db"
    made = book.read_bytes()
    book.unlink()
    assert main(given) == 2
    assert f"it is made by: nbgrader generate_assignment {LESSON}" in capsys.readouterr().err
    assert not book.exists()
    book.touch()
    assert main(given) == 2
    assert "The gradebook is empty" in capsys.readouterr().err
    book.unlink()
    with Gradebook(f"sqlite:///{book}", "autoencoders"):
        pass
    assert main(given) == 2
    assert f"does not know {LESSON} yet" in capsys.readouterr().err
    book.write_bytes(b"This is no gradebook, and long enough to be taken for something." * 20)
    assert main(given) == 2
    assert "The gradebook can't be read" in capsys.readouterr().err
    book.write_bytes(made)
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("\nc.CourseDirectory.db_url = 'postgresql+psycopg://127.0.0.1:1/none'\n")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert main(given) == 2
    assert "pip install '.[hub]'" in capsys.readouterr().err
    monkeypatch.undo()
    assert main(given) == 2
    assert "can't be read" in capsys.readouterr().err
    assert not list((course / ".grading" / LESSON).glob("*.json"))  # nobody was graded in vain


def test_a_gradebook_of_another_version_is_a_reason(new_course: New) -> None:
    course = new_course("other")
    path = course / "source" / LESSON / "small.ipynb"
    nb = json.loads(path.read_bytes())
    nb["cells"] = [cell for cell in nb["cells"] if cell["id"] != "half-test"]
    path.write_text(json.dumps(nb))
    with pytest.raises(CourseError, match="source/ and the gradebook differ in half-test"):
        list(run(course).grade())


def test_slips_are_named_before_anybody_is_graded(
    new_course: New, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["grade", LESSON, "--root", str(tmp_path)]) == 2
    assert "has no nbgrader_config.py" in capsys.readouterr().err
    course = new_course("slips")
    given = ["grade", LESSON, "--root", str(course)]
    assert main(["grade", "02-none", *given[2:]]) == 2
    assert "no assignment '02-none'; there are 01-small" in capsys.readouterr().err
    assert main([*given, "--jobs", "0"]) == 2
    assert "one is the least" in capsys.readouterr().err
    for place in ("/nonexistent/run.json", str(tmp_path)):
        assert main([*given, "--report", place]) == 2
        assert f"--report {place}: no file can be written there" in capsys.readouterr().err
    with ResultCache(course, LESSON, "").alone():
        assert main(given) == 2
    assert "Another run over 01-small is going on" in capsys.readouterr().err
    assert not list((course / ".grading" / LESSON).glob("*.json"))
    (course / "nbgrader_config.py").write_text("c = get_config(\n")
    assert main(given) == 2
    assert "nbgrader_config.py can't be read: SyntaxError" in capsys.readouterr().err
