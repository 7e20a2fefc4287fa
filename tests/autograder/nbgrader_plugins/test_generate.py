"""An assignment with submissions can change: nothing is lost, and everyone sees what changed."""

from __future__ import annotations

import csv
import os
import shutil
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.batch.report import ReportLine, format_changes
from autograder.nbgrader_plugins import generate
from autograder.nbgrader_plugins.course_paths import CourseError
from autograder.publish import build
from tests.autograder import lessons
from tests.autograder.nbgrader_plugins.test_release import formgrader_api
from tests.autograder.runs import inline_run, make_class, slow
from tests.autograder.small import LESSON, NOTEBOOK
from tests.classroom.commands import Shell

pytestmark = slow
ENVIRONMENT = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
QUESTION = """
+++ {"quiz": "extra", "points": 2}

**More?**

- [x] yes
  > Yes.
- [ ] no
  > No.
"""


class Course:
    """A course with the small lesson, graded."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.shell = Shell(root, ENVIRONMENT)
        self.release = root / "release" / LESSON / NOTEBOOK

    def write(self, text: str) -> None:
        (self.root / "source" / LESSON / "small.md").write_text(text)
        build.build_source(self.root)

    def generate(self, expect: int = 0) -> str:
        return self.shell.nbgrader("generate_assignment", LESSON, expect=expect)

    def grade(self, **options: bool) -> dict[str, ReportLine]:
        return {line.student: line for line in inline_run(self.root).grade(**options)}

    def export(self) -> dict[str, dict[str, str]]:
        self.shell.nbgrader("export")
        with (self.root / "grades.csv").open(encoding="utf-8") as file:
            return {row["student_id"]: row for row in csv.DictReader(file)}

    def gradebook(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.root}/gradebook.db", "autoencoders")

    def score_by_hand(self, student: str, cell: str, score: float) -> None:
        with self.gradebook() as gradebook:
            grade = gradebook.find_grade(cell, "small", LESSON, student)
            grade.manual_score, grade.needs_manual_grade = score, False
            gradebook.db.commit()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_class(tmp_path_factory.mktemp("template"), "", "ada", "bob", "late")
    list(inline_run(root).grade())
    return root


@pytest.fixture
def course(template: Path, tmp_path: Path) -> Course:
    return Course(Path(shutil.copytree(template, tmp_path / "course")))


def summary(course: Course) -> dict[str, tuple[str, str, str]]:
    return {
        student: (row["score"], row["max_score"], row["status"])
        for student, row in course.export().items()
    }


def test_a_question_can_be_added(course: Course) -> None:
    course.score_by_hand("bob", "single", 0.5)
    course.write(lessons.TEXT + QUESTION)
    with pytest.raises(CourseError, match=r"extra.*: nbgrader generate_assignment 01-small$"):
        course.grade()
    message = course.shell.nbgrader("autograde", LESSON, "--force", expect=1)
    assert "different cells: extra" in message
    assert (course.root / "autograded" / "ada" / LESSON / NOTEBOOK).exists()
    output = course.generate()
    assert "added: extra (2 points)" in output
    assert "ada: 8 of 8 -> 8 of 10" in output
    assert "python -m autograder grade 01-small" in output
    assert '"extra"' in course.release.read_text()
    assert summary(course)["ada"] == ("", "10.0", "needs review")
    lines = course.grade()
    assert (lines["ada"].score, lines["ada"].maximum) == (8, 10)
    assert lines["bob"].score == 7.5
    assert lines["bob"].status == "needs review"
    assert summary(course)["ada"] == ("8.0", "10.0", "graded")
    assert summary(course)["bob"] == ("", "10.0", "needs review")
    course.shell.nbgrader("generate_feedback", LESSON)


def test_new_points_are_noticed_before_anyone_gets_more_than_the_maximum(course: Course) -> None:
    course.write(lessons.TEXT.replace('{"quiz": "single"}', '{"quiz": "single", "points": 5}'))
    with pytest.raises(CourseError, match="different points: single"):
        course.grade()
    assert "different points: single" in course.shell.nbgrader(
        "autograde", LESSON, "--force", expect=1
    )
    assert summary(course)["ada"] == ("8.0", "8.0", "graded")
    output = course.generate()
    assert "points of single: 1 -> 5" in output
    assert "ada: 8 of 8 -> 7 of 12" in output
    assert summary(course)["ada"] == ("", "12.0", "needs review")
    changes = format_changes(course.grade().values())
    assert "ada: 7 -> 12 of 12" in changes
    assert summary(course)["ada"] == ("12.0", "12.0", "graded")


def test_a_removed_question_takes_nothing_with_it_that_a_person_gave(course: Course) -> None:
    course.score_by_hand("bob", "single", 0.5)
    course.score_by_hand("bob", "several", 1.5)
    start = lessons.TEXT.index('+++ {"quiz": "single"}')
    end = lessons.TEXT.index('+++ {"quiz": "several"')
    course.write(lessons.TEXT[:start] + lessons.TEXT[end:])
    output = course.generate()
    assert "removed: single (1 points)" in output
    assert "bob had 0.5 by hand for single; kept in .grading/01-small/removed-scores.csv" in output
    kept = course.root / ".grading" / LESSON / generate.REMOVED_SCORES
    assert "bob,small,single,0.5" in kept.read_text()
    lines = course.grade()
    assert (lines["ada"].score, lines["bob"].score) == (7, 6.5)
    assert summary(course)["ada"] == ("7.0", "7.0", "graded")


@pytest.mark.parametrize("obstacle", ["leak", "full disk"])
def test_a_failure_changes_nothing(
    course: Course, obstacle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = course.release.read_bytes()
    course.write(lessons.TEXT + QUESTION)
    if obstacle == "leak":
        (course.root / "source" / LESSON / "held_out.npz").write_bytes(b"x")
        assert "'held_out.npz' is neither" in course.generate(expect=1)
        (course.root / "source" / LESSON / "held_out.npz").unlink()
    else:
        rename = Path.rename

        def fail(path: Path, target: Path) -> Path:
            if path.parent.name == "new":
                raise OSError("No space left on device")
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", fail)
        response = formgrader_api(course.root).generate_assignment(LESSON)
        assert not response["success"]
        assert "No space left" in response["error"]
        monkeypatch.undo()
    assert course.release.read_bytes() == before
    assert [path.name for path in course.release.parents[1].iterdir()] == [LESSON]
    with course.gradebook() as gradebook:
        assert gradebook.find_assignment(LESSON).max_score == 8
    course.generate()
    assert course.release.read_bytes() != before


def test_a_changed_key_moves_scores_and_the_run_lists_them(course: Course) -> None:
    wrong, right = "- [ ] the first of them", "- [x] the second of them"
    text = lessons.TEXT.replace(wrong, wrong.replace(" ]", "x]"))
    course.write(text.replace(right, right.replace("x]", " ]")))
    assert "ada: 8 -> 7 of 8" in format_changes(course.grade().values())
    assert summary(course)["ada"] == ("7.0", "8.0", "graded")


def test_a_new_submission_after_scoring_by_hand_needs_review_everywhere(course: Course) -> None:
    course.score_by_hand("bob", "single", 0.5)
    assert course.grade()["bob"].status == "graded"
    (course.root / "submitted" / "bob" / LESSON / "data.csv").write_text("new")
    line = course.grade()["bob"]
    row = course.export()["bob"]
    assert line.status == row["status"] == "needs review"
    assert line.reason == row["reason"]
    assert line.reason.startswith("single: A person scored this before it was graded again")
    assert course.grade()["bob"].status == "needs review"  # unchanged
    course.score_by_hand("bob", "single", 0.5)  # confirmed
    assert course.grade()["bob"].settled
    assert course.export()["bob"]["score"] == "7.5"


def test_the_due_date_the_policy_and_extensions_count_from_the_next_run_on(course: Course) -> None:
    def set_due(date: str) -> None:
        course.shell.nbgrader("db", "assignment", "add", LESSON, "--duedate", date)

    assert summary(course)["late"][0] == "0.0"
    set_due("2026-03-02 18:00:00 UTC")
    line = course.grade()["late"]
    assert (line.score, line.before, line.unchanged) == (8, 0, True)
    assert summary(course)["late"][0] == "8.0"
    set_due("2026-03-01 18:00:00 UTC")
    line = course.grade()["late"]
    assert (line.score, line.penalty) == (0, 8)
    with course.gradebook() as gradebook:
        gradebook.grant_extension(LESSON, "late", hours=3)
    assert course.grade()["late"].score == 8
    with course.gradebook() as gradebook:
        gradebook.grant_extension(LESSON, "late")
    with (course.root / "nbgrader_config.py").open("a") as file:
        file.write("\nc.LateSubmissionPlugin.penalty_method = 'none'\n")
    assert course.grade()["late"].score == 8
    assert summary(course)["late"][0] == "8.0"
    with (course.root / "nbgrader_config.py").open("a") as file:
        file.write("\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    course.shell.nbgrader("autograde", LESSON)  # skips what is graded
    assert summary(course)["late"][0] == "0.0"


def test_everything_can_be_graded_again(course: Course) -> None:
    assert all(line.unchanged for line in course.grade().values())
    assert not any(line.unchanged for line in course.grade(force=True).values())


def test_folders_whose_names_are_no_ids_stop_nobody(course: Course) -> None:
    bad = ("eve\n", "a\x1b[2J", os.fsdecode(b"\xff\xfe"), "-2", "*")
    for name in bad:
        shutil.copytree(course.root / "submitted" / "ada", course.root / "submitted" / name)
    shutil.copytree(course.root / "submitted" / "ada", course.root / "submitted" / "zoe")
    lines = course.grade()
    for name in bad:
        assert lines[name].status == "failed"
        assert "can't be a student's id" in lines[name].reason
        assert str(lines[name]).isprintable()
    assert lines["zoe"].settled
    shutil.rmtree(course.root / "autograded" / "zoe")
    output = course.shell.nbgrader("autograde", LESSON)
    assert output.count("can't be a student's id") == len(bad)
    assert (course.root / "autograded" / "zoe" / LESSON / NOTEBOOK).exists()
    rows = course.export()
    assert rows["zoe"]["status"] == "graded"
    invalid = [row for row in rows.values() if "can't be a student's id" in row["reason"]]
    assert len(invalid) == len(bad)
    assert {row["status"] for row in invalid} == {"not graded"}


def test_a_damaged_notebook_costs_the_export_one_row_only(course: Course) -> None:
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade("single", "small", LESSON, "bob")
        grade.needs_manual_grade = True
        gradebook.db.commit()
        gradebook.update_or_create_student("ada", last_name="-2+3|calc", first_name="＝1")
    path = course.root / "autograded" / "bob" / LESSON / NOTEBOOK
    path.chmod(0o600)
    path.write_text("{")
    rows = course.export()
    assert rows["ada"]["score"] == "8.0"
    assert (rows["ada"]["last_name"], rows["ada"]["first_name"]) == ("'-2+3|calc", "'＝1")
    assert rows["bob"]["status"] == "not graded"
    assert rows["bob"]["reason"].startswith("Can't be exported: JSONDecodeError")
