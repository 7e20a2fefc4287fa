"""Grading again after a change: who is affected, why, and what is not run again."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from autograder import audit_log, score_history
from autograder.batch import report
from autograder.batch.batch import BatchRun
from autograder.batch.course_folder import CourseFolder
from autograder.batch.executors import WorkerPool
from autograder.batch.report import ReportLine
from autograder.nbgrader_plugins.gradebook_reader import StoredSubmission, read_scores
from autograder.publish import build
from tests.autograder.lessons import TEXT
from tests.autograder.runs import GRADED, dump, grade, graded_files, inline_run, slow
from tests.autograder.small import LESSON, NOTEBOOK, open_course
from tests.hostile.batch import nbgrader

pytestmark = slow
FIRST, SECOND = "- [x] the first of them", "- [ ] the second of them"


def correct_key(course: Path, text: str = TEXT) -> None:
    """Make the first option of the question `single` the right one."""
    text = text.replace("- [ ] the first of them", FIRST)
    text = text.replace("- [x] the second of them", SECOND)
    (course / "source" / LESSON / "small.md").write_text(text, encoding="utf-8")
    build.build_source(course)


def refuse(*_: Any) -> NoReturn:
    raise AssertionError("Nothing may be run again.")


def run_without_workers(course: Path, **settings: Any) -> list[ReportLine]:
    """Grade; fail if anything must be run."""
    pool = WorkerPool(refuse, lambda: 1)
    return list(BatchRun(CourseFolder.open(course, LESSON, 1), pool, **settings).grade())


def stored_scores(course: Path) -> Iterable[tuple[str, StoredSubmission]]:
    return read_scores(f"sqlite:///{course}/gradebook.db", LESSON).submissions.items()


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def regraded(graded_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graded course whose key is then corrected."""
    course = Path(shutil.copytree(graded_course, tmp_path_factory.mktemp("regrade") / "course"))
    run_without_workers(course)  # the copy has another gradebook
    correct_key(course)
    return course


def test_a_corrected_key_changes_exactly_the_answers_to_it_and_runs_no_code(
    regraded: Path,
) -> None:
    before_scores = {
        student: stored.points["small", "single"] for student, stored in stored_scores(regraded)
    }
    before = everything(regraded)
    dry = run_without_workers(regraded, dry_run=True)
    assert everything(regraded) == before
    code, output = grade(regraded, "--dry-run")
    assert everything(regraded) == before
    assert code == 3, output
    assert "would change" in output

    lines = run_without_workers(regraded, by="grace")
    assert [(line.student, line.score, line.cells) for line in lines] == [
        (line.student, line.score, line.cells) for line in dry
    ]
    changed = {line.student: line for line in lines if line.changed}
    assert changed["ada"].cells == {"single": (1, 0)}
    assert all(line.cells.keys() == {"single"} for line in changed.values())
    assert set(changed) == {name for name, score in before_scores.items() if score == 1}
    assert changed["ada"].lost_points
    text = report.format_changes(lines)
    assert "ada: 8 -> 7 of 8 (single 1 -> 0); the key of single was changed" in text
    assert not report.format_changes(run_without_workers(regraded))

    history = score_history.read(score_history.history_path(regraded, LESSON, "ada"))
    assert [change.score for change in history] == [(None, 8), (8, 7)]
    assert history[1].by == "grace"
    assert [str(cause) for cause in history[1].causes] == ["the key of single was changed"]
    assert history[0].submission == history[1].submission

    rescored = dump(regraded), graded_files(regraded)
    list(inline_run(regraded).grade(force=True))
    assert (dump(regraded), graded_files(regraded)) == rescored  # as if everything had run again


def test_a_new_submission_and_a_changed_test_are_named_as_the_cause(regraded: Path) -> None:
    course = regraded
    list(inline_run(course).grade())
    path = course / "submitted" / "ada" / LESSON / NOTEBOOK
    text = path.read_text(encoding="utf-8").replace("- [ ] the first", "- [x] the first")
    path.write_text(text.replace("- [x] the second", "- [ ] the second"), encoding="utf-8")
    lines = {line.student: line for line in inline_run(course).grade()}
    assert not lines["late"].causes
    assert lines["ada"].changed
    assert lines["ada"].causes == ("there is a new submission",)
    entries = audit_log.read(course)
    # Of the template's own commands.
    assert [entry.action for entry in entries] == ["generate", "grade"]
    assert audit_log.check(course) == []


QUIZ_ONLY = TEXT.partition("+++\n\n```")[0]


def make_large_class(folder: Path, size: int) -> Path:
    """Create a graded class in which every tenth student chose the first option, others none."""
    course = open_course(folder / "course", QUIZ_ONLY)
    assert nbgrader(course, "generate_assignment", LESSON)[0] == 0
    blank = (course / "release" / LESSON / NOTEBOOK).read_text(encoding="utf-8")
    chosen = blank.replace("- [ ] the first", "- [x] the first")
    cache = course / ".grading" / LESSON
    for number in range(size):
        submission = course / "submitted" / f"s{number:04}" / LESSON
        submission.mkdir(parents=True)
        (submission / NOTEBOOK).write_text(blank if number % 10 else chosen, encoding="utf-8")
        if number < 2:
            list(inline_run(course).grade())
        else:  # equal submissions have equal results
            shutil.copy(cache / f"s{int(number % 10 > 0):04}.json", cache / f"s{number:04}.json")
    run_without_workers(course)
    return course


@pytest.mark.long
def test_one_key_in_a_class_of_a_thousand_takes_seconds(tmp_path: Path) -> None:
    course = make_large_class(tmp_path, 1000)
    correct_key(course, QUIZ_ONLY)
    start = time.process_time()  # a busy machine's waits aren't counted
    lines = run_without_workers(course)
    seconds = time.process_time() - start
    affected = [f"s{number:04}" for number in range(0, 1000, 10)]
    assert [line.student for line in lines if line.changed] == affected
    assert len(lines) == 1000
    assert not any(line.lost_points for line in lines)
    assert seconds < 10


def test_the_command_prints_json_for_programs_and_notes_who_graded(
    graded_course: Path, tmp_path: Path
) -> None:
    course = Path(shutil.copytree(graded_course, tmp_path / "course"))
    run_without_workers(course)
    correct_key(course)
    code, output = grade(course, "--json", "--by", "grace hopper")
    assert code == 3, output
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert [line["done"] for line in lines] == list(range(1, len(GRADED) + 1))
    assert {line["of"] for line in lines} == {len(GRADED)}
    submissions = {line["submission"]["student"]: line["submission"] for line in lines}
    assert set(submissions) == set(GRADED)
    ada = submissions["ada"]
    assert (ada["status"], ada["changed"], ada["lost"]) == ("graded", True, True)
    assert ada["before"] - ada["score"] == 1
    assert ada["cells"] == {"single": [1, 0]}
    assert "submission/s" not in output  # no progress bar
    last = score_history.read(score_history.history_path(course, LESSON, "ada"))[-1]
    assert (last.by, last.score) == ("grace hopper", (ada["before"], ada["score"]))
    entry = next(one for one in reversed(audit_log.read(course)) if one.action == "grade")
    assert entry.by == "grace hopper"
    changed = sum(one["changed"] for one in submissions.values())
    assert (entry.details["submissions"], entry.details["changed"]) == (len(GRADED), changed)
