"""The table of run times knows every lesson as it is, and none keeps a class waiting."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.publish import build
from autograder.reports import lesson_times

COURSE = Path(__file__).resolve().parents[3]
LESSONS = build.assignments(COURSE)


def test_each_lesson_runs_within_a_minute_and_a_half() -> None:
    rows = lesson_times.read(COURSE)
    assert list(rows) == LESSONS, "run `python -m autograder times`"
    assert all(0 < row.seconds <= 90 for row in rows.values()), rows


@pytest.mark.parametrize("name", LESSONS)
def test_what_was_measured_is_the_lesson_as_it_is(name: str) -> None:
    (text,) = build.texts(COURSE, [name])
    code = lesson_times.fingerprint(text.with_suffix(".ipynb"))
    assert lesson_times.read(COURSE)[name].code == code, "run `python -m autograder times`"


@pytest.mark.parametrize("name", LESSONS)
def test_the_lesson_says_about_how_long_it_runs(name: str) -> None:
    (text,) = build.texts(COURSE, [name])
    told = re.search(
        r"cells together\s+compute\s+for\s+about\s+(?:(a)\s+minute|(\d+)\s+seconds)",
        text.read_text(encoding="utf-8"),
    )
    assert told is not None
    said, measured = 60 if told[1] else int(told[2]), lesson_times.read(COURSE)[name].seconds
    assert said / 2.5 <= measured <= 1.2 * said, f"{name} says {said} s, measured: {measured:.0f} s"


def course_of(root: Path, *sources: str) -> Path:
    """A course of one lesson with these code cells."""
    lesson = root / "source" / "01-small" / "small.md"
    lesson.parent.mkdir(parents=True, exist_ok=True)
    (root / "course").mkdir(exist_ok=True)
    lesson.write_text("# Small\n", encoding="utf-8")
    cells = [new_markdown_cell("# Small", id="title")]
    cells += [new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources)]
    build.write(new_notebook(cells=cells), lesson.with_suffix(".ipynb"))
    return root


def test_only_what_has_changed_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def measure(path: Path) -> tuple[int, float]:
        ran.append(path.name)
        assert "COURSE_DATA" not in os.environ
        return len(lesson_times.code_cells(path)), 7.4 * len(ran)

    monkeypatch.setattr(lesson_times, "measure", measure)
    monkeypatch.setenv("COURSE_DATA", "/srv/data")
    table = lesson_times.write(course_of(tmp_path, "x = 1", "")).read_text(encoding="utf-8")
    assert "| [01-small](../source/01-small/small.md) | 1 | 7 |" in table
    assert lesson_times.write(tmp_path).read_text(encoding="utf-8") == table
    assert ran == ["small.ipynb"]
    lesson_times.write(course_of(tmp_path, "x = 2", ""))
    assert lesson_times.read(tmp_path)["01-small"].seconds == 15
    assert os.environ["COURSE_DATA"] == "/srv/data"
