"""Collecting submissions with links, special files, deep folders and invalid timestamps."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import nbgrader.converters.base
import nbgrader.utils
import pytest
from nbgrader.utils import parse_utc

from autograder import untrusted_folders
from autograder.nbgrader_plugins import autograde
from autograder.nbgrader_plugins.autograde import expect_notebooks
from autograder.nbgrader_plugins.collect import (
    TIMESTAMP,
    read_timestamp,
    sanitize_folder,
)
from tests.hostile.corpus import make_nested_folders

SUBMITTED_AT = "2026-03-01 12:00:00.000000 UTC"
REGULAR_FILES = ["deep", "deep/notes.txt", "intro.ipynb"]


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """A submission with regular files, a pipe, and links to a secret file and a secret folder."""
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


def test_links_are_removed_and_their_targets_stay(submission: Path, tmp_path: Path) -> None:
    problem = "not a regular file or folder"
    assert sanitize_folder(submission) == [
        f"Left out {name!r}: {problem}." for name in ("all", "pipe", "deep/book")
    ]
    assert names(submission) == REGULAR_FILES
    assert (tmp_path / "secrets" / "gradebook.db").read_text() == "secret"


@pytest.mark.parametrize(
    ("name", "problem", "depth"),
    [
        ("d", "more than 32 nested folders.", untrusted_folders.MAX_DEPTH),
        ("d" * 255, "path longer than 1,000 bytes.", 3),
    ],
    ids=["depth", "path length"],
)
def test_deep_folders_are_removed(submission: Path, name: str, problem: str, depth: int) -> None:
    make_nested_folders(submission, 1500, name)
    assert sanitize_folder(submission)[-1].endswith(problem)
    assert max(len(Path(path).parts) for path in names(submission)) == depth
    assert sanitize_folder(submission) == []
    assert set(REGULAR_FILES) < set(names(submission))


def test_with_too_many_files_the_notebook_stays(
    submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(untrusted_folders, "MAX_ENTRIES", 20)
    for number in range(50):
        (submission / f"{number}.txt").write_text("")
    assert len(sanitize_folder(submission)) >= 30
    assert (submission / "intro.ipynb").exists()
    assert len(names(submission)) <= 20


def fill(folder: Path) -> None:
    """Add 30 files in a folder, 30 in an ignored one, and two large files without content."""
    for name in ("venv", ".git"):
        (folder / name).mkdir()
        for number in range(30):
            (folder / name / f"{number}.py").write_text("x")
    for name, size in (("huge.bin", 10 << 40), ("large.bin", 99 << 20)):
        with (folder / name).open("wb") as file:
            file.truncate(size)


@pytest.fixture
def full_submission(submission: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(untrusted_folders, "MAX_COPIED_FILES", 10)
    monkeypatch.setattr(untrusted_folders, "MAX_COPIED_BYTES", 100 << 20)
    fill(submission)
    return submission


LEFT_OUT = "Left out 24 files: at most 10 files with 100 MB in total are copied."
COPIED = ["intro.ipynb", "large.bin", "deep/notes.txt", *(f"venv/{n}.py" for n in (0, 1, 10, 11))]


def test_the_nearest_files_within_the_limits_are_copied(full_submission: Path) -> None:
    copied = untrusted_folders.list_copied(full_submission, [".*"])
    assert [str(path) for path in copied.paths][: len(COPIED)] == COPIED
    assert len(copied.paths) == 10
    assert copied.left_out == LEFT_OUT


def test_collecting_copies_no_more(full_submission: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    messages = untrusted_folders.copy_regular_files(full_submission, target, ignore=[".*"])
    assert messages[-1] == LEFT_OUT
    files = [path for path in target.rglob("*") if path.is_file()]
    assert len(files) == 10
    assert (target / "large.bin").stat().st_size == 99 << 20


def test_nothing_is_removed_for_its_size(full_submission: Path) -> None:
    before = {name for name in names(full_submission) if not (full_submission / name).is_symlink()}
    sanitize_folder(full_submission)
    assert set(names(full_submission)) == before - {"pipe"}


def test_files_are_found_as_nbgrader_finds_them(
    submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.find_spec("nbgrader.utils")
    assert spec is not None
    assert spec.loader is not None
    original = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(original)
    fill(submission)
    (submission / "venv" / ".git" / "deep").mkdir(parents=True)
    (submission / "venv" / ".git" / "deep" / "x.txt").write_text("")
    for patterns in (
        [],
        None,
        [".*", "*.pyc", "notes.txt"],
        ["venv", "*.ipynb"],
        ["d??p", "[0-2].py"],
    ):
        expected = original.find_all_files(str(submission), patterns)
        assert sorted(nbgrader.utils.find_all_files(str(submission), patterns)) == sorted(expected)
    monkeypatch.setattr("glob.glob", None)  # which takes quadratic time
    assert nbgrader.converters.base.find_all_files(str(submission), ["*"]) == []


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
        b"12:00",
    ],
)
def test_an_invalid_timestamp_is_removed(submission: Path, content: bytes) -> None:
    (submission / TIMESTAMP).write_bytes(content)
    assert f"Left out {TIMESTAMP!r}: not a valid time." in sanitize_folder(submission)
    assert names(submission) == REGULAR_FILES


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_a_timestamp_that_is_not_a_file_is_removed(
    submission: Path, tmp_path: Path, kind: str
) -> None:
    if kind == "folder":
        (submission / TIMESTAMP / "in").mkdir(parents=True)
    else:
        (submission / TIMESTAMP).symlink_to(tmp_path)
    assert read_timestamp(submission) is None
    assert any(TIMESTAMP in message for message in sanitize_folder(submission))
    assert names(submission) == REGULAR_FILES


def test_a_valid_timestamp_stays(submission: Path) -> None:
    (submission / TIMESTAMP).write_text("2026-03-01 12:00:00 UTC")
    sanitize_folder(submission)
    assert names(submission) == sorted([*REGULAR_FILES, TIMESTAMP])
    timestamp = read_timestamp(submission)
    assert timestamp is not None
    assert timestamp.isoformat() == "2026-03-01T12:00:00"


@pytest.mark.parametrize(
    ("text", "zone", "time"),
    [
        ("2026-07-01 11:50:00.000000 CEST", "UTC", "2026-07-01 09:50:00.000000 UTC"),
        ("2026-07-01 11:50:00 +0200", "UTC", "2026-07-01 09:50:00.000000 UTC"),
        ("2026-07-01 05:50:00 CDT", "America/Chicago", "2026-07-01 10:50:00.000000 UTC"),
        ("2026-07-01 09:50:00", "Europe/Berlin", "2026-07-01 09:50:00"),  # as nbgrader writes it
    ],
)
def test_a_timestamp_is_converted_where_nbgrader_would_misread_it(
    submission: Path, text: str, zone: str, time: str
) -> None:
    (submission / TIMESTAMP).write_text(text)
    sanitize_folder(submission, zone)
    assert (submission / TIMESTAMP).read_text() == time
    assert read_timestamp(submission) == parse_utc(time)


def test_a_timestamp_in_an_ambiguous_zone_is_left_out_with_its_text(submission: Path) -> None:
    (submission / TIMESTAMP).write_text("2026-07-01 11:50:00 IST")
    message = sanitize_folder(submission)[-1]
    assert "'2026-07-01 11:50:00 IST' is ambiguous" in message
    assert "write the time in UTC" in message
    assert read_timestamp(submission) is None


def test_autograde_sanitizes_before_anything_is_copied(
    submission: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (submission / TIMESTAMP).write_text("garbage")
    expect_notebooks("01-intro", "*", [str(submission / "intro.ipynb")])
    assert names(submission) == REGULAR_FILES
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.Exchange.timezone = 'America/Chicago'\n"
    )
    (submission / TIMESTAMP).write_text("2026-07-01 05:50:00 CDT")
    autograde._course_zone.cache_clear()
    expect_notebooks("01-intro", "*", [str(submission / "intro.ipynb")])
    assert (submission / TIMESTAMP).read_text() == "2026-07-01 10:50:00.000000 UTC"


def test_a_link_created_after_listing_is_not_followed(submission: Path, tmp_path: Path) -> None:
    """A student can replace an entry by a link between listing a folder and opening the entry."""
    target = tmp_path / "stolen"
    top, limit = os.open(submission, os.O_RDONLY), untrusted_folders._CopyLimit()
    try:
        with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
            untrusted_folders._copy_file(top, Path("all/gradebook.db"), target, 1000, limit)
        with pytest.raises(OSError, match="symbolic links"):
            untrusted_folders._copy_file(top, Path("deep/book"), target, 1000, limit)
    finally:
        os.close(top)
    assert not target.exists()
