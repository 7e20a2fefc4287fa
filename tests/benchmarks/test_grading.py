"""The benchmark of graders notices a lost point, and its page says which goals are met."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from benchmarks.grading import classes, contenders, goals, measured, page
from benchmarks.grading.classes import Class
from benchmarks.grading.measured import ONE, STOCK, TWO, Measured, key
from benchmarks.grading.meter import Cost
from tests.autograder.runs import slow

TOTAL = {
    "start_seconds": 2.0,
    "each_seconds": 0.3,
    "write_seconds": 0.02,
    "seconds": 50.0,
    "jobs": 1,
    "job_mb": 200,
    "base_mb": 300,
}


def figures() -> Measured:
    """A lesson in which stock takes 10 s each, one job 0.5 s and two 0.2 s."""
    found = Measured()
    for grader, each in ((STOCK, 10.0), (ONE, 0.5), (TWO, 0.2)):
        for size in (1, 101):
            cost = Cost(3.0 + each * (size - 1), 1.0, 1 << 28, "", 0, TOTAL)
            found.runs[key("lesson", grader, size)] = cost
    return found


def test_goals_are_met_missed_or_not_measured() -> None:
    found = figures()
    table = goals.table(found).splitlines()
    for line in (
        "| lesson, 1 job: 0.25 s for a further one | 0.50 s | **missed** |",
        "| lesson, 2 jobs: 0.25 s for a further one | 0.20 s | met |",
        "| lesson, 1 job: 10 times stock or better | 20× | met |",
        "| lesson: 2 jobs are 1.7 times as fast as 1 | 2.50× | met |",
        "| lab, 1 job: 5 times stock or better |  | not measured |",
        "| 1,000 lessons in one go, nothing lost | 101 | **missed** |",
        "| the command begins within 1.5 s |  | not measured |",
    ):
        assert line in table
    found.start = 1.25
    assert "| the command begins within 1.5 s | 1.25 s | met |" in goals.table(found)


def test_what_is_kept_is_read_again_and_makes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, table = tmp_path / "measured.json", tmp_path / "grading.md"
    found = figures()
    found.steps["lesson"] = {"thinking": 0.012}
    found.write(kept)
    assert Measured.read(kept) == found
    assert Measured.read(tmp_path / "none.json") == Measured()
    monkeypatch.setattr(page, "TABLE", table)
    page.write(found)
    text = table.read_text()
    assert "| this course, 2 jobs | 101 | 23.0 | 0.20 | 1/50 | 263 | 0.01 | 256 |" in text
    assert "| thinking | 12 |" in text
    assert "says 21 s" not in text  # 200 ms of a busy core each, and what it takes to begin
    assert "## Lab" not in text
    monkeypatch.setattr(measured, "machine", lambda: "another one")
    assert Measured.read(kept).runs == {}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Class]:
    folder = tmp_path_factory.mktemp("benchmark")
    made = classes.load("questions", folder / "built")
    ours = next(one for one in contenders.CONTENDERS if one.name == ONE)
    ours.prepare(folder / "course", made)
    made.hand_in(folder / "course" / "submitted", 4)
    assert ours.grade(folder / "course", made).total["graded"] == 4
    return folder / "course", made


def report(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / contenders.REPORT).read_bytes())
    return found


class TestNothingIsLost:
    pytestmark = slow

    def test_all_is_there(self, graded: tuple[Path, Class]) -> None:
        place, made = graded
        contenders.nothing_lost(place, made, report(place))
        scores = {line["student"]: line["score"] for line in report(place)["submissions"]}
        assert len(set(scores.values())) == 2  # the fourth has missed a question
        assert min(scores, key=lambda name: scores[name]) == "s00003"

    def test_a_point_too_many_is_seen(self, graded: tuple[Path, Class]) -> None:
        place, made = graded
        generous = dataclasses.replace(made, lost=())
        with pytest.raises(SystemExit, match="the report and the answers differ for 1 of 4"):
            contenders.nothing_lost(place, generous, report(place))

    @pytest.mark.parametrize(
        ("where", "words"),
        [
            ("the gradebook", "UPDATE grade SET auto_score = 0"),
            ("the gradebook", "DELETE FROM grade"),
            ("the graded notebooks", ""),
        ],
        ids=["other points", "no points", "no notebook"],
    )
    def test_what_is_lost_is_seen(self, graded: tuple[Path, Class], where: str, words: str) -> None:
        place, made = graded
        path = place / "autograded" / "s00001" / made.name / made.notebook
        book, notebook = (place / "gradebook.db").read_bytes(), path.read_bytes()
        if words:
            with contextlib.closing(sqlite3.connect(place / "gradebook.db")) as connection:
                connection.execute(words)
                connection.commit()
        else:
            path.unlink()
        try:
            with pytest.raises(SystemExit, match=f"{where} and the answers differ"):
                contenders.nothing_lost(place, made, report(place))
        finally:
            (place / "gradebook.db").write_bytes(book)
            path.unlink(missing_ok=True)
            path.write_bytes(notebook)
