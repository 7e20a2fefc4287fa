"""An instructor's own stubs: they pass the release check, and count as no answer."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nbformat
import pytest
from traitlets.config import Config

from autograder import cells, student_text
from autograder.batch.course_folder import CourseFolder
from autograder.grading import match_cells, merge, scoring, submission
from autograder.nbgrader_plugins import autograde
from autograder.nbgrader_plugins.release import build_release
from autograder.publish import build
from tests.autograder.small import COURSE

NAME = "01-own"
CODE, TEXT = "# TODO: your turn\nraise SystemError", "*Hier antworten.*"
SETTINGS = f"""
c.ClearSolutions.code_stub = {{**student_text.CODE_STUBS, "python": {CODE!r}}}
c.ClearSolutions.text_stub = {TEXT!r}
"""
LESSON = """# Own stubs

```{code-cell} ipython3
:manual: program
:points: 2
def square(x):
    ### BEGIN SOLUTION
    return x * x
    ### END SOLUTION
```

+++ {"manual": "essay", "points": 3}

Why?

### BEGIN SOLUTION
Because neighboring pixels tell the same story.
### END SOLUTION
"""
UNCHANGED = {"program": f"def square(x):\n    {CODE.replace(chr(10), chr(10) + '    ')}"}
UNCHANGED |= {"essay": f"Why?\n\n{TEXT}"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stubs")
    shutil.copyfile(COURSE / "nbgrader_config.py", root / "nbgrader_config.py")
    with (root / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(SETTINGS)
    path = root / "source" / NAME / "own.md"
    path.parent.mkdir(parents=True)
    path.write_text(LESSON, encoding="utf-8")
    build.build_source(root)
    build_release(root)
    return root


def grade(course: Path, **answers: str) -> dict[str, float | None]:
    """Grade a submission with the settings of the course, without running it."""
    folder = CourseFolder.open(course, NAME)
    nb: dict[str, Any] = json.loads((course / "release" / NAME / "own.ipynb").read_bytes())
    for cell in nb["cells"]:
        cell["source"] = answers.get(cell["id"], cell["source"])
    source = cells.read_source(folder.source / "own.ipynb")
    cells.set_stubs(source, folder.settings.stubs)
    merged = merge.merge_submission(source, submission.parse(json.dumps(nb).encode()))
    assert not any(map(cells.stubs, merged.cells))
    graded, original = map(cells.graded_cells, (merged, source))
    return {name: scoring.score(original[name], graded[name], None).points for name in graded}


def test_a_release_with_own_stubs_passes_the_check(course: Path) -> None:
    nb = nbformat.read(course / "release" / NAME / "own.ipynb", as_version=4)
    assert {cell.id: cell.source for cell in nb.cells if cells.is_answer(cell)} == UNCHANGED


def test_an_answer_that_was_left_as_released_is_not_answered(course: Path) -> None:
    assert grade(course) == {"program": 0, "essay": 0}
    answers = {"program": "def square(x):\n    return x * x", "essay": f"{TEXT} Pixels repeat."}
    assert grade(course, **answers) == {"program": None, "essay": None}
    assert grade(course, essay="Why?") == {"program": 0, "essay": 0}
    assert grade(course, essay="YOUR ANSWER HERE") == {"program": 0, "essay": 0}


def test_a_copy_with_own_stubs_only_has_no_answer(course: Path) -> None:
    """Of several copies of a notebook, one in which something was written is graded."""
    folder = CourseFolder.open(course, NAME)
    source = cells.read_source(folder.source / "own.ipynb")
    cells.set_stubs(source, folder.settings.stubs)
    blank = (course / "release" / NAME / "own.ipynb").read_bytes()
    answered = blank.replace(json.dumps(TEXT)[1:-1].encode(), b"Pixels repeat.")
    assert answered != blank
    empty, full = map(submission.parse, (blank, answered))
    assert match_cells.has_more_answers(source, full, empty)
    assert not match_cells.has_more_answers(source, empty, full)


def test_the_stubs_reach_every_worker(course: Path) -> None:
    settings = CourseFolder.open(course, NAME).settings
    assert set(settings.stubs) == {CODE, TEXT}
    assert type(settings).from_json(json.loads(json.dumps(asdict(settings)))) == settings


@pytest.mark.parametrize(
    "value", [{"python": student_text.CODE_STUB}, dict(student_text.CODE_STUBS)]
)
def test_known_stubs_are_not_configured_twice(value: dict[str, str]) -> None:
    assert autograde.own_stubs(Config({"ClearSolutions": {"code_stub": value}})) == ()
    assert autograde.own_stubs(Config()) == ()
