"""Cells that lost ids or metadata find their place, so nothing is graded or shown differently."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.grading import match_cells, merge, pools
from autograder.publish import build
from autograder.student_text import student_text
from tests.autograder.lessons import cell, read, source_notebook, submitted_notebook
from tests.autograder.small import COURSE
from tests.autograder.tools import TOOLS

SOURCE = source_notebook()


def solved(path: Path) -> dict[str, Any]:
    """Return the release of a lesson with the right answers, and a demonstration changed."""
    source_nb = nbformat.read(path, as_version=4)
    released = COURSE / "release" / path.parent.name / path.name
    nb: dict[str, Any] = json.loads(released.read_bytes())
    for released_cell, source_cell in zip(nb["cells"], source_nb.cells, strict=True):
        course = source_cell.metadata.get("course", {})
        is_answer = source_cell.metadata.get("nbgrader", {}).get("solution")
        released_cell["source"] = "".join(released_cell["source"])
        if "quiz" in course:
            key = pools.own_variant(source_cell, 0).source  # of a pool, the released variant
            ticks = {n for n, line in enumerate(options(key)) if "[x]" in line}
            lines = released_cell["source"].split("\n")
            boxes = [n for n, line in enumerate(lines) if line.startswith("- [ ]")]
            for number in ticks:
                lines[boxes[number]] = lines[boxes[number]].replace("[ ]", "[x]", 1)
            released_cell["source"] = "\n".join(lines)
        elif "prediction" in course:
            released_cell["source"] = released_cell["source"].replace("[ ]", "[x]", 1)
        elif is_answer:
            released_cell["source"] = source_cell.source
        elif course.get("demonstration"):
            released_cell["source"] = released_cell["source"].replace("0", "1")
    return nb


def options(source: str) -> list[str]:
    return [line for line in source.split("\n") if line.startswith(("- [ ]", "- [x]"))]


def texts(source_nb: NotebookNode, nb: dict[str, Any]) -> list[tuple[str, str]]:
    merged = merge.merge_submission(source_nb, read(nb))
    return [(cell["cell_type"], match_cells.plain_text(cell.source)) for cell in merged.cells]


@pytest.mark.parametrize("tool", [*TOOLS])
@pytest.mark.parametrize("name", build.assignment_names(COURSE))
def test_a_lesson_saved_by_another_tool_is_merged_as_if_by_jupyterlab(name: str, tool: str) -> None:
    (path,) = (COURSE / "source" / name).glob("*.ipynb")
    source_nb = NotebookNode(nbformat.read(path, as_version=4))
    nb = solved(path)
    expected = texts(source_nb, nb)
    assert len(expected) == len(source_nb.cells)
    TOOLS[tool](nb)
    assert texts(source_nb, nb) == expected


def without_ids(nb: dict[str, Any]) -> dict[str, Any]:
    for other in nb["cells"]:
        del other["id"]
        other["metadata"] = {}
    return nb


def added(kind: str, source: str) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {}, "source": source}


def released(nb: dict[str, Any]) -> dict[str, Any]:
    """Give the tests the text that students see."""
    for name in ("double-test", "half-test"):
        source_cell = NotebookNode(cell(SOURCE, name))
        cell(nb, name)["source"] = student_text(source_cell)
    return nb


def test_a_claimed_place_is_not_filled_by_text() -> None:
    nb = submitted_notebook()
    setup = next(other for other in nb["cells"] if other["source"] == "base = 1")
    setup["source"] = "base = 2"
    nb["cells"] += [added("code", "base = 1"), added("code", "base = 1")]
    merged = merge.merge_submission(SOURCE, read(nb))
    assert [other.source for other in merged.cells if "base =" in other.source] == [
        *("base = 2", "base = 1", "base = 1")
    ]


def test_further_copies_of_a_text_stay_where_they_are() -> None:
    nb = without_ids(released(submitted_notebook()))
    nb["cells"] += [added("code", "base = 1"), added("markdown", "Some text.")]
    merged = merge.merge_submission(SOURCE, read(nb))
    assert [other["id"][:5] for other in merged.cells[-2:]] == ["extra", "extra"]
    assert len(merged.cells) == len(SOURCE.cells) + 2


def test_code_with_another_indentation_is_not_the_instructors() -> None:
    source_nb = build.notebook_from_text(
        "```{code-cell}\nfor n in range(3):\n    a = n\nb = n\n```\n"
    )
    nb = {"cells": [added("code", "for n in range(3):\n    a = n\n    b = n")]}
    assert len(merge.merge_submission(source_nb, read(nb)).cells) == 2
    nb = {"cells": [added("code", "\nfor n in range(3):  \n    a = n\r\nb = n\n\n")]}
    merged = merge.merge_submission(source_nb, read(nb))
    assert [other.source for other in merged.cells] == [source_nb.cells[0].source]


TRUE_OR_FALSE = """+++ {"quiz": "sky"}

