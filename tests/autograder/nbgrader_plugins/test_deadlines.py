"""Extensions, the audit log, and when keys are shown."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder import audit_log, score_history
from autograder.__main__ import main
from autograder.batch.course_folder import CourseFolder
from autograder.nbgrader_plugins.course_paths import CourseError
from autograder.nbgrader_plugins.export import read_grades
from autograder.nbgrader_plugins.extensions import extend, last_due_date, parse_duration
from autograder.score_history import ScoreChange
from tests.autograder.runs import inline_run, slow
from tests.autograder.small import LESSON

pytestmark = slow
DUE = datetime(2026, 3, 1, 18)  # noqa: DTZ001  (UTC without a time zone, as in nbgrader)


@pytest.fixture
def course(graded_course: Path, tmp_path: Path) -> Path:
    """A graded course in which `late` came two hours late and lost all 8 points."""
    return Path(shutil.copytree(graded_course, tmp_path / "course"))


def gradebook(course: Path) -> Any:
    return Gradebook(f"sqlite:///{course}/gradebook.db", "autoencoders")


def test_an_extension_removes_the_late_penalty_and_is_logged(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["extend", "late", LESSON, "+48h", "--root", str(course)]) == 0
    assert "late: 01-small is due on 2026-03-03 18:00 UTC." in (output := capsys.readouterr().out)
    assert "The score changes from 0 to 8 of 8." in output
    change = score_history.read(score_history.history_path(course, LESSON, "late"))[-1]
    assert (change.score, change.penalty) == ((0, 8), (8, 0))
    assert change.causes[0].for_student == "Your due date was changed."
    entry = audit_log.read(course)[-1]
    assert (entry.action, entry.details["student"]) == ("extend", "late")
    assert main(["log", "--root", str(course)]) == 0
    assert "extend student=late assignment=01-small" in capsys.readouterr().out
    assert main(["extend", "late", LESSON, "0", "--root", str(course)]) == 0
    assert "from 8 to 0 of 8" in capsys.readouterr().out
    assert main(["extend", "lates", LESSON, "+48h", "--root", str(course)]) == 2
    assert "Did you mean late?" in capsys.readouterr().err


def test_the_log_tells_when_a_line_was_changed(course: Path) -> None:
    audit_log.record(course, "extend", student="ada")
    audit_log.record(course, "extend", student="bob")
    assert audit_log.check(course) == []
    path = course / score_history.FOLDER / audit_log.FILE
    path.write_text(path.read_text().replace("ada", "eve"))
    assert len(audit_log.check(course)) == 1


def test_a_line_that_was_cut_off_costs_no_other(course: Path, tmp_path: Path) -> None:
    path = score_history.history_path(tmp_path, LESSON, "ada")
    first, second = (ScoreChange(score=(None, points), maximum=8) for points in (3.0, 8.0))
    score_history.append(path, [first])
    path.write_bytes(path.read_bytes() + b'{"time": "2026')
    score_history.append(path, [second])
    assert score_history.read(path) == [first, second]
    audit_log.record(course, "extend", student="ada")
    log = course / score_history.FOLDER / audit_log.FILE
    log.write_bytes(log.read_bytes() + b"3\n")
    assert audit_log.read(course)[-1].details == {"student": "ada"}


def test_keys_stay_hidden_while_anybody_may_still_submit(course: Path) -> None:
    with gradebook(course) as book:
        assignment = book.find_assignment(LESSON)
        assert last_due_date(book, assignment) == DUE
        book.update_or_create_student("absent")  # who has submitted nothing
    extend(CourseFolder.open(course, LESSON).paths, "absent", timedelta(days=7))
    with gradebook(course) as book:
        assert last_due_date(book, book.find_assignment(LESSON)) == DUE + timedelta(days=7)


def test_a_student_with_an_extension_only_has_no_score_yet(course: Path) -> None:
    with gradebook(course) as book:
        book.update_or_create_student("absent")
    opened = CourseFolder.open(course, LESSON)
    extend(opened.paths, "absent", timedelta(days=7))
    statuses = {row["student_id"]: row["status"] for row in read_grades(opened.config).rows}
    assert statuses["absent"] == "not submitted"
    shutil.copytree(course / "submitted" / "ada", course / "submitted" / "absent")
    lines = {line.student: line for line in inline_run(course).grade()}
    assert (lines["absent"].before, lines["absent"].score) == (None, 8)
    with gradebook(course) as book:
        assert book.find_submission(LESSON, "absent").extension == timedelta(days=7)


@pytest.mark.parametrize("text", ["48", "-2h", "+", "h", "+2x", "+99999w", "tomorrow"])
def test_a_duration_is_weeks_days_hours_and_minutes(text: str) -> None:
    with pytest.raises(CourseError):
        parse_duration(text)
