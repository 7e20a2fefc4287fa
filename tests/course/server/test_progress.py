"""The progress in a notebook's file, which its learner may have changed in any way."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest

from course.server.progress import UnreadableNotebookError, progress_of, read_progress

RED = "**Which color?**\n\n- [ ] red\n- [ ] green\n"
BLUE = "Which others?\n\n- [ ] blue\n- [ ] yellow\n- [ ] black\n"
TEST = '@exercises.check("Exercise 1", points=2)\ndef test():\n    assert half(3) == 1.5\n'


def question(name: str, source: str, *, multiple: bool = False) -> dict[str, Any]:
    nbgrader = {"grade": True, "solution": True, "grade_id": name, "points": 1}
    metadata = {"course": {"quiz": {"multiple": multiple}}, "nbgrader": nbgrader}
    return {"cell_type": "markdown", "id": name, "metadata": metadata, "source": source}


def lesson(*cells: Any) -> dict[str, Any]:
    """Return a notebook as students get it, with the given cells in place of its own."""
    released = [question("red", RED), question("blue", BLUE, multiple=True)]
    metadata = {"course": {"questions": released}}
    return {"cells": list(cells) or copy.deepcopy(released), "metadata": metadata}


def exercise(outputs: list[Any], count: int | None = 1, source: str = TEST) -> dict[str, Any]:
    nbgrader = {"grade": True, "solution": False, "grade_id": "half-test", "points": 2}
    return {
        "cell_type": "code",
        "metadata": {"nbgrader": nbgrader},
        "source": source,
        "outputs": outputs,
        "execution_count": count,
    }


HINT = {"text/plain": ["✗ Exercise 1: not correct yet\n", "half(3) should be 1.5"]}
SAID = {"output_type": "stream", "name": "stdout"}
FAILED = {"output_type": "error", "ename": "AssertionError", "evalue": "no", "traceback": []}
OPEN = {**FAILED, "ename": "NotImplementedError"}


@pytest.mark.parametrize(
    ("cell", "state", "message"),
    [
        (exercise([], None), "open", ""),
        (exercise([{**SAID, "text": "✓ Exercise 1: correct (2 points)\n"}]), "passed", ""),
        (exercise([{**SAID, "text": ["noise\n", "✓ no"]}]), "open", ""),
        (exercise([OPEN]), "open", ""),
        (exercise([FAILED]), "failed", "AssertionError: no"),
        (exercise([{"data": HINT}, FAILED]), "failed", "half(3) should be 1.5"),
        (exercise([], 3, "assert half(3) == 1.5"), "passed", ""),  # a test without our messages
        (exercise([], 3), "open", ""),
        (exercise([3, {"text": {}}, {"data": 1}]), "open", ""),
    ],
)
def test_an_exercise_is_as_its_output_says(cell: dict[str, Any], state: str, message: str) -> None:
    (only,) = progress_of({"cells": [cell]}).exercises
    assert (only.state, only.message, only.points) == (state, message, 2)


def states(*cells: dict[str, Any]) -> list[str]:
    return [question.state for question in progress_of(lesson(*cells)).questions]


@pytest.mark.parametrize(
    ("source", "state"),
    [
        (RED, "blank"),
        (RED.replace("[ ] red", "[x] red"), "answered"),
        (
            "A note of mine.\n\n" + RED.replace("- [ ] red", "*  [X]  red") + "I am sure.",
            "answered",
        ),
        (RED.replace("[ ]", "[x]"), "many"),
        (RED + "\nMy answer: [x]", "unclear"),
        ("**Which color?**\n\n- [ ] green\n- [x] red\n", "answered"),
        ("the answer is three", "damaged"),
        (RED.replace("[ ] red", "[x] rot"), "damaged"),
        (RED.replace("- [ ] red\n", ""), "damaged"),
        (RED + "- [ ] red\n", "damaged"),
        (RED + "- [ ] violet\n", "damaged"),
        (RED.replace("**Which color?**", "x"), "damaged"),
        ("", "damaged"),
    ],
)
def test_a_question_is_damaged_if_prompt_or_options_changed(source: str, state: str) -> None:
    assert states(question("red", source), question("blue", BLUE)) == [state, "blank"]


def test_a_question_is_damaged_if_its_cell_is_none_any_more() -> None:
    red, blue = question("red", RED), question("blue", BLUE)
    assert states(blue) == ["damaged", "blank"]
    assert states({**red, "cell_type": "code"}, blue) == ["damaged", "blank"]
    assert states({**red, "metadata": {}}, blue) == ["damaged", "blank"]
    assert states({**red, "metadata": None, "id": "other"}, blue) == ["damaged", "blank"]
    half = question("red", RED.replace("- [ ] red\n", "")), question("red", "- [x] red")
    assert states(*half, blue) == ["damaged", "blank"]
    assert states(red, {**question("red", RED), "id": "copy"}, blue) == ["blank", "blank"]


def test_the_cell_of_a_question_without_metadata_is_found() -> None:
    red = {**question("red", RED.replace("[ ] red", "[x] red")), "metadata": {}, "id": "other"}
    first = progress_of(lesson(red, question("blue", BLUE))).questions[0]
    assert (first.number, first.name, first.prompt) == (1, "red", "Which color?")
    assert first.source == red["source"]


def test_without_a_release_a_question_is_what_the_cell_says() -> None:
    cells = [question("red", RED.replace("[ ] red", "[x] red")), question("blue", "nothing")]
    progress = progress_of({"cells": cells})
    assert [question.state for question in progress.questions] == ["answered", "damaged"]


def test_the_summary_counts_everything() -> None:
    cells = [question("red", RED.replace("[ ] red", "[x] red")), question("blue", "oh")]
    progress = progress_of(lesson(exercise([]), *cells))
    assert progress.summary == "0 of 1 exercises pass, 1 of 2 answered, question 2 is damaged"
    assert (progress.points, progress.done) == (4, False)
    assert progress_of({"cells": []}).summary == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"cells": {}}',
        b"[" * 100_000,
        b'{"cells": [' + b"9" * 5000 + b"]}",
    ],
)
def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lesson.ipynb"
    path.write_bytes(content)
    with pytest.raises(UnreadableNotebookError, match=r"lesson.ipynb is not a notebook"):
        read_progress(path)


def test_a_huge_file_or_a_pipe_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lesson.ipynb"
    path.write_text(json.dumps(lesson()))
    monkeypatch.setattr("course.server.progress.MAX_BYTES", 100)
    with pytest.raises(UnreadableNotebookError, match="larger than"):
        read_progress(path)
    os.mkfifo(tmp_path / "pipe.ipynb")
    with pytest.raises(FileNotFoundError):
        read_progress(tmp_path / "pipe.ipynb")


STRANGE: list[Any] = [None, 3, [], {}, "text", [3], [None], [[]], {"quiz": 3}, {"questions": [{}]}]


@pytest.mark.parametrize("strange", STRANGE, ids=map(str, STRANGE))
def test_strange_entries_are_read_as_none(strange: Any) -> None:
    for key in ("cell_type", "id", "metadata", "source", "outputs", "execution_count"):
        for cell in (question("red", RED), exercise([])):
            progress_of(lesson({**cell, key: strange}, strange))
    for key in ("course", "nbgrader"):
        cell = question("red", RED)
        cell["metadata"][key] = strange
        progress_of({"cells": [cell], "metadata": {"course": strange}})
        progress_of({"cells": [cell], "metadata": {"course": {"questions": strange}}})
    cell = question("red", RED)
    cell["metadata"]["nbgrader"] = {"grade_id": strange, "points": strange}
    progress_of({"cells": [cell], "metadata": {"course": {"questions": [cell, strange]}}})
    assert states(question("red", "\ud800"))[0] == "damaged"
