"""Results of workers are validated, and the cache survives damaged files."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.batch import result
from autograder.batch.result import JobResult
from autograder.batch.result_cache import ResultCache, RunInProgressError
from autograder.grading.grade_notebook import GradedNotebook
from tests.autograder.runs import GRADED, inline_run, slow
from tests.autograder.small import LESSON

Change = Callable[[dict[str, Any]], object]
MAX_POINTS = {"small": {"single": 1.0, "half-test": 3.0}}
DB_URL = "sqlite:///gradebook.db"


def valid_result() -> dict[str, Any]:
    score = {"name": "single", "points": 1.0, "maximum": 1.0, "reason": "", "chosen": [1]}
    score |= {"answers": [], "variant": None}
    ungraded: dict[str, Any] = {"name": "half-test", "points": None, "maximum": 3.0}
    ungraded |= {"reason": "?", "chosen": [], "answers": [], "variant": None}
    nb = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return {
        "notebooks": {
            "small": {
                "notebook": json.dumps(nb),
                "verdicts": [score, ungraded],
                "told": {"single": "Right."},
                "faults": {},
                "answers": {},
                "unreadable": "",
                "weaknesses": ["no control group"],
            }
        },
        "seconds": 0.5,
        "disturbed": False,
        "kernel": 1,
        "worker": 2,
        "warm": 0,
    }


def points(value: object) -> Change:
    return lambda data: data["notebooks"]["small"]["verdicts"][0].update(points=value)


def score(**entries: object) -> Change:
    return lambda data: data["notebooks"]["small"]["verdicts"][0].update(entries)


def notebook(**entries: object) -> Change:
    return lambda data: data["notebooks"]["small"].update(entries)


INVALID: dict[str, tuple[Change, str]] = {
    "points are text": (points("x"), r"verdicts\.0\.points: .* a valid number, got 'x'"),
    "points are a boolean": (points(value=True), "a valid number, got True"),
    "points are NaN": (points(math.nan), "a finite number, got nan"),
    "points are infinite": (points(math.inf), "a finite number, got inf"),
    "points above the maximum": (points(2), "single: 2 points of 1"),
    "negative points": (points(-5), "greater than or equal to 0, got -5"),
    "huge points": (points(10**400), "a finite number"),
    "points are a list": (points([1]), r"a valid number, got \[1\]"),
    "another maximum": (score(maximum=99), r"\('single', 99\.0\).* source/ has .*\('single', 1"),
    "another cell": (score(name="other"), "it has the cells .*'other'"),
    "no cell name": (score(name=None), r"name: .* a valid string, got None"),
    "a cell twice": (score(name="half-test"), "it has the cells"),
    "no reason": (score(reason=None), r"reason: .* a valid string, got None"),
    "chosen is text": (score(chosen="1"), r"chosen: .* a valid array"),
    "chosen is a boolean": (score(chosen=[True]), r"chosen\.0: .* a valid integer"),
    "a negative option": (score(chosen=[-1]), "greater than or equal to 0, got -1"),
    "an unknown field of a score": (score(more=1), r"more: Unexpected keyword argument"),
    "no list of scores": (notebook(verdicts=None), "verdicts: .* a valid array"),
    "a score is a number": (notebook(verdicts=[1]), r"verdicts\.0: .* an object"),
    "no notebook": (notebook(notebook=None), r"notebook: .* a valid string"),
    "comments are a list": (notebook(told=[]), "told: .* an object"),
    "a fault is a number": (notebook(faults={"single": 1}), r"faults\.single: .* a valid string"),
    "an unknown weakness": (notebook(weaknesses=["x"]), r"weaknesses\.0: .* got 'x'"),
    "no notebooks": (lambda data: data.update(notebooks={}), "different notebooks: small"),
    "an unknown notebook": (
        lambda data: data["notebooks"].update(more=data["notebooks"]["small"]),
        "different notebooks: more",
    ),
    "negative seconds": (lambda data: data.update(seconds=-1), "seconds: .* equal to 0, got -1"),
    "a missing field": (lambda data: data.pop("kernel"), "kernel: Field required"),
    "an unknown field": (lambda data: data.update(more=1), "more: Extra inputs"),
}


def test_a_valid_result_is_read_unchanged() -> None:
    result = JobResult.read(json.dumps(valid_result()), MAX_POINTS)
    assert result.model_dump(mode="json") == valid_result()


@pytest.mark.parametrize("case", INVALID)
def test_an_invalid_result_is_rejected(case: str) -> None:
    change, message = INVALID[case]
    data = valid_result()
    change(data)
    with pytest.raises(ValueError, match=f"A worker sent an invalid result: .*{message}"):
        JobResult.read(json.dumps(data), MAX_POINTS)


@pytest.mark.parametrize("text", ["", "[]", "1", "{", "[" * 100_000, b"{}", {"notebooks": {}}])
def test_anything_but_a_json_object_is_rejected(text: object) -> None:
    with pytest.raises(ValueError, match="A worker sent an invalid result"):
        JobResult.read(text, MAX_POINTS)


def test_an_oversized_result_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result, "MAX_CHARS", 10)
    monkeypatch.setattr(JobResult, "model_validate_json", lambda _: pytest.fail("it was parsed"))
    with pytest.raises(ValueError, match="11 characters, more than 10"):
        JobResult.read("x" * 11, MAX_POINTS)


@pytest.mark.parametrize(
    "text",
    [
        '{"cells": [{"cell_type": "code"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        '{"cells": 1, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        '{"nbformat": 4, "nbformat_minor": 5}',
        "{}",
        "[]",
        "nothing",
    ],
)
def test_an_invalid_notebook_raises_value_error(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    with pytest.raises(ValueError, match=r"[Nn]otebook|JSON"):
        _ = GradedNotebook(notebook=text, scores=[], comments={}, faults={}).nb


def test_the_cache_returns_a_result_for_its_key_only(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path, LESSON, DB_URL)
    cache.put("ada", "key", json.dumps(valid_result()))
    stored = cache.get("ada", "key")
    assert stored is not None
    assert stored.model_dump(mode="json") == valid_result()
    assert cache.get("ada", "other") is None
    path = tmp_path / ".grading" / LESSON / "ada.json"
    path.write_bytes(path.read_bytes()[:20])
    assert cache.get("ada", "key") is None


def test_the_cache_knows_which_gradebook_holds_a_result(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path, LESSON, DB_URL)
    cache.put("ada", "key", json.dumps(valid_result()))
    assert not cache.is_written("ada", "key")
    cache.mark_written("ada", "key")
    assert cache.is_written("ada", "key")
    assert not cache.is_written("ada", "other")
    assert not ResultCache(tmp_path, LESSON, f"{DB_URL}?other").is_written("ada", "key")
    cache.clear_mark("ada")
    assert not cache.is_written("ada", "key")


def test_only_one_run_grades_an_assignment(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path, LESSON, DB_URL)
    with (
        cache.lock(),
        pytest.raises(RunInProgressError, match=r"Another run is grading 01-small \(process \d+\)"),
        ResultCache(tmp_path, LESSON, DB_URL).lock(),
    ):
        pass
    with ResultCache(tmp_path, "02-other", DB_URL).lock(), cache.lock():
        pass


def with_too_many_points(text: str) -> str:
    return text.replace('"points":1.0', '"points":99.0')


def with_invalid_notebook(text: str) -> str:
    data = json.loads(text)
    data["notebooks"]["small"]["notebook"] = '{"nbformat": 4, "nbformat_minor": 5}'
    return json.dumps(data)


class TestRun:
    pytestmark = slow

    def test_an_impossible_score_is_retried_once_and_then_reported(
        self, new_course: Callable[[str], Path]
    ) -> None:
        course = new_course("lies")
        lines = [*inline_run(course, with_too_many_points).grade()]
        assert all(line.status != "failed" for line in lines)
        (course / "submitted" / "ada" / LESSON / "data.csv").write_text("3,4\n")
        run = inline_run(course, with_too_many_points, with_too_many_points)
        by_student = {line.student: line for line in run.grade()}
        assert by_student["ada"].status == "failed"
        assert "single: 99 points of 1" in by_student["ada"].reason
        scores = {line.student: line.score for line in inline_run(course).grade()}
        assert scores["ada"] == 8

    def test_a_result_that_cannot_be_written_is_not_cached(
        self, new_course: Callable[[str], Path]
    ) -> None:
        course = new_course("spoilt")
        run = inline_run(course, with_invalid_notebook)
        by_student = {line.student: line for line in run.grade()}
        assert by_student["ada"].status == "failed"
        assert [line.status for line in by_student.values()].count("failed") == 1
        assert len(by_student) >= len(GRADED)
        scores = {line.student: line.score for line in inline_run(course).grade()}
        assert scores["ada"] == 8
