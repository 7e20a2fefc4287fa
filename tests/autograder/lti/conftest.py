"""A running platform, and a course that is registered there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.lti import client, key
from autograder.nbgrader_plugins import export
from tests.lti_platform import Platform, member, run_platform

NAME = "01-intro"


@pytest.fixture(scope="session")
def course_with_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with a key and three students, made once because that takes a second."""
    root = tmp_path_factory.mktemp("lti") / "course"
    key.create(root / ".grading" / "lti-key.pem")
    _add_students(root, "ada", "ben", "cleo")
    return root


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    monkeypatch.setattr(client, "BACKOFF_S", 0.01)
    with run_platform() as running:
        running.members += [
            member("u1", "Ada", "ada@uni.example", family_name="Lovelace"),
            member("u2", "Ben", "ben@uni.example"),
            member("u3", "Cleo", "cleo@uni.example"),
            member("t1", "Ines", "ines@uni.example", roles=["Instructor"]),
        ]
        yield running
        assert running.problems == []


def _add_students(root: Path, *names: str) -> None:
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        for name in names:
            gradebook.update_or_create_student(name)


@dataclass
class Course:
    """A course folder, whose grades a test sets."""

    root: Path
    patch: pytest.MonkeyPatch

    def settings(self, **values: Any) -> None:
        lines = [f"c.LtiPlatform.{name} = {value!r}\n" for name, value in values.items()]
        (self.root / "nbgrader_config.py").write_text("c = get_config()\n" + "".join(lines))

    def students(self, *names: str) -> None:
        _add_students(self.root, *names)

    def grades(self, maximum: float = 7.0, **scores: float | str) -> None:
        """Set the scores; a text is the status of somebody without a final one."""
        rows = [
            {
                "assignment": NAME,
                "student_id": name,
                "status": "graded" if isinstance(score, float) else score,
                "score": score if isinstance(score, float) else None,
                "reason": "" if isinstance(score, float) else "an essay",
            }
            for name, score in scores.items()
        ]
        table = export.GradeTable({NAME: maximum}, [], rows)
        self.patch.setattr(export, "read_grades", lambda *_: table)


@pytest.fixture
def course(
    tmp_path: Path, course_with_key: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> Course:
    """A course with three students and no grades yet."""
    made = Course(Path(shutil.copytree(course_with_key, tmp_path / "course")), monkeypatch)
    made.settings(**platform.settings())
    platform.tool_key = key.public_jwk(key.load(made.root / ".grading" / "lti-key.pem"))
    return made
