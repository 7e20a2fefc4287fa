"""What starts a kernel, and kernels that can't be started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from traitlets import TraitError

from autograder.kernels.kernel import Kernel, KernelStartError
from autograder.nbgrader_plugins.autograde import Grade
from autograder.sandbox import (
    environment,
    landlock,
    launch,
    seccomp,
)
from autograder.sandbox.cgroups import ControlGroup
from autograder.sandbox.launch import Launch
from autograder.sandbox.limits import MAX_USER_PROCESSES, Limits
from autograder.sandbox.protection import WEAKNESSES, Protection, Weakness


def test_landlock_refuses_a_course_that_it_cannot_hide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "abi_version", lambda: landlock.MIN_ABI_VERSION)
    monkeypatch.setattr(seccomp, "compile_filter", lambda **_: b"x")
    monkeypatch.setattr(landlock, "closed_folder", lambda: None)
    assert landlock.unavailable_reason() == ""
    monkeypatch.setattr(environment, "course_folder", lambda: Path("/usr/share/lessons/course"))
    assert "/usr/share/lessons, because" in landlock.unavailable_reason()


def test_start_is_tried_twice_and_fails_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = []

    def fail_to_start(*_: object) -> Launch:
        attempts.append(1)
        command = ["sh", "-c", "echo 'no room on the device' >&2; exit 1"]
        return Launch(command, {"PATH": os.defpath}, tmp_path)

    monkeypatch.setattr(launch, "launch_unprotected", fail_to_start)
    with (
        pytest.raises(KernelStartError, match="no room on the device"),
        Kernel(tmp_path, protection=Protection.NONE),
    ):
        pass
    assert len(attempts) == 2


def test_missing_program_is_a_start_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Launch(["/nonexistent/program"], {}, tmp_path)
    monkeypatch.setattr(launch, "launch_unprotected", lambda *_: missing)
    with (
        pytest.raises(KernelStartError, match="nonexistent"),
        Kernel(tmp_path, protection=Protection.NONE),
    ):
        pass


def test_rlimits_have_the_names_of_the_resource_module() -> None:
    rlimits = Limits(memory=1, processes=2, file_size=3).rlimits()
    assert rlimits["RLIMIT_NPROC"] == 2
    assert Limits(processes=9).rlimits()["RLIMIT_NPROC"] == 9
    assert Limits(processes=9).rlimits(shared_user=True)["RLIMIT_NPROC"] == MAX_USER_PROCESSES
    assert all(name.startswith("RLIMIT_") for name in rlimits)


@pytest.mark.parametrize(
    ("limits", "message"),
    [({"ram": 1}, "unknown limit 'ram'"), ({"disk": 0}, "disk must be above 0")],
)
def test_invalid_limits_are_rejected(limits: dict[str, int], message: str) -> None:
    with pytest.raises(TraitError, match=message):
        Grade(limits=limits)
    assert Grade(limits={"memory": 1 << 30}).limits == {"memory": 1 << 30}


def test_what_is_not_enforced_is_named(tmp_path: Path) -> None:
    group = ControlGroup((tmp_path,))
    start = Launch([], {}, tmp_path, cgroup=group)
    assert start.weaknesses(Protection.BUBBLEWRAP) == [Weakness.NO_CPU_WEIGHT]
    (tmp_path / "cpu.weight").touch()
    assert start.weaknesses(Protection.BUBBLEWRAP) == []
    assert start.weaknesses(Protection.LANDLOCK) == [Weakness.LANDLOCK]
    start.cgroup = None
    expected = [Weakness.UNPROTECTED, Weakness.NO_CONTROL_GROUP]
    assert start.weaknesses(Protection.NONE) == expected
    assert WEAKNESSES.keys() == set(Weakness)
