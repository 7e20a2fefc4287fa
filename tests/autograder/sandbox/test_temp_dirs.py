"""What a killed grader leaves behind is cleared away; what another one needs is left alone."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox import memory_use, temp_dirs
from tests.autograder.small import COURSE

HOLDS = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from autograder.sandbox import temp_dirs
with temp_dirs.temp_dir("nursery") as place:
    (place / "socket").touch()
    print(place, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=COURSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_a_killed_process_leaves_a_folder_that_is_swept(
    holder: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert holder.stdout is not None
    place = Path(holder.stdout.readline().strip())
    assert place.stat().st_mode & 0o777 == 0o700
    assert temp_dirs.remove_stale(tmp_path, older=0) == []  # it is held
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (place / "socket").exists()
    assert temp_dirs.remove_stale(tmp_path) == []  # it is new
    other = tmp_path / "kernel-of-somebody-else"
    other.mkdir()
    (tmp_path / "autograder-link").symlink_to(other)
    assert temp_dirs.remove_stale(tmp_path, older=0) == [place]
    assert other.is_dir()
    assert not place.exists()


def test_one_that_ends_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with temp_dirs.temp_dir("kernel") as place:
        assert place.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux tells it")
def test_memory_is_seen_with_all_that_was_started() -> None:
    """Of a program that holds little and has started one that holds much."""
    hoard = "x = bytearray(b'x') * (200 << 20); print('full', flush=True); input()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hoard!r}])"
    with (
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
        memory_use.PeakMemory(process.pid, every=0.05) as fullest,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "full\n"
        assert memory_use.process_memory(process.pid) < 50 << 20
        assert 200 << 20 < memory_use.tree_memory(process.pid) < 300 << 20
        for _ in range(200):
            if fullest.bytes > 200 << 20:
                break
            fullest._done.wait(0.05)
        process.communicate("\n")
    assert 200 << 20 < fullest.bytes < 300 << 20
    assert memory_use.process_memory(process.pid) == 0  # it has ended
