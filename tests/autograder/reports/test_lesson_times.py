"""The table of run times is up to date for every lesson, and no lesson runs for long."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.publish import build
from autograder.reports import lesson_times

COURSE = Path(__file__).resolve().parents[3]
LESSONS = build.assignment_names(COURSE)


def test_each_lesson_runs_within_ninety_seconds() -> None:
    rows = lesson_times.read_table(COURSE)
    assert list(rows) == LESSONS, "run `python -m autograder times`"
    assert all(0 < row.seconds <= 90 for row in rows.values()), rows


@pytest.mark.parametrize("name", LESSONS)
def test_the_measured_code_is_the_current_one(name: str) -> None:
    (text,) = build.lesson_files(COURSE, [name])
    code = lesson_times.code_hash(text.with_suffix(".ipynb"))
    assert lesson_times.read_table(COURSE)[name].code == code, "run `python -m autograder times`"


@pytest.mark.parametrize("name", LESSONS)
def test_the_lesson_states_its_run_time(name: str) -> None:
    (text,) = build.lesson_files(COURSE, [name])
    match = re.search(
        r"code cells\s+run\s+for\s+about\s+(?:(a)\s+minute|(\d+)\s+seconds)",
        text.read_text(encoding="utf-8"),
    )
    assert match is not None
    stated = 60 if match[1] else int(match[2])
    measured = lesson_times.read_table(COURSE)[name].seconds
    assert stated / 2.5 <= measured <= 1.2 * stated, f"{name}: {stated=} s, {measured=} s"


def make_course(root: Path, *sources: str) -> Path:
    """Create a course of one lesson with these code cells."""
    lesson = root / "source" / "01-small" / "small.md"
    lesson.parent.mkdir(parents=True, exist_ok=True)
    (root / "course").mkdir(exist_ok=True)
    lesson.write_text("# Small\n", encoding="utf-8")
    cells = [new_markdown_cell("# Small", id="title")]
    cells += [new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources)]
    build.write_notebook(new_notebook(cells=cells), lesson.with_suffix(".ipynb"))
    return root


def test_only_changed_lessons_are_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[str] = []

    def measure(path: Path) -> tuple[int, float]:
        measured.append(path.name)
        assert "COURSE_DATA" not in os.environ
        return len(lesson_times.code_cells(path)), 7.4 * len(measured)

    monkeypatch.setattr(lesson_times, "measure", measure)
    monkeypatch.setenv("COURSE_DATA", "/srv/data")
    table = lesson_times.write_table(make_course(tmp_path, "x = 1", "")).read_text(encoding="utf-8")
    assert "| [01-small](../source/01-small/small.md) | 1 | 7 |" in table
    assert lesson_times.write_table(tmp_path).read_text(encoding="utf-8") == table
    assert measured == ["small.ipynb"]
    lesson_times.write_table(make_course(tmp_path, "x = 2", ""))
    assert lesson_times.read_table(tmp_path)["01-small"].seconds == 15
    assert os.environ["COURSE_DATA"] == "/srv/data"