The sky is blue.

- [x] True
  > Yes.
- [ ] False
  > No.

+++ {"quiz": "sea"}

The sea is dry.

- [ ] True
  > No.
- [x] False
  > Yes.
"""


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("suffix", ["", " (I am not sure)"])
def test_questions_with_the_same_options_are_told_apart(
    order: tuple[int, int], suffix: str
) -> None:
    source_nb = build.notebook_from_text(TRUE_OR_FALSE)
    sky = added("markdown", f"The sky is blue.{suffix}\n\n- [x] True\n- [ ] False")
    sea = added("markdown", "The sea is dry.\n\n- [ ] True\n- [x] False")
    merged = merge.merge_submission(source_nb, read({"cells": [(sky, sea)[n] for n in order]}))
    assert [other["id"] for other in merged.cells] == ["sky", "sea"]
    assert "blue" in merged.cells[0].source
    assert "dry" in merged.cells[1].source


def test_copies_of_a_question_without_ids_are_compared() -> None:
    nb = without_ids(submitted_notebook())
    single = next(other for other in nb["cells"] if "**Which one?**" in other["source"])
    other_answer = single["source"].replace("[x]", "[ ]").replace("[ ] the first", "[x] the first")
    nb["cells"].append(added("markdown", other_answer))
    merged = merge.merge_submission(SOURCE, read(nb))
    assert cell(merged, "single")["metadata"]["course"]["copies"] == [
        single["source"],
        other_answer,
    ]


def test_code_that_defines_what_an_exercise_asks_for_is_its_answer() -> None:
    nb = without_ids(released(submitted_notebook()))
    at = next(n for n, other in enumerate(nb["cells"]) if "def double" in other["source"])
    nb["cells"].insert(at, added("code", "import math"))
    nb["cells"].append(added("code", "def double(x):\n    return 0"))  # in no exercise's place
    merged = merge.merge_submission(SOURCE, read(nb))
    assert cell(merged, "double")["source"] == "def double(x):\n    return 2 * x"
    assert "notes" not in cell(merged, "double")["metadata"].get("course", {})
    assert [other["id"][:5] for other in merged.cells].count("extra") == 2


def test_a_huge_cell_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    normalized: list[int] = []
    plain_text = match_cells.plain_text

    def record(source: str) -> str:
        normalized.append(len(source))
        return plain_text(source)

    monkeypatch.setattr(match_cells, "plain_text", record)
    nb = without_ids(submitted_notebook())
    nb["cells"].append(added("code", "x = 1\n" * 100_000))
    match_cells.match(SOURCE, read(nb))
    assert normalized
    assert max(normalized) < 10_000


@pytest.mark.parametrize(
    ("name", "text", "is_more"),
    [
        ("single", "**Which one?**\n\n- [ ] the first of them\n- [x] the second of them", True),
        ("single", "It is the second of them.", True),
        ("double", "def double(x):\n    return x + x", True),
        ("double", "def double(x):\n    # to do\n    pass", False),
        ("double", "", False),
    ],
)
def test_a_copy_has_more_answers_if_it_fills_what_is_blank(
    name: str, text: str, *, is_more: bool
) -> None:
    blank, other = submitted_notebook(), submitted_notebook()
    for nb in (blank, other):
        cell(nb, "single")["source"] = cell(nb, "single")["source"].replace("[x]", "[ ]")
        cell(nb, "double")["source"] = (
            "def double(x):\n    # YOUR CODE HERE\n    raise NotImplementedError"
        )
    cell(other, name)["source"] = text
    assert match_cells.has_more_answers(SOURCE, read(other), read(blank)) is is_more
    assert not match_cells.has_more_answers(SOURCE, read(blank), read(other))
    assert not match_cells.has_more_answers(SOURCE, read(other), read(copy.deepcopy(other)))
