"""What is handed in brings nothing along, and stops nobody: links, pits of folders, odd times."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from autograder import untrusted_folders
from autograder.nbgrader_plugins.collect import TIME, CollectFiles, make_safe, readable_time
from autograder.nbgrader_plugins.preprocessors import expect_notebooks
from tests.hostile.corpus import dig

WHEN = "2026-03-01 12:00:00.000000 UTC"
HONEST = ["deep", "deep/notes.txt", "intro.ipynb"]


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
    os.mkfifo(folder / "pipe")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_links_are_removed_and_what_they_point_to_stays(submission: Path, tmp_path: Path) -> None:
    said = make_safe(submission)
    assert [each.rpartition(": ")[2] for each in said] == ["'all'", "'pipe'", "'deep/book'"]
    assert names(submission) == HONEST
    assert (tmp_path / "secrets" / "gradebook.db").read_text() == "secret"


@pytest.mark.parametrize("name", ["d", "d" * 255])
def test_a_pit_of_folders_is_removed_whole(submission: Path, name: str) -> None:
    dig(submission, 1500, name)
    said = make_safe(submission)
    assert "deeper than" in said[-1]
    deepest = max(len(Path(each).parts) for each in names(submission))
    assert deepest == (untrusted_folders.DEEPEST if name == "d" else 3)
    assert make_safe(submission) == []
    assert set(HONEST) < set(names(submission))


def test_of_too_many_files_the_notebook_stays(
    submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(untrusted_folders, "MOST", 20)
    for number in range(50):
        (submission / f"{number}.txt").write_text("")
    assert len(make_safe(submission)) >= 30
    assert (submission / "intro.ipynb").exists()
    assert len(names(submission)) <= 20


@pytest.mark.parametrize(
    "content",
    [
        b"9" * 3_000_000,
        b"9" * 101,
        b"garbage",
        b"\xff\xfe",
        b"",
        b"0001-01-01 00:00:00 +0500",
        b"9999-12-31 23:59:59 -0500",
        b"2026-03-01 12:00:00 " + b"9" * 40,
    ],
)
def test_a_time_that_can_not_be_read_is_removed(submission: Path, content: bytes) -> None:
    (submission / TIME).write_bytes(content)
    assert any(TIME in each for each in make_safe(submission))
    assert names(submission) == HONEST


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_a_time_that_is_no_file_is_removed(submission: Path, tmp_path: Path, kind: str) -> None:
    if kind == "folder":
        (submission / TIME / "in").mkdir(parents=True)
    else:
        (submission / TIME).symlink_to(tmp_path)
    assert readable_time(submission) is None
    assert any(TIME in each for each in make_safe(submission))
    assert names(submission) == HONEST


def test_a_time_that_can_be_read_stays(submission: Path) -> None:
    (submission / TIME).write_text("2026-03-01 12:00:00 UTC")
    make_safe(submission)
    assert names(submission) == sorted([*HONEST, TIME])
    found = readable_time(submission)
    assert found is not None
    assert found.isoformat() == "2026-03-01T12:00:00"


def test_grading_removes_links_before_anything_is_copied(
    submission: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (submission / TIME).write_text("garbage")
    expect_notebooks("01-intro", "*", [str(submission / "intro.ipynb")])
    assert names(submission) == HONEST


@pytest.fixture(scope="module")
def empty_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty gradebook; making one takes seconds."""
    path = tmp_path_factory.mktemp("book") / "gradebook.db"
    programs = Path(sys.executable).parent  # nbgrader calls alembic by name
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        Gradebook(f"sqlite:///{path}", "course").close()
    return path


