"""A corrected lesson reaches those who have started: their answers move into the new version."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.publish import build
from course import __main__ as program
from course.carry_over import EARLIER, REMOVED, carry_over
from course.handout import hand_out
from course.update import BACKUPS, outdated, update
from tests.autograder.grading.test_match_cells import solved, texts
from tests.autograder.small import COURSE

Notebook = dict[str, Any]


def cell(kind: str, identity: str, source: str, **metadata: Any) -> Notebook:
    extra: Notebook = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": identity, "metadata": metadata, "source": source, **extra}


def role(name: str, *, solution: bool) -> dict[str, Any]:
    return {"nbgrader": {"grade_id": name, "grade": not solution, "solution": solution}}


def lesson() -> Notebook:
    quiz = {"course": {"quiz": {}}, "nbgrader": {"grade_id": "q", "grade": True, "solution": True}}
    return {
        "metadata": {"version": 1},
        "nbformat": 4,
        "nbformat_minor": 5,
        "cells": [
            cell("markdown", "text", "An autoencdoer copies."),
            cell("markdown", "q", "Evn?\n\n- [ ] one\n- [ ] two\n- [ ] three", **quiz),
            cell("code", "demo", "n = 1"),
            cell("code", "half", "# Your code here", **role("half", solution=True)),
            cell("code", "half-test", "assert half(2) == 1", **role("half-test", solution=False)),
        ],
    }


def by_id(nb: Notebook) -> dict[str, Notebook]:
    return {one["id"]: one for one in nb["cells"]}


def corrected() -> Notebook:
    nb = lesson()
    nb["metadata"] = {"version": 2}
    cells = by_id(nb)
    cells["text"]["source"] = "An autoencoder copies."
    cells["q"]["source"] = "Even?\n\n- [ ] three\n- [ ] two\n- [ ] one"
    cells["half-test"]["source"] = "assert half(4) == 2"
    nb["cells"].insert(0, cell("markdown", "new", "Read this first."))
    return nb


def answered() -> Notebook:
    nb = lesson()
    cells = by_id(nb)
    cells["q"]["source"] = cells["q"]["source"].replace("[ ] two", "[x] two")
    cells["half"]["source"] = "def half(x):\n    return x / 2"
    cells["half"]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "hi"}]
    cells["half-test"]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "passed"}]
    nb["cells"].insert(3, cell("code", "mine", "print(half(3))"))
    return nb


@pytest.mark.parametrize("old", [lesson(), None])
def test_answers_move_into_the_corrected_frame(old: Notebook | None) -> None:
    carried = carry_over(corrected(), answered(), old)
    nb = carried.notebook
    cells = by_id(nb)
    assert [one["id"] for one in nb["cells"]] == [
        *("new", "text", "q", "demo", "mine", "half", "half-test")
    ]
    assert nb["metadata"] == {"version": 2}
    assert cells["text"]["source"] == "An autoencoder copies."
    assert cells["q"]["source"] == "Even?\n\n- [ ] three\n- [x] two\n- [ ] one"
    assert cells["half"]["source"] == "def half(x):\n    return x / 2"
    assert cells["half"]["outputs"]
    assert cells["half-test"]["source"] == "assert half(4) == 2"
    assert not cells["half-test"]["outputs"]  # what passed was another test
    assert carried.kept == ["q", "half"]
    assert (carried.own_cells, carried.set_aside) == (1, 0)


def test_a_chosen_option_that_is_gone_is_named() -> None:
    new = corrected()
    by_id(new)["q"]["source"] = "Even?\n\n- [ ] three\n- [ ] four"
    carried = carry_over(new, answered(), lesson())
    assert carried.choose_again == ["q"]
    assert "[x]" not in by_id(carried.notebook)["q"]["source"]


def test_an_experiment_is_kept_below_a_cell_that_changed() -> None:
    new, own = corrected(), answered()
    by_id(own)["demo"]["source"] = "n = 10_000"
    same = carry_over(new, own, lesson())
    assert by_id(same.notebook)["demo"]["source"] == "n = 10_000"
    by_id(new)["demo"]["source"] = "n = 2"
    changed = carry_over(new, own, lesson())
    position = [one["id"] for one in changed.notebook["cells"]].index("demo")
    demo, earlier = changed.notebook["cells"][position : position + 2]
    assert demo["source"] == "n = 2"
    assert earlier["cell_type"] == "markdown"  # it doesn't run
    assert earlier["source"] == f"{EARLIER}\n\n```python\nn = 10_000\n```"


def test_an_answer_to_a_question_that_is_gone_is_kept_as_text() -> None:
    new = corrected()
    new["cells"] = [one for one in new["cells"] if not one["id"].startswith("half")]
    carried = carry_over(new, answered(), lesson())
    (kept,) = [one for one in carried.notebook["cells"] if one["source"].startswith(REMOVED)]
    assert "return x / 2" in kept["source"]
    assert not kept["metadata"]  # it takes part in nothing
    assert "half-test" not in by_id(carried.notebook)


@pytest.mark.parametrize("is_base_known", [True, False])
@pytest.mark.parametrize("name", build.assignment_names(COURSE))
def test_a_solved_lesson_is_graded_alike_after_an_update(name: str, is_base_known: bool) -> None:
    """The grader merges both into the same notebook, and grades nothing else."""
    (path,) = (COURSE / "source" / name).glob("*.ipynb")
    source_nb = NotebookNode(nbformat.read(path, as_version=4))
    release = json.loads((COURSE / "release" / name / path.name).read_bytes())
    own = solved(path)
    old = copy.deepcopy(release)
    for one in old["cells"]:  # the version that the learner has: with a slip in every text
        if one["cell_type"] == "markdown" and not one["metadata"].get("course"):
            one["source"] = f"{''.join(one['source'])} Teh end."
    released = by_id(release)
    for one in own["cells"]:
        if one["source"] == "".join(released[one["id"]]["source"]):
            one["source"] = by_id(old)[one["id"]]["source"]
    carried = carry_over(release, own, old if is_base_known else None)
    answers = {
        one["id"] for one in own["cells"] if one["metadata"].get("nbgrader", {}).get("solution")
    }

    def graded(nb: Notebook) -> list[tuple[str, str]]:
        merged = texts(source_nb, nb)
        return [
            text for text, one in zip(merged, source_nb.cells, strict=False) if one["id"] in answers
        ]

    if is_base_known:
        assert texts(source_nb, carried.notebook) == texts(source_nb, solved(path))
    assert set(texts(source_nb, carried.notebook)) >= set(graded(solved(path)))
    assert "Teh end." not in json.dumps(carried.notebook)


def test_the_command_keeps_a_backup_and_runs_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release, work = tmp_path / "release", tmp_path / "work"
    target = release / "01-intro" / "intro.ipynb"
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps(lesson()))
    hand_out(release, work)
    mine = work / "01-intro" / "intro.ipynb"
    mine.write_text(json.dumps(answered()))
    assert list(update(release, work)) == []
    target.write_text(json.dumps(corrected()))
    (hint,) = hand_out(release, work)
    assert "python -m course update" in hint
    program.main(["update", "--root", str(tmp_path)])
    line = capsys.readouterr().out
    assert "2 answers carried over; 2 cells have a new text; 1 cell of your own kept" in line
    assert "Even?" in mine.read_text()
    (backup,) = (work / BACKUPS / "01-intro").iterdir()
    assert json.loads(backup.read_text()) == answered()
    assert hand_out(release, work) == []
    assert list(update(release, work)) == []


def test_in_a_class_the_exchange_has_the_new_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = tmp_path / "exchange" / "course" / "outbound" / "01-intro" / "intro.ipynb"
    mine = tmp_path / "home" / "01-intro" / "intro.ipynb"
    for path, content in ((released, corrected()), (mine, answered())):
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content))
    monkeypatch.setenv("COURSE_EXCHANGE", str(tmp_path / "exchange"))
    monkeypatch.setenv("COURSE_ID", "course")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    program.main(["update"])
    assert "[x] two" in mine.read_text()
    assert "Even?" in mine.read_text()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 3}'])
def test_an_unreadable_notebook_stays_as_it_is(tmp_path: Path, content: str) -> None:
    for folder, text in (("release", json.dumps(lesson())), ("work", content)):
        path = tmp_path / folder / "01-intro" / "intro.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    (line,) = update(tmp_path / "release", tmp_path / "work")
    assert "stays as it is" in line
    assert (tmp_path / "work" / "01-intro" / "intro.ipynb").read_text() == content


def test_a_correction_is_offered_only_where_it_is_one(tmp_path: Path) -> None:
    release, work = tmp_path / "release", tmp_path / "work"
    for name in ("01-a", "02-b", "03-c"):
        (release / name).mkdir(parents=True)
        (release / name / "a.ipynb").write_text(json.dumps(lesson()))
    hand_out(release, work)
    (work / "01-a" / "a.ipynb").write_text(json.dumps(answered()))
    (work / "03-c" / "a.ipynb").write_text(json.dumps(answered()))
    (work / ".released" / "03-c" / "a.ipynb").unlink()  # fetched before copies were kept
    assert list(outdated(release, work)) == []
    for name in ("01-a", "03-c"):
        (release / name / "a.ipynb").write_text(json.dumps(corrected()))
    assert list(outdated(release, work)) == ["01-a/a.ipynb"]
    (line,) = update(release, work, ["01-a/a.ipynb"])
    assert line.startswith("01-a/a.ipynb: 2 answers carried over; 2 cells have a new text")
    assert list(outdated(release, work)) == []
    assert json.loads((work / "03-c" / "a.ipynb").read_text()) == answered()
    assert list(outdated(None, work)) == []
