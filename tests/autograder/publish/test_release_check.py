"""A release holds the lesson's notebooks, the listed files and nothing else."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from nbgrader.utils import compute_checksum

from autograder.nbgrader_plugins.release import build_release
from autograder.publish import build, release_check
from tests.autograder.publish.edits import add_line, edit_file, update_nbgrader
from tests.autograder.small import COURSE, EXPLANATION, LESSON, NOTEBOOK, RIGHT, open_course

FILE_LIST = release_check.EXTRA_FILES_LIST


def check(release: Path, source: Path) -> list[str]:
    return release_check.check_folder(release, source, compute_checksum)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = open_course(tmp_path_factory.mktemp("release") / "course")
    build_release(root)
    return root


@pytest.fixture
def folders(course: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Copies of the lesson's folders in release/ and source/, to modify."""
    for name in ("release", "source"):
        shutil.copytree(course / name / LESSON, tmp_path / name / LESSON)
    return tmp_path / "release" / LESSON, tmp_path / "source" / LESSON


def test_the_unchanged_release_passes(folders: tuple[Path, Path]) -> None:
    assert check(*folders) == []


def test_every_problem_names_its_file_and_cell(folders: tuple[Path, Path]) -> None:
    notebook = folders[0] / NOTEBOOK
    edit_file(notebook, add_line("dice", f"  > {EXPLANATION}"))
    edit_file(notebook, update_nbgrader("squares-test", points=7))
    (notebook.parent / "gradebook.db").write_bytes(b"x")
    problems = check(*folders)
    assert len(problems) == 4
    message = str(release_check.ReleaseError(LESSON, problems))
    assert message.startswith(f"{LESSON} can't be released:\n- ")
    assert all(problem in message for problem in problems)
    for name in (f"{NOTEBOOK}: cell 'dice'", f"{NOTEBOOK}: cell 'squares-test'", "'gradebook.db'"):
        assert name in message


@pytest.mark.parametrize("name", build.assignment_names(COURSE))
def test_every_lesson_passes_the_release_check(name: str) -> None:
    assert check(COURSE / "release" / name, COURSE / "source" / name) == []


def test_a_duplicate_json_key_is_found(folders: tuple[Path, Path]) -> None:
    path = folders[0] / NOTEBOOK
    text = path.read_text(encoding="utf-8")
    duplicated = text.replace(
        '"id": "guess"', f'"source": [{json.dumps(RIGHT)}],\n   "id": "guess"'
    )
    path.write_text(duplicated, encoding="utf-8")
    assert json.loads(duplicated) == json.loads(text)
    (problem,) = check(*folders)
    assert (
        problem == f"{NOTEBOOK}: the file holds more than the parsed notebook, or other formatting"
    )


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "3", '{"cells": 3}', '{"cells": [3]}', "[" * 100_000]
)
def test_a_broken_notebook_is_found(folders: tuple[Path, Path], content: str) -> None:
    (folders[0] / NOTEBOOK).write_text(content, encoding="utf-8")
    (problem,) = check(*folders)
    assert problem.startswith(f"{NOTEBOOK}: not a valid notebook (")


@pytest.mark.parametrize(
    "name",
    [
        "gradebook.db",
        "small.md",
        "held_out.npz",
        "data.csv",
        "other.ipynb",
        ".hidden",
        ".ipynb_checkpoints/small-checkpoint.ipynb",
        "__pycache__/small.cpython-311.pyc",
        "figures/plot.png",
        FILE_LIST,
    ],
)
def test_an_unlisted_file_is_found(folders: tuple[Path, Path], name: str) -> None:
    path = folders[0] / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    assert (
        f"{name!r} is neither a notebook of the lesson nor listed in {FILE_LIST};"
        " remove it or list it"
    ) in check(*folders)


def test_links_are_found(folders: tuple[Path, Path]) -> None:
    release, source = folders
    (release / NOTEBOOK).unlink()
    (release / NOTEBOOK).symlink_to(source / NOTEBOOK)
    (release / "more").symlink_to(source)
    assert check(release, source) == [
        f"{name!r} is a symbolic link; replace it by a file" for name in ("more", NOTEBOOK)
    ]
    shutil.rmtree(release)
    release.symlink_to(source)
    assert check(release, source)[0] == f"{LESSON!r} is a symbolic link; replace it by a folder"


def test_a_pipe_and_an_empty_folder_are_found(folders: tuple[Path, Path]) -> None:
    (folders[0] / "empty").mkdir()
    (folders[0] / NOTEBOOK).unlink()
    os.mkfifo(folders[0] / NOTEBOOK)
    problems = check(*folders)
    assert "'empty' is an unexpected folder; remove it" in problems
    assert any(problem.startswith(f"{NOTEBOOK!r} is neither") for problem in problems)


def test_a_missing_notebook_or_source_is_reported(folders: tuple[Path, Path]) -> None:
    release, source = folders
    (release / NOTEBOOK).unlink()
    assert check(release, source)[0].startswith(f"{NOTEBOOK} is missing; run: ")
    shutil.rmtree(source)
    assert check(release, source)[0].startswith(f"there is no notebook in {source}")


def test_a_lesson_can_list_a_file_for_students(folders: tuple[Path, Path]) -> None:
    for folder in folders:
        (folder / "figures").mkdir()
        (folder / "figures" / "plot.png").write_bytes(b"a picture")
    release, source = folders
    (source / FILE_LIST).write_text("figures/plot.png\n", encoding="utf-8")
    assert check(release, source) == []
    (release / "figures" / "plot.png").write_bytes(b"another picture")
    problem = "'figures/plot.png' differs from the file in source/; copy it again"
    assert check(release, source) == [problem]


def test_a_listed_file_with_an_answer_or_of_another_type_is_found(
    folders: tuple[Path, Path],
) -> None:
    for folder in folders:
        (folder / "note.txt").write_text(EXPLANATION, encoding="utf-8")
        (folder / "grades.db").write_bytes(b"x")
    release, source = folders
    (source / FILE_LIST).write_text("note.txt\ngrades.db\n", encoding="utf-8")
    problems = " ".join(check(release, source))
    assert "'note.txt' contains an explanation of cell 'dice'" in problems
    assert f"{FILE_LIST} lists 'grades.db', but only .csv" in problems
    assert "'grades.db' is neither a notebook" in problems


def test_an_answer_is_found_in_a_page_whatever_tags_are_in_it(folders: tuple[Path, Path]) -> None:
    words = EXPLANATION.split()
    for folder in folders:
        page = f"<p>{words[0]} <em>{' '.join(words[1:])}</em></p>"
        (folder / "page.html").write_text(page, encoding="utf-8")
    release, source = folders
    (source / FILE_LIST).write_text("page.html\n", encoding="utf-8")
    (problem,) = check(release, source)
    assert problem.startswith("'page.html' contains an explanation of cell 'dice'")


def test_the_build_releases_listed_files_and_updates_them(course: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(course, tmp_path / "course"))
    page = root / "source" / LESSON / "page.html"
    (page.parent / FILE_LIST).write_text("page.html\n", encoding="utf-8")
    for text in ("<p>One.</p>", "<p>Two.</p>"):
        page.write_text(text, encoding="utf-8")
        released = root / "release" / LESSON / "page.html"
        assert build_release(root) == [released]
        assert released.read_text(encoding="utf-8") == text
        assert build_release(root) == []
