"""What workers send is believed only where it can be true."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.batch import result as checked
from autograder.batch.result_cache import ResultCache, RunInProgressError
from autograder.grading.grade_notebook import GradedNotebook
from tests.autograder.runs import GRADED, run, slow
from tests.autograder.small import LESSON

Change = Callable[[dict[str, Any]], object]
FRAMES = {"small": {"single": 1.0, "half-test": 3.0}}
BOOK = "sqlite:///gradebook.db"


def result() -> dict[str, Any]:
    verdict = {"name": "single", "points": 1.0, "maximum": 1.0, "reason": "", "chosen": [1]}
    other: dict[str, Any] = {"name": "half-test", "points": None, "maximum": 3.0}
    other |= {"reason": "?", "chosen": []}
    nb = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return {
        "notebooks": {
            "small": {
                "notebook": json.dumps(nb),
                "verdicts": [verdict, other],
                "told": {"single": "Right."},
                "faults": {},
            }
        },
        "seconds": 0.5,
        "kernel": 1,
        "worker": 2,
        "warm": 0,
    }


def points(value: object) -> Change:
    return lambda data: data["notebooks"]["small"]["verdicts"][0].update(points=value)


def verdict(**entries: object) -> Change:
    return lambda data: data["notebooks"]["small"]["verdicts"][0].update(entries)


def notebook(**entries: object) -> Change:
    return lambda data: data["notebooks"]["small"].update(entries)


WRONG: list[tuple[Change, str]] = [
    (points("x"), "single: the points: 'x' is no number"),
    (points(value=True), "True is no number"),
    (points(math.nan), "NaN is no number"),
    (points(math.inf), "Infinity is no number"),
    (points(2), "2 is not from 0 to 1"),
    (points(-5), "-5 is not from 0 to 1"),
    (points(10**400), "the number is too large"),
    (points([1]), r"\[1\] is no number"),
    (verdict(maximum=99), "the maximum is 99, and 1.0 in source/"),
    (verdict(name="other"), "it judges"),
    (verdict(name=None), "it judges"),
    (verdict(name="half-test"), "it judges"),
    (verdict(reason=None), "the reason is no text"),
    (verdict(chosen="1"), "are no options"),
    (verdict(chosen=[True]), "are no options"),
    (verdict(chosen=[-1]), "are no options"),
    (verdict(more=1), "a verdict holds"),
    (notebook(verdicts=None), "'verdicts' is no list"),
    (notebook(verdicts=[1]), "is no object"),
    (notebook(notebook=None), "small is no text"),
    (notebook(told=[]), "'told' is no object"),
    (notebook(faults={"single": 1}), "'faults' holds more than text"),
    (lambda data: data.update(notebooks={}), "differ in notebooks: small"),
    (lambda data: data["notebooks"].update(more={}), "differ in notebooks: more"),
    (lambda data: data.update(seconds=-1), "seconds: -1 is not from 0"),
    (lambda data: data.pop("kernel"), "'kernel' is missing"),
]


def test_a_true_one_is_read_as_it_is() -> None:
    assert checked.read(json.dumps(result()), FRAMES) == result()


@pytest.mark.parametrize(("change", "reason"), WRONG, ids=[reason for _, reason in WRONG])
def test_what_can_not_be_true_is_refused(change: Change, reason: str) -> None:
    data = result()
    change(data)
    with pytest.raises(ValueError, match=reason):
        checked.read(json.dumps(data), FRAMES)


@pytest.mark.parametrize("text", ["", "[]", "1", "{", "[" * 100_000, b"{}", {"notebooks": {}}])
def test_what_is_no_object_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"no result|Expecting"):
        checked.read(text, FRAMES)


def test_one_that_is_too_long_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked, "LARGEST", 10)
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(ValueError, match="11 letters, more than 10"):
        checked.read("x" * 11, FRAMES)


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
def test_no_notebook_is_a_reason_and_no_crash(text: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    with pytest.raises(ValueError, match=r"no graded notebook|[Nn]otebook|JSON"):
        GradedNotebook.from_json(result()["notebooks"]["small"] | {"notebook": text})


def test_a_result_that_was_cut_off_is_none(tmp_path: Path) -> None:
    store = ResultCache(tmp_path, LESSON, BOOK)
    store.put("ada", "key", '{"notebooks": {}}')
    store.note("ada", "key")
    assert store.get("ada", "key") == {"notebooks": {}}
    assert store.get("ada", "other") is None
    assert store.written("ada", "key")
    assert not store.written("ada", "other")
    assert not ResultCache(tmp_path, LESSON, f"{BOOK}?other").written("ada", "key")
    store.note("ada", None)
    assert not store.written("ada", "key")
    path = tmp_path / ".grading" / LESSON / "ada.json"
    path.write_bytes(path.read_bytes()[:20])
    assert store.get("ada", "key") is None


def test_one_run_at_a_time(tmp_path: Path) -> None:
    store = ResultCache(tmp_path, LESSON, BOOK)
    with (
        store.alone(),
        pytest.raises(
            RunInProgressError, match=r"Another run over 01-small is going on \(process \d+\)"
        ),
        ResultCache(tmp_path, LESSON, BOOK).alone(),
    ):
        pass
    with ResultCache(tmp_path, "02-other", BOOK).alone(), store.alone():
        pass


def lie(text: str) -> str:
    """A result that says more than can be earned."""
    return text.replace('"points": 1.0', '"points": 99.0')


def spoil(text: str) -> str:
    """A result whose notebook is none."""
    data = json.loads(text)
    data["notebooks"]["small"]["notebook"] = '{"nbformat": 4, "nbformat_minor": 5}'
    return json.dumps(data)


class TestRun:
    pytestmark = slow

    def test_a_lie_is_graded_anew_and_a_liar_is_told(
        self, new_course: Callable[[str], Path]
    ) -> None:
        course = new_course("lies")
        assert all(line.status != "failed" for line in run(course, lie).grade())
        (course / "submitted" / "ada" / LESSON / "data.csv").write_text("3,4\n")
        found = {line.student: line for line in run(course, lie, lie).grade()}
        assert found["ada"].status == "failed"
        assert "99.0 is not from 0 to 1" in found["ada"].reason
        assert {line.student: line.score for line in run(course).grade()}["ada"] == 8

    def test_what_can_not_be_written_is_not_kept(self, new_course: Callable[[str], Path]) -> None:
        course = new_course("spoilt")
        found = {line.student: line for line in run(course, spoil).grade()}
        assert found["ada"].status == "failed"
        assert [line.status for line in found.values()].count("failed") == 1
        assert len(found) > len(GRADED)
        assert {line.student: line.score for line in run(course).grade()}["ada"] == 8