class TestCollecting:
    """From the exchange, where everything belongs to the students."""

    @pytest.fixture
    def inbound(self, tmp_path: Path) -> Path:
        (folder := tmp_path / "exchange" / "course" / "inbound").mkdir(parents=True)
        return folder

    @pytest.fixture
    def collect(self, tmp_path: Path, empty_book: Path) -> CollectFiles:
        shutil.copy(empty_book, tmp_path)
        course = CourseDirectory(
            root=str(tmp_path / "teacher"),
            course_id="course",
            assignment_id="01-intro",
            db_url=f"sqlite:///{tmp_path}/gradebook.db",
        )
        course.max_file_size = 1  # a thousand bytes
        made = CollectFiles(coursedir=course, root=str(tmp_path / "exchange"), check_owner=False)
        made.update = True
        return made

    @staticmethod
    def hand_in(inbound: Path, student: str, when: str = WHEN) -> Path:
        (folder := inbound / f"{student}+01-intro+{when}+x").mkdir()
        (folder / "intro.ipynb").write_text("{}")
        (folder / TIME).write_text(when)
        return folder

    def collected(self, collect: CollectFiles) -> dict[str, list[str]]:
        collect.init_src()
        collect.init_dest()
        collect.copy_files()
        root = Path(collect.coursedir.root, "submitted")
        return {path.name: names(path / "01-intro") for path in root.iterdir()}

    def test_links_pits_and_large_files_stay_behind(
        self, inbound: Path, collect: CollectFiles, submission: Path
    ) -> None:
        self.hand_in(inbound, "ada")
        eve = self.hand_in(inbound, "eve")
        (eve / "all").symlink_to(submission)
        os.mkfifo(eve / "pipe")
        dig(eve, 600)
        (eve / "large").write_bytes(bytes(1001))
        (eve / "run.sh").write_text("true")
        (eve / "run.sh").chmod(0o700)
        found = self.collected(collect)
        assert found["ada"] == ["intro.ipynb", TIME]
        kept = [name for name in found["eve"] if not name.startswith("d")]
        assert kept == ["intro.ipynb", "run.sh", TIME]
        assert (
            Path(collect.coursedir.root) / "submitted/eve/01-intro/run.sh"
        ).stat().st_mode & 0o100

    @pytest.mark.parametrize("said", ["2020-01-01 00:00:00 UTC", "garbage"])
    def test_the_time_is_the_one_of_the_exchange(
        self, inbound: Path, collect: CollectFiles, said: str
    ) -> None:
        (self.hand_in(inbound, "eve") / TIME).write_text(said)
        self.collected(collect)
        kept = Path(collect.coursedir.root, "submitted", "eve", "01-intro", TIME)
        assert kept.read_text() == WHEN

    def test_what_is_no_submission_is_nobodys(
        self, inbound: Path, collect: CollectFiles, submission: Path
    ) -> None:
        self.hand_in(inbound, "ada")
        for name in ("eve+01-intro+whenever+x", f"..+01-intro+{WHEN}+x", f"+01-intro+{WHEN}+x"):
            (inbound / name).mkdir()
        (inbound / f"link+01-intro+{WHEN}+x").symlink_to(submission)
        (inbound / f"file+01-intro+{WHEN}+x").write_text("")
        assert set(self.collected(collect)) == {"ada"}
        assert not Path(collect.coursedir.root, "01-intro").exists()

    def test_what_fails_costs_nobody_else(
        self, inbound: Path, collect: CollectFiles, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copy = untrusted_folders.copy

        def full(folder: Path, *about: object) -> list[str]:
            if folder.name.startswith("ben"):
                raise OSError("No space left on device")
            return copy(folder, *about)  # type: ignore[arg-type]  # as it was called

        monkeypatch.setattr(untrusted_folders, "copy", full)
        for student in ("ada", "ben", "cleo"):
            self.hand_in(inbound, student)
        found = self.collected(collect)
        assert found == {"ada": ["intro.ipynb", TIME], "cleo": ["intro.ipynb", TIME], "ben": []}

    def test_a_newer_one_takes_the_place_of_whatever_was_there(
        self, inbound: Path, collect: CollectFiles
    ) -> None:
        before = Path(collect.coursedir.root, "submitted", "eve", "01-intro")
        before.mkdir(parents=True)
        (before / TIME).write_text("garbage")
        dig(before, 1500)
        self.hand_in(inbound, "eve")
        assert self.collected(collect) == {"eve": ["intro.ipynb", TIME]}


def test_a_link_that_comes_meanwhile_is_not_followed(submission: Path, tmp_path: Path) -> None:
    """Between listing a folder and opening what is in it, a student may put a link there."""
    top = os.open(submission, os.O_RDONLY)
    try:
        with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
            untrusted_folders._copy_file(top, Path("all/gradebook.db"), tmp_path / "stolen", 1000)
        with pytest.raises(OSError, match="symbolic links"):
            untrusted_folders._copy_file(top, Path("deep/book"), tmp_path / "stolen", 1000)
    finally:
        os.close(top)
    assert not (tmp_path / "stolen").exists()
