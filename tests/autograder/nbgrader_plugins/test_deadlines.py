"""Extensions, the audit log, and when keys are shown."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder import audit_log, deadlines, score_history
from autograder.__main__ import main
from autograder.batch.course_folder import CourseFolder
from autograder.batch.deadlines import apply, late_days_left, overview, set_due_date
from autograder.nbgrader_plugins.course_config import read_config
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.nbgrader_plugins.export import read_grades
from autograder.nbgrader_plugins.extensions import (
    extend,
    last_due_date,
    last_open_date,
    parse_duration,
)
from autograder.score_history import ScoreChange
from tests.autograder.runs import dump, inline_run, slow
from tests.autograder.small import LESSON
from tests.hostile.batch import nbgrader

pytestmark = slow
DUE = datetime(2026, 3, 1, 18)  # noqa: DTZ001  (UTC without a time zone, as in nbgrader)
EXPLANATION = "This one."  # below the right option


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


def feedback(course: Path, student: str = "two-ticks") -> str:
    """Return a student's page, generated now."""
    arguments = ("generate_feedback", LESSON, "--student", student, "--force")
    code, output = nbgrader(course, *arguments)
    assert code == 0, output
    return (course / "feedback" / student / LESSON / "small.html").read_text()


def write_policy(course: Path, text: str) -> None:
    (course / deadlines.FILE).write_text(text, encoding="utf-8")


def row(course: Path, student: str) -> dict[str, Any]:
    rows = read_grades(read_config(course)).rows
    return next(row for row in rows if row["student_id"] == student)


def test_gradebook_export_and_lms_file_agree_on_the_policy(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_policy(course, "penalty = 10\n")
    assert main(["deadlines", "--root", str(course), "--dry-run"]) == 0
    assert "late: 0 -> 7.2 of 8; the late penalty changed" in capsys.readouterr().out
    assert row(course, "late")["score"] == 0
    assert main(["deadlines", "--root", str(course)]) == 0
    output = capsys.readouterr().out
    assert "late: 0 -> 7.2 of 8; the late penalty changed" in output
    assert "Late: −10% for each day begun after the due date." in output
    assert "Keys stay hidden until 2026-03-10 18:00 UTC." in output
    exported = row(course, "late")
    assert (exported["score"], exported["late_submission_penalty"]) == (7.2, pytest.approx(0.8))
    with gradebook(course) as book:
        submission = book.find_submission(LESSON, "late")
        assert submission.late_submission_penalty == pytest.approx(0.8)
    target = course / "moodle.csv"
    assert (
        main(["lms", "moodle", LESSON, "--to", str(target), "--root", str(course)]) == 1
    )  # others have no final score
    assert "7.2" in target.read_text()
    change = score_history.read(score_history.history_path(course, LESSON, "late"))[-1]
    assert (change.score, change.causes[0].kind) == ((0.0, 7.2), "late")
    assert audit_log.read(course)[-1].details == {"assignment": LESSON, "changed": 1, "lower": 0}
    # What nbgrader's own command and a run of ours make of it is the same.
    code, output = nbgrader(course, "autograde", LESSON, "--student", "late", "--force")
    assert code == 0, output
    assert row(course, "late")["score"] == 7.2
    lines = {line.student: line for line in inline_run(course).grade()}
    assert lines["late"].score == 7.2


def test_a_stricter_policy_or_an_earlier_due_date_loses_points_and_says_so(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_policy(course, "penalty = 10\n")
    assert main(["deadlines", "--root", str(course)]) == 0
    write_policy(course, "penalty = 10\ncut_off = '1h'\n")
    assert main(["deadlines", "--root", str(course)]) == 3
    assert "late: 7.2 -> 0 of 8" in capsys.readouterr().out
    assert main(["deadlines", LESSON, "2026-03-01 19:30", "--root", str(course)]) == 0
    assert "late: 0 -> 7.2 of 8" in capsys.readouterr().out
    assert main(["deadlines", LESSON, "2026-02-28 19:30", "--root", str(course)]) == 3
    assert "ada: 8 -> 0 of 8" in capsys.readouterr().out
    actions = [entry.action for entry in audit_log.read(course)]
    assert actions[-2:] == ["due date", "deadlines"]
    assert main(["deadlines", LESSON, "25:00", "--root", str(course)]) == 2
    assert "isn't a due date" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["deadlines"], ["grade", LESSON]])
def test_an_invalid_policy_stops_before_anything_changes(
    course: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    write_policy(course, "penalty = 150\n")
    before = dump(course)
    assert main([*command, "--root", str(course)]) == 2
    assert "penalty = 150: it must be at most 100" in capsys.readouterr().err
    assert dump(course) == before
    code, output = nbgrader(course, "autograde", LESSON, "--force")
    assert code != 0
    assert "penalty = 150" in output


def test_late_days_are_spent_in_order_of_submission_across_assignments(course: Path) -> None:
    write_policy(course, "penalty = 10\nlate_days = 1\n")
    opened = CourseFolder.open(course, LESSON)
    apply(course, opened.config)
    assert row(course, "late")["score"] == 8  # two hours late: one late day
    assert late_days_left(opened.config) == {"late": 0}
    page = feedback(course, "late")
    assert "1 late day of yours was spent on it." in page
    assert "you had no late days left." in page
    assert "you had 1 late day left." in feedback(course, "ada")  # in time
    # An earlier submission to another assignment takes the day instead.
    with gradebook(course) as book:
        book.add_assignment("00-first", duedate=datetime(2026, 2, 1))  # noqa: DTZ001
        book.add_submission("00-first", "late", timestamp=datetime(2026, 2, 1, 3))  # noqa: DTZ001
    (line,) = apply(course, opened.config)[LESSON]
    assert line.before == 8
    assert line.score == pytest.approx(7.2)
    # With an extension there, it is free for this one again.
    first = CoursePaths.from_config(opened.config, "00-first")
    extend(first, "late", timedelta(hours=3))
    (line,) = apply(course, opened.config)[LESSON]
    assert line.score == 8


def test_feedback_names_due_date_rule_and_penalty(course: Path) -> None:
    write_policy(course, "penalty = 10\n")
    apply(course, read_config(course))
    page = re.sub("</?time[^>]*>", "", feedback(course, "late"))
    text = " ".join(re.sub("<[^>]*>", " ", page).split())
    assert "Due March 1, 2026, 18:00 UTC. Late: −10% for each day begun after the due date." in text
    assert "Submitted 2 hours after the due date, March 1, 2026, 18:00 UTC." in text
    assert "Late penalty: 0.8 of 8 points, which leaves 7.2." in text
    assert "late day" not in text


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


def test_keys_stay_hidden_until_late_submissions_earn_nothing(course: Path) -> None:
    write_policy(course, "penalty = 10\ncut_off = '5d'\n")
    opened = CourseFolder.open(course, LESSON)
    extend(opened.paths, "ada", timedelta(days=7))
    (one,) = overview(opened.config)
    assert one.closes == DUE + timedelta(days=12)
    with gradebook(course) as book:
        assignment = book.find_assignment(LESSON)
        assert last_open_date(book, assignment, one.rule) == DUE + timedelta(days=12)
    assignment_due = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=8)
    set_due_date(course, opened.config, LESSON, assignment_due)
    page = feedback(course)
    assert "when nobody can submit for points any more, after" in page
    assert EXPLANATION not in page
    set_due_date(course, opened.config, LESSON, assignment_due - timedelta(days=5))
    assert EXPLANATION in feedback(course)


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
