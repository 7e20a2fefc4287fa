"""Completed notebooks are used only while they are those of the current source."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.nbgrader_plugins import completed_source
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths

NAME = "ps1"


def notebook(text: str) -> NotebookNode:
    return NotebookNode(new_notebook(cells=[new_code_cell(text)]))


def write(paths: CoursePaths, name: str, text: str) -> None:
    paths.source.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook(text), paths.source / f"{name}.ipynb")


def kept(paths: CoursePaths) -> dict[str, str]:
    """The first cell of each notebook to grade with."""
    return {
        path.stem: nbformat.read(path, as_version=4).cells[0].source
        for path in completed_source.folder(paths).glob("*.ipynb")
    }


@pytest.fixture
def paths(tmp_path: Path) -> CoursePaths:
    """An assignment of two notebooks, of which one has an autotest."""
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    paths = CoursePaths(CourseDirectory(config=config), NAME)
    write(paths, "one", "### AUTOTEST x")
    write(paths, "two", "y = 1")
    completed_source.keep(paths, {"one": notebook("assert x == 1"), "two": notebook("y = 1")})
    return paths


def test_autotests_are_filled_in(paths: CoursePaths) -> None:
    assert kept(paths) == {"one": "assert x == 1", "two": "y = 1"}


def test_a_changed_notebook_must_be_generated_again(paths: CoursePaths) -> None:
    write(paths, "two", "y = 2")
    with pytest.raises(CourseError, match="Run: nbgrader generate_assignment ps1"):
        completed_source.folder(paths)
    completed_source.keep(paths, {"one": notebook("assert x == 1")})  # only the other one
    with pytest.raises(CourseError, match="not up to date"):
        completed_source.folder(paths)
    completed_source.keep(paths, {"two": notebook("y = 2")})
    assert kept(paths) == {"one": "assert x == 1", "two": "y = 2"}


def test_a_removed_notebook_is_not_graded(paths: CoursePaths) -> None:
    (paths.source / "two.ipynb").unlink()
    completed_source.keep(paths, {"one": notebook("assert x == 1")})
    assert kept(paths) == {"one": "assert x == 1"}


def test_an_assignment_without_autotests_is_graded_from_its_source(paths: CoursePaths) -> None:
    write(paths, "one", "assert x == 1")
    assert completed_source.folder(paths) == paths.source
