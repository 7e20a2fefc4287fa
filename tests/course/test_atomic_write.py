"""Replacing a file: the old content or all of the new, with nothing left behind."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from course import atomic_write


def test_a_write_replaces_the_content(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("old")
    atomic_write.write_text(path, "schön\n")
    assert path.read_bytes() == "schön\n".encode()
    atomic_write.write_bytes(path, b"\x00")
    assert path.read_bytes() == b"\x00"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failed_write_keeps_the_old_content(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("old")

    def fail_halfway() -> None:
        with atomic_write.replacing(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)):
        fail_halfway()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_use_different_temporary_files(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    with atomic_write.replacing(path) as first, atomic_write.replacing(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"


def test_the_file_gets_the_permissions_of_a_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic_write.write_text(tmp_path / "notes.txt", "hello")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "notes.txt").stat().st_mode) == 0o640


def test_a_long_file_name_works(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250)
    atomic_write.write_text(path, "hello")
    assert path.read_text() == "hello"


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        atomic_write.write_text(tmp_path / "missing" / "notes.txt", "hello")
