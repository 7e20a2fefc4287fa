"""Kernels of a grader that is an ordinary user, and of root: student code never runs as root."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.kernels.kernel import Kernel, KernelStartError
from autograder.sandbox import bubblewrap, landlock
from autograder.sandbox.inside import rights
from autograder.sandbox.launch import Protection
from tests.hostile import users

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("users")]


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the other user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="user-") as folder:
        yield Path(folder)


@pytest.mark.skipif(bool(users.UNAVAILABLE), reason=users.UNAVAILABLE)
@pytest.mark.parametrize("uid", [users.ORDINARY_UID, 0], ids=["ordinary", "root"])
def test_landlock_protects_the_grader(uid: int, home: Path) -> None:
    """Runs `test_landlock` for graders that this process is not."""
    if landlock.abi_version() < landlock.MIN_ABI_VERSION:
        pytest.skip("this Linux has no Landlock")
    arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/hostile/test_landlock.py"]
    if uid == 0:
        arguments += ["-k", "stay_unchanged or signaled or socket"]
    run = users.run_python(arguments, uid, home)
    summary = run.stdout.splitlines()[-1]
    assert run.returncode == 0, run.stdout
    assert "passed" in summary
    assert "skipped" not in summary


def test_landlock_refuses_to_run_code_as_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(landlock, "abi_version", lambda: landlock.MIN_ABI_VERSION)
    (closed := tmp_path / "closed").mkdir(mode=0o700)
    monkeypatch.setattr("sys.prefix", str(closed))
    reason = landlock.unavailable_reason()
    assert "can't run students' code as another user than root" in reason
    assert "chmod o+x" in reason
    with (
        pytest.raises(KernelStartError, match="as another user than root"),
        Kernel(tmp_path, protection=Protection.LANDLOCK),
    ):
        pass


@pytest.mark.parametrize(
    ("uid_map", "users"),
    [
        ("0 0 4294967295", range(1_899_940_000, 1_900_000_001)),
        ("0 1000 1\n1 100000 65536", range(64_000, 65_534)),  # rootless Podman
        ("0 100000 65536", range(64_000, 65_534)),
        ("0 1000 1", [0]),  # unshare --map-root-user
        ("", [0]),
    ],
)
def test_root_of_a_container_uses_the_users_that_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uid_map: str, users: list[int]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    path = tmp_path / "uid_map"
    path.write_text(uid_map)
    assert {bubblewrap.unused_uid(path) for _ in range(200)} <= set(users)


@pytest.mark.skipif(os.getuid() != 0, reason="it needs root")
def test_privileges_cannot_be_dropped_without_leaving_root() -> None:
    child = os.fork()
    if child == 0:
        try:
            rights.drop_privileges(None)
        except PermissionError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


@pytest.mark.skipif(bool(users.UNAVAILABLE), reason=users.UNAVAILABLE)
def test_container_with_root_alone_is_refused_with_a_reason(home: Path) -> None:
    code = """
import subprocess, sys
script = "from autograder.sandbox import launch; print(launch.missing_features())"
subprocess.run(["unshare", "--user", "--map-root-user", sys.executable, "-c", script], check=True)
"""
    run = users.run_python(["-c", code], users.ORDINARY_UID, home)
    assert "no other users" in run.stdout, run
