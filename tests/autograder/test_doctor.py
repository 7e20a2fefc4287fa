"""The doctor's probe, table and exit code; `sandbox` and `hostile` run it on real kernels."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import doctor
from autograder.__main__ import main
from autograder.doctor import Finding
from autograder.sandbox.inside import probe
from autograder.sandbox.limits import MB


@pytest.fixture
def bait(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """A server and a process outside any sandbox: a port and a word in its command line."""
    word = f"planted-{tmp_path.name}-{os.getpid()}"
    (tmp_path / "secret").write_text(word)
    with socket.create_server(("127.0.0.1", 0)) as server:
        command = [sys.executable, "-S", "-c", f"'{word}'; import sys; sys.stdin.read()"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            yield server.getsockname()[1], word
            process.communicate()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_probe_succeeds_where_nothing_is_isolated(bait: tuple[int, str], tmp_path: Path) -> None:
    port, word = bait
    folder = str(tmp_path)
    assert probe.can_connect(socket.AF_INET, ("127.0.0.1", port))
    assert probe.succeeds((tmp_path / "secret").read_bytes)
    assert probe.can_write(folder)
    assert any(probe.sees_process(word) for _ in range(1000))  # it may not be started yet
    assert probe.can_fill_disk(folder, 2 * MB)
    assert probe.can_create_files(folder, 10)
    assert probe.can_grow_file(folder, MB)
    assert all(probe.can_hold_memory(10 * MB, kind) for kind in probe.ALLOCATIONS)
    assert all(probe.can_hold_kernel_memory(40 * MB, kind) for kind in probe.KERNEL_ALLOCATIONS)
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_table_names_what_enforces_and_how_to_fix() -> None:
    enforced = Finding("no network", enforced=True, by="a namespace", fix="Unplug it.")
    missing = Finding("no root", enforced=False, by="setpriv", fix="Change the user.")
    minor = Finding("one cap", enforced=False, fix="Buy memory.", essential=False)
    assert doctor.is_safe([enforced, minor])
    assert not doctor.is_safe([enforced, missing])
    _, *lines = doctor.format_table([enforced, missing, minor]).splitlines()
    assert lines[0].split() == ["no", "network", "enforced", "a", "namespace"]
    assert lines[1].split() == ["no", "root", "MISSING", "Change", "the", "user."]
    assert lines[2].split() == ["one", "cap", "missing", "Buy", "memory."]


@pytest.mark.parametrize(("enforced", "code"), [(True, 0), (False, 1)])
def test_command_fails_where_students_code_is_not_isolated(
    enforced: bool, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = Finding("no network", enforced=enforced, fix="Unplug it.")
    monkeypatch.setattr(doctor, "run_checks", lambda: [finding])
    assert main(["doctor"]) == code
    assert ("Unplug it." in capsys.readouterr().out) is not enforced
