"""Kernels of a grader that is an ordinary user, and of root: student code never runs as root.

Nor does any system call change what is outside of a kernel's sandbox.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.kernels.kernel import Kernel, KernelStartError
from autograder.sandbox import bubblewrap, host_support, landlock, seccomp
from autograder.sandbox.inside import rights
from autograder.sandbox.protection import Protection
from tests.hostile import LENGTH, users

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("users")]


SUCCEED_WITHOUT_EFFECT = set(seccomp.IGNORED_CALLS.split())


def skip_unless_possible(uid: int, mode: str) -> None:
    reason = users.unavailable_reason(uid)
    if mode == "landlock" and landlock.abi_version() < landlock.MIN_ABI_VERSION:
        reason = reason or "this Linux has no Landlock"
    if mode in {"forked", "started"}:
        reason = reason or " ".join(host_support.missing_features())
    if reason:
        pytest.skip(reason)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the other user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="user-") as folder:
        yield Path(folder)


@pytest.mark.parametrize("uid", users.UIDS.values(), ids=users.UIDS)
def test_landlock_protects_the_grader(uid: int, home: Path) -> None:
    """Runs `test_landlock` for graders that this process is not."""
    skip_unless_possible(uid, "landlock")
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


def test_container_with_root_alone_is_refused_with_a_reason(home: Path) -> None:
    skip_unless_possible(users.ORDINARY_UID, "started")
    code = """
import subprocess, sys
script = "from autograder.sandbox import host_support; print(host_support.missing_features())"
subprocess.run(["unshare", "--user", "--map-root-user", sys.executable, "-c", script], check=True)
"""
    run = users.run_python(["-c", code], users.ORDINARY_UID, home)
    assert "no other users" in run.stdout, run


def fuzz(uid: int, mode: str, home: Path, rounds: int, seed: int) -> dict[str, Any]:
    """Try all system calls from a kernel of this user's grader; return the report."""
    skip_unless_possible(uid, mode)
    arguments = ["-m", "tests.hostile.syscall_fuzz", mode, str(rounds), str(seed)]
    run = users.run_python(arguments, uid, home, seconds=600)
    assert run.returncode == 0, run
    report: dict[str, Any] = json.loads(run.stdout)
    return report


def assert_nothing_changed(report: dict[str, Any], mode: str) -> None:
    assert report["changes"] == []
    ignored = SUCCEED_WITHOUT_EFFECT
    if mode == "landlock":
        ignored = ignored | set(seccomp.IGNORED_WITHOUT_NAMESPACES.split())
    assert {name for name, error in report["known"] if error == 0} <= ignored
    assert report["tried"] > 0.9 * report["calls"] > 800
    assert report["exist"] > 200  # the filter did not block everything


FUZZED = [
    *(("ordinary", "landlock"), ("root", "landlock"), ("ordinary", "forked"), ("root", "started")),
]


@pytest.mark.parametrize(("user", "mode"), FUZZED)
def test_no_system_call_changes_anything_outside(user: str, mode: str, home: Path) -> None:
    assert_nothing_changed(fuzz(users.UIDS[user], mode, home, rounds=2, seed=15), mode)


@pytest.mark.long
@pytest.mark.skipif(LENGTH < 10, reason="HOSTILE_LENGTH is below 10")
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("user", "mode"), FUZZED)
def test_no_system_call_changes_anything_in_ten_times_as_many(
    user: str, mode: str, home: Path, seed: int
) -> None:
    assert_nothing_changed(fuzz(users.UIDS[user], mode, home, rounds=10, seed=seed), mode)


def test_known_attacks_work_without_a_sandbox(home: Path) -> None:
    """Otherwise the tests above would prove little."""
    report = fuzz(users.ORDINARY_UID, "unprotected", home, rounds=0, seed=0)
    changes = "\n".join(report["changes"])
    for change in ("gradebook.db", "mode", "user.mark", "nice", "scheduler", "io", "limits"):
        assert change in changes
    worked = {name for name, error in report["known"] if error == 0}
    assert {"setxattr", "fchmod", "ioctl", "fcntl", "unlink", "sched_setattr"} <= worked
    if landlock.abi_version() >= 7:  # Linux 6.15
        assert "setxattrat" in worked
