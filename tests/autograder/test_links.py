"""A link in a submission brings nothing along."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory

from autograder.links import CollectFiles, remove_links
from autograder.preprocessors import expect_notebooks


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """A submission with honest files, and links to a secret file and a secret folder."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "gradebook.db").write_text("secret")
    folder = tmp_path / "submitted" / "eve" / "01-intro"
    (folder / "deep").mkdir(parents=True)
    (folder / "intro.ipynb").write_text("{}")
    (folder / "deep" / "notes.txt").write_text("mine")
    (folder / "deep" / "book").symlink_to(secrets / "gradebook.db")
    (folder / "all").symlink_to(secrets)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


HONEST = ["deep", "deep/notes.txt", "intro.ipynb"]


def test_links_are_removed_and_what_they_point_to_stays(submission: Path, tmp_path: Path) -> None:
    assert [link.name for link in remove_links(submission)] == ["all", "book"]
    assert names(submission) == HONEST
    assert (tmp_path / "secrets" / "gradebook.db").read_text() == "secret"


def test_collecting_leaves_links_behind(submission: Path, tmp_path: Path) -> None:
    collect = CollectFiles(coursedir=CourseDirectory(root=str(tmp_path)))
    collect.do_copy(str(submission), str(tmp_path / "collected"))
    assert names(tmp_path / "collected") == HONEST


def test_grading_removes_links_before_anything_is_copied(
    submission: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    expect_notebooks("01-intro", "*", [str(submission / "intro.ipynb")])
    assert names(submission) == HONEST
