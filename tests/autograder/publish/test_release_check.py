"""Nothing leaves but what is meant for students: through no file, command or button."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.publish import build, release_check
from autograder.publish.cell_roles import AuthoringError
from tests.autograder.small import (
    COURSE,
    EXPLANATION,
    LESSON,
    NOTEBOOK,
    RIGHT,
    SOLUTION,
    TEXT,
    add_line,
    marked,
    open_course,
    spoil,
)
from tests.classroom.commands import Shell


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = open_course(tmp_path_factory.mktemp("gate") / "course")
    build.build_release(root)
    return root


@pytest.fixture
def folders(course: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Copies of the lesson's folders in release/ and source/, to spoil."""
    for room in ("release", "source"):
        shutil.copytree(course / room / LESSON, tmp_path / room / LESSON)
    return tmp_path / "release" / LESSON, tmp_path / "source" / LESSON


def test_the_lesson_itself_passes(folders: tuple[Path, Path]) -> None:
    assert release_check.check_folder(*folders) == []
    release_check.require(*folders)


def test_all_findings_are_named_with_file_and_cell(folders: tuple[Path, Path]) -> None:
    made = folders[0] / NOTEBOOK
    spoil(made, add_line("dice", f"  > {EXPLANATION}"))
    spoil(made, marked("squares-test", points=7))
    (made.parent / "gradebook.db").write_bytes(b"x")
    reasons = release_check.check_folder(*folders)
    assert len(reasons) == 4
    with pytest.raises(release_check.ReleaseError, match=f"{LESSON} is not released") as error:
        release_check.require(*folders)
    assert all(reason in str(error.value) for reason in reasons)
    for name in (f"{NOTEBOOK}: cell 'dice'", f"{NOTEBOOK}: cell 'squares-test'", "'gradebook.db'"):
        assert name in str(error.value)


@pytest.mark.parametrize("name", build.assignments(COURSE))
def test_the_course_passes(name: str) -> None:
    assert release_check.check_folder(COURSE / "release" / name, COURSE / "source" / name) == []


def test_a_name_that_stands_twice_is_stopped(folders: tuple[Path, Path]) -> None:
    path = folders[0] / NOTEBOOK
    whole_text = path.read_text(encoding="utf-8")
    twice = whole_text.replace(
        '"id": "guess"', f'"source": [{json.dumps(RIGHT)}],\n   "id": "guess"'
    )
    path.write_text(twice, encoding="utf-8")
    assert json.loads(twice) == json.loads(whole_text)
    (reason,) = release_check.check_folder(*folders)
    assert reason == f"{NOTEBOOK}: the file holds more than the notebook, or is written another way"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "3", '{"cells": 3}', '{"cells": [3]}', "[" * 100_000]
)
def test_a_broken_notebook_is_stopped(folders: tuple[Path, Path], content: str) -> None:
    (folders[0] / NOTEBOOK).write_text(content, encoding="utf-8")
    (reason,) = release_check.check_folder(*folders)
    assert reason.startswith(f"{NOTEBOOK}: it can't be read as a notebook")


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
        release_check.FILES,
    ],
)
def test_a_file_that_no_lesson_names_is_stopped(folders: tuple[Path, Path], name: str) -> None:
    path = folders[0] / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    reasons = release_check.check_folder(*folders)
    assert (
        f"{name!r} is neither a notebook of the lesson nor named in {release_check.FILES}"
        in reasons
    )


def test_links_are_stopped(folders: tuple[Path, Path]) -> None:
    release, source = folders
    (release / NOTEBOOK).unlink()
    (release / NOTEBOOK).symlink_to(source / NOTEBOOK)
    (release / "more").symlink_to(source)
    reasons = release_check.check_folder(release, source)
    assert reasons == [f"{name!r} is a link to another file" for name in ("more", NOTEBOOK)]
    shutil.rmtree(release)
    release.symlink_to(source)
    assert "is a link to another folder" in release_check.check_folder(release, source)[0]


def test_a_pipe_and_an_empty_folder_are_stopped(folders: tuple[Path, Path]) -> None:
    (folders[0] / "empty").mkdir()
    (folders[0] / NOTEBOOK).unlink()
    os.mkfifo(folders[0] / NOTEBOOK)
    reasons = release_check.check_folder(*folders)
    assert "'empty' is a folder that no lesson names" in reasons
    assert any(reason.startswith(f"{NOTEBOOK!r} is neither") for reason in reasons)


def test_a_missing_notebook_or_source_is_named(folders: tuple[Path, Path]) -> None:
    release, source = folders
    (release / NOTEBOOK).unlink()
    assert release_check.check_folder(release, source)[0].startswith(f"{NOTEBOOK} is missing")
    shutil.rmtree(source)
    assert release_check.check_folder(release, source)[0].startswith(f"{LESSON} can't be checked")


def test_a_lesson_may_name_a_file_for_students(folders: tuple[Path, Path]) -> None:
    for folder in folders:
        (folder / "figures").mkdir()
        (folder / "figures" / "plot.png").write_bytes(b"a picture")
    release, source = folders
    (source / release_check.FILES).write_text("figures/plot.png\n", encoding="utf-8")
    assert release_check.check_folder(release, source) == []
    (release / "figures" / "plot.png").write_bytes(b"another picture")
    reason = "'figures/plot.png' is not the file of that name in source/"
    assert release_check.check_folder(release, source) == [reason]


