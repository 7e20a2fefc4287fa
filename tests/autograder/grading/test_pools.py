"""Each student is graded by their own variant; an answer to another one is left to a person."""

from __future__ import annotations

import copy
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from autograder import cells
from autograder.feedback import page
from autograder.grading import grade_notebook, merge, pools, scoring, submission
from autograder.grading.grade_notebook import GradedNotebook
from autograder.grading.rescore import rescore
from autograder.grading.settings import GradingSettings
from autograder.nbgrader_plugins.release import build_release
from autograder.publish import build, guessable_keys
from autograder.publish.cell_roles import AuthoringError
from autograder.reports import item_analysis
from course import quiz
from course.quiz import fields
from course.quiz.personalize import personalize
from tests.pools import LESSON, POOLS, released, solved, student_with, write_course

COURSE = Path(__file__).resolve().parents[3]
SOURCE = build.notebook_from_text(LESSON)
ADA = student_with("ratio", 1)  # not the released one


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pools")
    shutil.copyfile(COURSE / "nbgrader_config.py", root / "nbgrader_config.py")
    write_course(root)
    build.build_source(root)
    build_release(root)
    return root


@pytest.fixture
def release(course: Path) -> dict[str, Any]:
    """The released notebook as parsed JSON."""
    path = course / "release" / "01-pools" / "pools.ipynb"
    nb: dict[str, Any] = json.loads(path.read_bytes())
    return nb


def put(nb: dict[str, Any], **sources: str) -> dict[str, Any]:
    """Return a notebook with other texts in some cells."""
    nb = copy.deepcopy(nb)
    for cell in nb["cells"]:
        cell["source"] = sources.get(cell["id"], cell["source"])
    return nb


def grade(nb: dict[str, Any], student: str = ADA) -> GradedNotebook:
    read = submission.parse(json.dumps(nb).encode())
    merged = merge.merge_submission(SOURCE, read, student)
    return grade_notebook.grade(merged, SOURCE, Path(), GradingSettings())


def score(nb: dict[str, Any], name: str = "ratio", student: str = ADA) -> scoring.CellScore:
    return next(one for one in grade(nb, student).scores if one.name == name)


def test_the_release_shows_the_first_variant_and_keeps_all_without_keys(
    release: dict[str, Any],
) -> None:
    shown = {cell["id"]: "".join(cell["source"]) for cell in release["cells"]}
    kept = {q["id"]: q for q in release["metadata"]["course"]["questions"]}
    for name in POOLS:
        assert shown[name] == released(name)[0] == kept[name]["source"]
        assert kept[name]["variants"] == released(name)
    assert "variants" not in kept["plain"]
    text = json.dumps(release)
    for word in ("26.1", "0.0625", "upside", "{{", "pool", "***", "[x]", "It decodes"):
        assert word not in text


def rotate(text: str) -> str:
    """Give every variant another key and another explanation."""
    rows = re.findall(r"(?m)^\| (\d+) \| (\d+) \|(.*)$", text)
    for (size, code, own), (_, _, other) in zip(rows, [*rows[1:], rows[0]], strict=True):
        text = text.replace(f"| {size} | {code} |{own}", f"| {size} | {code} |{other} ")
    head, *rest = text.split("+++")
    for index, part in enumerate(rest):
        if '"kind"' in part:
            continue
        variants = []
        for variant in part.split("***"):
            options = quiz.parse(variant).options
            key = {(n + 1) % len(options) for n, one in enumerate(options) if one.ticked}
            variants.append(re.sub(r"(?m)^(\s+>).*$", r"\1 Other.", quiz.mark(variant, key)))
        rest[index] = "***".join(variants)
    return "+++".join([head, *rest])


