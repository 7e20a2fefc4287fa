"""The server checks a learner's own variant of a question pool, and says when it is another's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from course import quiz
from course.server import fetch
from course.server.check_result import FOREIGN, check_answer
from course.server.keys import AnswerKeys
from tests.pools import POOLS, released, solved, student_with


@pytest.fixture
def keys(tmp_path: Path) -> AnswerKeys:
    cells = []
    for name, (kind, source) in POOLS.items():
        course = {"quiz": {"kind": kind, "pool": True}}
        metadata = {"nbgrader": {"grade_id": name}, "course": course}
        cells.append({"cell_type": "markdown", "metadata": metadata, "source": source})
    path = tmp_path / "01-pools" / "pools.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return AnswerKeys(source=str(tmp_path))


def check(keys: AnswerKeys, name: str, text: str, student: str = "") -> dict[str, Any]:
    answer = quiz.parse(text)
    return {**check_answer(answer, keys.find("01-pools/pools.ipynb", name, answer, student))}


@pytest.mark.parametrize("name", sorted(POOLS))
@pytest.mark.parametrize("index", range(3))
def test_a_self_learner_is_answered_about_the_variant_at_hand(
    keys: AnswerKeys, name: str, index: int
) -> None:
    assert check(keys, name, solved(name, index))["verdict"] == "right"
    assert check(keys, name, released(name)[index])["verdict"] == "blank"


@pytest.mark.parametrize("name", sorted(POOLS))
def test_a_class_answers_about_the_students_variant_only(keys: AnswerKeys, name: str) -> None:
    for index in range(3):
        student = student_with(name, index)
        assert check(keys, name, solved(name, index), student)["verdict"] == "right"
        for other in {0, 1, 2} - {index}:
            result = check(keys, name, solved(name, other), student)
            assert result == {"verdict": "unclear", "message": FOREIGN, "explanations": []}
    everything = "\n\n".join(solved(name, index) for index in range(3))
    assert check(keys, name, everything, student)["message"] == FOREIGN
    assert check(keys, name, everything)["verdict"] != "right"


def test_a_fetched_notebook_shows_the_students_variants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, path = "ratio", tmp_path / "pools.ipynb"
    monkeypatch.setenv("JUPYTERHUB_USER", student_with(name, 2))
    metadata = {"nbgrader": {"grade_id": name}, "course": {"quiz": {"kind": "number"}}}
    cell = {"id": name, "cell_type": "markdown", "metadata": metadata}
    cell["source"] = released(name)[0].splitlines(keepends=True)
    kept = {**cell, "source": released(name)[0], "variants": released(name)}
    nb = {"cells": [cell], "metadata": {"course": {"questions": [kept]}}}
    path.write_text(json.dumps(nb), encoding="utf-8")
    fetch._personalize(path)
    (shown,) = json.loads(path.read_bytes())["cells"]
    assert "".join(shown["source"]) == released(name)[2]
    for content in ("[]", "{", '{"cells": 1}'):
        path.write_text(content, encoding="utf-8")
        fetch._personalize(path)
        assert path.read_text(encoding="utf-8") == content