def test_a_named_file_holds_no_answer_and_is_no_archive(folders: tuple[Path, Path]) -> None:
    for folder in folders:
        (folder / "note.txt").write_text(EXPLANATION, encoding="utf-8")
        (folder / "grades.db").write_bytes(b"x")
    release, source = folders
    (source / release_check.FILES).write_text("note.txt\ngrades.db\n", encoding="utf-8")
    reasons = " ".join(release_check.check_folder(release, source))
    assert "'note.txt' holds an explanation of 'dice'" in reasons
    assert f"{release_check.FILES} names 'grades.db'" in reasons
    assert "'grades.db' is neither a notebook" in reasons


# What goes wrong in the text itself passes every step before the gate.
SLIPS = {
    "key in a mark": (
        TEXT.replace('"quiz": "dice"', '"quiz": "dice", "hint": "the second"'),
        "cell 'dice' holds metadata.hint='the second'",
    ),
    "solution in a text": (
        TEXT.replace("# A small lesson", f"# A small lesson\n\n    {SOLUTION}"),
        "holds a solution of 'squares'",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_the_text_stops_the_build(tmp_path: Path, slip: str) -> None:
    lesson, reason = SLIPS[slip]
    root = open_course(tmp_path / "course", lesson)
    with pytest.raises(AuthoringError, match=f"{NOTEBOOK}: cell ") as error:
        build.build_release(root)
    assert reason in str(error.value)
    assert not (root / "release").exists()


@dataclass
class Instructor:
    """Runs nbgrader's commands in a course, and hears what they say."""

    root: Path
    capture: pytest.CaptureFixture[str]

    def nbgrader(self, *arguments: str, expect: int = 0) -> str:
        self.capture.readouterr()
        said = Shell(self.root).nbgrader(*arguments, expect=expect)
        return said + self.capture.readouterr().err


def test_generating_lets_a_lesson_out_or_stops(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = open_course(tmp_path / "course")
    instructor = Instructor(root, capfd)
    instructor.nbgrader("generate_assignment", "--no-db", LESSON)
    assert (root / "release" / LESSON / NOTEBOOK).exists()
    (root / "source" / LESSON / "held_out.npz").write_bytes(b"x")
    said = instructor.nbgrader("generate_assignment", "--no-db", LESSON, expect=1)
    assert "'held_out.npz' is neither a notebook of the lesson nor named" in said
    assert not (root / "release" / LESSON).exists()
    (root / "source" / LESSON / "held_out.npz").unlink()
    for lesson, reason in SLIPS.values():
        (root / "source" / LESSON / "small.md").write_text(lesson, encoding="utf-8")
        build.build_source(root)
        said = instructor.nbgrader("generate_assignment", "--no-db", LESSON, expect=1)
        assert f"{NOTEBOOK}: cell " in said
        assert reason in said
        assert not (root / "release" / LESSON).exists()


def formgrader(root: Path) -> NbGraderAPI:
    """What formgrader's buttons call, with the settings that it reads."""
    loader = PyFileConfigLoader("nbgrader_config.py", path=str(root))
    config = Config(loader.load_config())
    config.CourseDirectory.root = str(root)
    return NbGraderAPI(CourseDirectory(config=config), config=config)


def test_releasing_lets_a_lesson_out_or_stops(
    course: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = open_course(tmp_path / "course")
    shutil.copytree(course / "release", root / "release")
    outbound = tmp_path / "exchange" / "autoencoders" / "outbound" / LESSON
    instructor, made = Instructor(root, capfd), root / "release" / LESSON / NOTEBOOK
    instructor.nbgrader("release_assignment", LESSON)
    good = (outbound / NOTEBOOK).read_bytes()
    assert good == made.read_bytes()

    spoil(made, add_line("dice", f"  > {EXPLANATION}"))
    said = instructor.nbgrader("release_assignment", "--force", LESSON, expect=1)
    assert f"{NOTEBOOK}: cell 'dice' holds an explanation of 'dice'" in said
    assert (outbound / NOTEBOOK).read_bytes() == good
    shutil.rmtree(outbound)
    answer = formgrader(root).release_assignment(LESSON)
    assert not answer["success"]
    assert f"{NOTEBOOK}: cell 'dice' holds an explanation of 'dice'" in answer["log"]
    assert not outbound.exists()

    made.write_bytes(good)
    (made.parent / "gradebook.db").write_bytes(b"x")
    said = instructor.nbgrader("release_assignment", LESSON, expect=1)
    assert "'gradebook.db' is neither a notebook" in said
    assert not outbound.exists()

    (made.parent / "gradebook.db").unlink()
    assert formgrader(root).release_assignment(LESSON)["success"]
    assert (outbound / NOTEBOOK).read_bytes() == good


def test_a_release_of_an_older_text_is_stopped(
    course: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = open_course(tmp_path / "course", TEXT.replace("are floats", "are integers"))
    shutil.copytree(course / "release", root / "release")
    said = Instructor(root, capfd).nbgrader("release_assignment", LESSON, expect=1)
    assert "cell 'rules' has another text than students get, from line 1 on: 'Numbers ar" in said
    assert not (tmp_path / "exchange" / "autoencoders" / "outbound").exists()
