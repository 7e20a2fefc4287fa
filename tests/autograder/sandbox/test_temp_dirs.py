"""Folders of killed processes are removed; those in use are not."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox import temp_dirs
from tests.autograder.small import COURSE

HOLD_FOLDER = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from autograder.sandbox import temp_dirs
with temp_dirs.temp_dir("forkserver") as folder:
    (folder / "socket").touch()
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds a folder and has printed its path."""
    command = [sys.executable, "-c", HOLD_FOLDER, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=COURSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_folder_of_a_killed_process_is_removed(
    holder: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert holder.stdout is not None
    folder = Path(holder.stdout.readline().strip())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert temp_dirs.remove_stale(tmp_path, min_age_s=0) == []  # it is locked
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (folder / "socket").exists()
    assert temp_dirs.remove_stale(tmp_path) == []  # it is new
    foreign = tmp_path / "kernel-of-somebody-else"
    foreign.mkdir()
    (tmp_path / "autograder-link").symlink_to(foreign)
    assert temp_dirs.remove_stale(tmp_path, min_age_s=0) == [folder]
    assert foreign.is_dir()
    assert not folder.exists()


def test_folder_is_removed_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with temp_dirs.temp_dir("kernel") as folder:
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []
