"""A course's settings, and those of a hub for its own course only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook

from autograder.nbgrader_plugins.adopt import Adoption
from autograder.nbgrader_plugins.course_config import read_config
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from deploy.hub.settings import CHECKOUT, SETTINGS_VARIABLE
from tests.autograder.nbgrader_plugins.test_own_notebooks import write_notebook

GRADEBOOK = "postgresql+psycopg://grader@localhost/course"


def write(folder: Path, *lines: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(["c = get_config()", *lines])
    (folder / "nbgrader_config.py").write_text(text, encoding="utf-8")
    return folder


def test_settings_for_all_courses_count_and_the_courses_own_take_precedence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = write(tmp_path / "course", "c.Grade.cell_seconds = 5")
    general = write(tmp_path / "a", "c.Grade.cell_seconds = 7", "c.Exchange.root = '/a'")
    lower = write(tmp_path / "b", "c.Exchange.root = '/b'", "c.Exchange.timezone = 'CET'")
    folders = [general, lower, tmp_path / "none"]
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", os.pathsep.join(map(str, folders)))
    config = read_config(course)
    assert (config.Grade.cell_seconds, config.Exchange) == (5, {"root": "/a", "timezone": "CET"})
    assert config.CourseDirectory.root == str(course)


def test_a_hubs_settings_are_for_its_own_course_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the grader's server has them."""
    hub = tmp_path / "hub.toml"
    hub.write_text(f'state = "{tmp_path}"\ngradebook = "{GRADEBOOK}"\n', encoding="utf-8")
    monkeypatch.setenv(SETTINGS_VARIABLE, str(hub))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(CHECKOUT / "deploy" / "grader"))
    course, other = write(tmp_path / "course"), write(tmp_path / "other")
    (tmp_path / "link").symlink_to(course)
    for root in (course, tmp_path / "link"):
        config = read_config(root)
        assert CoursePaths.from_config(config, "").db_url == GRADEBOOK
        assert config.Exchange.root == str(tmp_path / "exchange")
        assert "AssignLatePenalties" in config
    write_notebook(other / "source" / "ps1" / "p.ipynb", new_notebook())
    adopted = Adoption(other, course).config  # into the hub's gradebook, with the course's plugins
    assert CoursePaths.from_config(adopted, "").db_url == GRADEBOOK
    assert "AssignLatePenalties" in adopted
    config = read_config(other)
    assert CoursePaths.from_config(config, "").db_url == f"sqlite:///{other}/gradebook.db"
    assert config == {"CourseDirectory": {"root": str(other)}}


def test_a_folder_without_settings_is_no_course(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"has no nbgrader_config\.py"):
        read_config(tmp_path)
