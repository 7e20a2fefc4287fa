"""Courses with a class that has handed in; made once, for it takes some seconds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.autograder import runs


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runs.open_class(tmp_path_factory.mktemp("template"))


@pytest.fixture
def new_course(tmp_path: Path, template: Path) -> Callable[[str], Path]:
    def make(name: str) -> Path:
        return Path(shutil.copytree(template, tmp_path / name / "course"))

    return make


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Path:
    """A course in which a run has graded everybody, undisturbed."""
    course = Path(shutil.copytree(template, tmp_path_factory.mktemp("whole") / "course"))
    code, said = runs.grade(course, "--jobs", "2")
    assert code == 1, said  # somebody's file can't be read
    return course
