"""Courses with a class that has submitted, created once per session because it takes seconds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.autograder import runs


@pytest.fixture(scope="session")
def course_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runs.make_class(tmp_path_factory.mktemp("template"))


@pytest.fixture
def new_course(tmp_path: Path, course_template: Path) -> Callable[[str], Path]:
    def make(name: str) -> Path:
        return Path(shutil.copytree(course_template, tmp_path / name / "course"))

    return make


@pytest.fixture(scope="session")
def graded_course(tmp_path_factory: pytest.TempPathFactory, course_template: Path) -> Path:
    """A course that one uninterrupted run has graded."""
    course = Path(shutil.copytree(course_template, tmp_path_factory.mktemp("graded") / "course"))
    code, output = runs.grade(course, "--jobs", "2")
    assert code == 1, output  # one notebook is unreadable
    return course