def test_rotating_the_keys_of_all_variants_leaves_the_release_byte_identical(
    course: Path, release: dict[str, Any]
) -> None:
    path = course / "source" / "01-pools" / "pools.md"
    rotated = rotate(LESSON)
    changed = build.notebook_from_text(rotated)
    for name in POOLS:
        for index in range(3):
            own, other = (
                pools.own_variant(cells.graded_cells(nb)[name], index) for nb in (SOURCE, changed)
            )
            assert own.source != other.source
    path.write_text(rotated, encoding="utf-8")
    build.build_source(course)
    build_release(course)
    path.write_text(LESSON, encoding="utf-8")
    again = json.loads((course / "release" / "01-pools" / "pools.ipynb").read_bytes())
    build.build_source(course)
    assert again == release


@pytest.mark.parametrize("name", sorted(POOLS))
@pytest.mark.parametrize("index", range(3))
def test_the_own_variant_earns_full_points_and_another_one_needs_review(
    release: dict[str, Any], name: str, index: int
) -> None:
    nb = put(release, **{name: solved(name, index)})
    for other in range(3):
        result = score(nb, name, student_with(name, other))
        assert result.variant == other
        if other == index:
            assert (result.points, result.reason) == (result.maximum, "")
        else:
            assert (result.points, result.reason) == (None, pools.FOREIGN)


def test_an_untouched_release_is_unanswered_for_everybody(release: dict[str, Any]) -> None:
    for student in (ADA, "", "somebody"):
        for name in POOLS:
            assert score(release, name, student).points == 0
    nb = copy.deepcopy(release)
    personalize(nb, ADA)
    assert score(nb).points == 0
    assert score(nb).reason == "Nothing is filled in."


def test_a_wrong_answer_to_the_own_variant_is_zero(release: dict[str, Any]) -> None:
    nb = put(release, ratio=fields.fill(released("ratio")[1], ["0.0625"]))
    assert (score(nb).points, score(nb).reason) == (0, scoring.WRONG_ANSWER)


@pytest.mark.parametrize("index", range(3))
def test_a_class_can_grade_whichever_variant_was_answered(
    release: dict[str, Any], index: int
) -> None:
    nb = put(release, ratio=solved("ratio", index))
    merged = merge.merge_submission(SOURCE, submission.parse(json.dumps(nb).encode()), None)
    graded = grade_notebook.grade(merged, SOURCE, Path(), GradingSettings())
    (result,) = (one for one in graded.scores if one.name == "ratio")
    assert (result.points, result.variant) == (2, index)


def test_answers_to_all_variants_need_review(release: dict[str, Any]) -> None:
    everything = "\n\n".join(solved("ratio", index) for index in range(3))
    assert (score(put(release, ratio=everything)).points) is None
    several = copy.deepcopy(release)
    cell = next(cell for cell in several["cells"] if cell["id"] == "ratio")
    for index in range(3):
        several["cells"].append({**cell, "id": f"c{index}", "source": solved("ratio", index)})
    assert score(several).points is None
    beside = copy.deepcopy(release)  # own variant answered, another one left blank
    beside["cells"].append({**cell, "id": "own", "source": solved("ratio", 1)})
    assert score(beside).points == 2


def test_what_the_notebook_claims_is_never_read(release: dict[str, Any]) -> None:
    nb = put(release, ratio=solved("ratio", 0))
    for cell in nb["cells"]:
        cell["metadata"].setdefault("course", {}).update(variant=0, pool=False)
    for question in nb["metadata"]["course"]["questions"]:
        question["variants"] = [released("ratio")[0]] * 3
    assert (score(nb).points, score(nb).variant) == (None, 1)


@pytest.mark.parametrize(("value", "points"), [("16", 2), ("26.1", None), ("5", None)])
def test_with_an_edited_text_only_the_own_key_scores(
    release: dict[str, Any], value: str, points: float | None
) -> None:
    text = fields.fill(released("ratio")[1].replace("1024 numbers", "a few numbers"), [value])
    result = score(put(release, ratio=text))
    assert result.points == points
    if points is None:
        assert result.reason == pools.UNCLEAR


