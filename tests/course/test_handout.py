from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from course import __main__ as program
from course import locate
from course.handout import RECORD, RELEASED, hand_out


@pytest.fixture
def release(tmp_path: Path) -> Path:
    lesson = tmp_path / "release" / "01-intro"
    lesson.mkdir(parents=True)
    (lesson / "intro.ipynb").write_text("first")
    (lesson / ".ipynb_checkpoints").mkdir()
    (lesson / ".ipynb_checkpoints" / "intro.ipynb").write_text("left behind")
    return tmp_path / "release"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work"


def test_the_lessons_are_copied(release: Path, work: Path) -> None:
    assert hand_out(release, work) == []
    files = sorted(str(path.relative_to(work)) for path in work.rglob("*") if path.is_file())
    assert files == [RECORD, f"{RELEASED}/01-intro/intro.ipynb", "01-intro/intro.ipynb"]
    assert (work / "01-intro" / "intro.ipynb").read_text() == "first"


def test_an_untouched_copy_follows_the_course(release: Path, work: Path) -> None:
    hand_out(release, work)
    (release / "01-intro" / "intro.ipynb").write_text("second")
    (release / "02-next").mkdir()
    (release / "02-next" / "next.ipynb").write_text("new")
    assert hand_out(release, work) == []
    assert (work / "01-intro" / "intro.ipynb").read_text() == "second"
    assert (work / "02-next" / "next.ipynb").read_text() == "new"


def test_the_learners_work_is_kept_next_to_the_new_version(release: Path, work: Path) -> None:
    hand_out(release, work)
    mine = work / "01-intro" / "intro.ipynb"
    mine.write_text("my answers")
    assert hand_out(release, work) == []  # nothing new, so nothing to say
    new = release / "01-intro" / "intro.ipynb"
    new.write_text("second")
    for _ in range(2):
        (line,) = hand_out(release, work)
        assert str(new) in line
        assert "Kept your 01-intro/intro.ipynb" in line
        assert mine.read_text() == "my answers"


@pytest.mark.parametrize("record", [None, "", "{", "[]", '{"01-intro/intro.ipynb": 3}'])
def test_without_a_record_every_other_file_counts_as_work(
    release: Path, work: Path, record: str | None
) -> None:
    hand_out(release, work)
    (work / "01-intro" / "intro.ipynb").write_text("mine, or an old version")
    (work / RECORD).unlink()
    if record is not None:
        (work / RECORD).write_text(record)
    assert len(hand_out(release, work)) == 1
    assert (work / "01-intro" / "intro.ipynb").read_text() == "mine, or an old version"


def test_a_deleted_lesson_comes_back_fresh(release: Path, work: Path) -> None:
    hand_out(release, work)
    (work / "01-intro" / "intro.ipynb").unlink()
    assert hand_out(release, work) == []
    assert (work / "01-intro" / "intro.ipynb").read_text() == "first"


def test_a_file_in_the_place_of_a_folder_is_kept(release: Path, work: Path) -> None:
    work.mkdir()
    (work / "01-intro").write_text("a note of mine")
    assert len(hand_out(release, work)) == 1
    assert (work / "01-intro").read_text() == "a note of mine"


def test_a_linked_notebook_is_left_alone(release: Path, work: Path, tmp_path: Path) -> None:
    hand_out(release, work)
    elsewhere = tmp_path / "elsewhere.ipynb"
    elsewhere.write_text("first")
    mine = work / "01-intro" / "intro.ipynb"
    mine.unlink()
    mine.symlink_to(elsewhere)
    (release / "01-intro" / "intro.ipynb").write_text("second")
    assert len(hand_out(release, work)) == 1
    assert elsewhere.read_text() == "first"


def test_a_missing_release_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="is not a folder"):
        hand_out(tmp_path / "release", tmp_path / "work")


def started(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[str]:
    commands: list[list[str]] = []
    monkeypatch.setattr(os, "execve", lambda _, command, __: commands.append(command))
    program.main(["lab", *arguments])
    return commands[0]


def test_lab_opens_the_start_page_with_the_keys_at_hand(
    release: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (release.parent / "source").mkdir()
    (release / "02-next").mkdir()
    (release / "02-next" / "next.ipynb").write_text("second")
    command = started(monkeypatch, "--root", str(release.parent), "--no-browser", "--port=1234")
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={work}" in command
    assert "--LabApp.default_url=/course/lab" in command
    assert f"--AnswerKeys.source={release.parent / 'source'}" in command
    assert command[-1] == "--port=1234"
    assert "--no-browser" in command
    assert json.loads((work / RECORD).read_text()).keys() == {
        "01-intro/intro.ipynb",
        "02-next/next.ipynb",
    }


def test_lab_lists_the_files_it_kept(
    release: Path, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started(monkeypatch, "--root", str(release.parent))
    (work / "01-intro" / "intro.ipynb").write_text("mine")
    (release / "01-intro" / "intro.ipynb").write_text("second")
    started(monkeypatch, "--root", str(release.parent))
    assert capsys.readouterr().out.count("Kept your") == 1


def test_lab_without_lessons_gives_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locate, "jupyter_path", lambda *_: [])  # nothing is installed
    with pytest.raises(SystemExit, match=r"Couldn't copy the lessons to .*: .* is not a folder"):
        started(monkeypatch, "--root", str(tmp_path))