def test_another_variant_in_a_cell_without_metadata_is_not_lost(release: dict[str, Any]) -> None:
    nb = copy.deepcopy(release)
    nb["cells"] = [cell for cell in nb["cells"] if cell["id"] != "ratio"]
    assert score(nb).points == 0
    for index, points in ((1, 2), (0, None)):
        bare = {"cell_type": "markdown", "metadata": {}, "source": solved("ratio", index)}
        assert score({**nb, "cells": [*nb["cells"], bare]}).points == points


def test_an_instructor_can_submit_the_source(course: Path) -> None:
    nb = json.loads((course / "source" / "01-pools" / "pools.ipynb").read_bytes())
    assert [one.points for one in grade(nb).scores] == [2, 1, 1]


def test_corrected_keys_are_applied_to_the_variant_that_was_answered(
    release: dict[str, Any],
) -> None:
    graded = grade(put(release, ratio=fields.fill(released("ratio")[1], ["17"])))
    corrected = build.notebook_from_text(LESSON.replace("| 16 | 0.0625", "| 17 | 0.0625"))
    again = rescore(graded, corrected, {"ratio"})
    assert [(one.points, one.variant) for one in again.scores if one.name == "ratio"] == [(2, 1)]


def test_feedback_shows_the_variant_that_was_graded(release: dict[str, Any]) -> None:
    graded = grade(put(release, ratio=solved("ratio", 1)))
    nb = copy.deepcopy(graded.nb)
    for cell in nb.cells:
        if cells.is_graded(cell):
            cells.set_nbgrader(cell, score=(cells.score_record(cell) or {})["points"])
    data = page.prepare_page(nb, SOURCE, page.SubmissionTime(), reveal=True, policy="always")
    first = data["answers"][0]
    assert first["title"].startswith("Question 1: An image of 1024 numbers gets a code of 64.")
    assert "1024 / 64 = 16" in first["question"]
    assert "784" not in json.dumps(first)


def test_statistics_are_kept_by_variant(release: dict[str, Any]) -> None:
    names = {index: student_with("ratio", index) for index in range(3)}
    answers = {}
    for index, student in names.items():
        value = "3" if index == 2 else None
        text = solved("ratio", index)
        text = fields.fill(text, [value]) if value else text
        record = score(put(release, ratio=text), "ratio", student)
        answers[student] = record.to_json()
    cell = cells.graded_cells(SOURCE)["ratio"]
    item = item_analysis._read_item("ratio", cell, answers)
    assert item.earned == {names[0]: 2, names[1]: 2, names[2]: 0}
    assert [variant.earned for variant in item.variants] == [
        {names[0]: 2},
        {names[1]: 2},
        {names[2]: 0},
    ]
    table = item_analysis.format_table([item])
    assert "| **ratio, variant 3** | 1 | 0% | 0% | - |" in table
    assert "| [ ] 3 | 100% |" in table


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('+++ {"quiz": "one", "pool": 1}\n\nQ [[1]]', "pool must be true or false, got 1"),
        ('+++ {"prediction": "one", "pool": true}\n\nQ', "'one' can't have pool"),
        (
            '+++ {"quiz": "one", "kind": "number", "pool": true}\n\nQ [[1]]\n\n> A.',
            "a pool has 2 to 50 variants, got 1",
        ),
        (
            (
                '+++ {"quiz": "one", "kind": "number", "pool": true}\n\nQ [[1]]\n\n> A.\n\n***\n\n'
                "P [ [2]]\n\n> A."
            ),
            "variant 2, line 1, 'P [ [2]]': not a field",
        ),
    ],
)
def test_a_wrong_pool_is_reported(text: str, message: str) -> None:
    with pytest.raises(AuthoringError, match=re.escape(message)):
        build.notebook_from_text(f"# A lesson\n\n{text}")


def test_each_variant_counts_as_a_part_of_a_question_that_may_be_guessed() -> None:
    assert len(guessable_keys.single_choice_questions(SOURCE)) == 2
