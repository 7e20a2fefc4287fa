"""The choice of a protection, and kernels that can't be started."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from traitlets import TraitError

from autograder import doctor
from autograder.kernels.kernel import Kernel, KernelStartError
from autograder.nbgrader_plugins.autograde import Grade
from autograder.sandbox import bubblewrap, environment, landlock, launch, seccomp
from autograder.sandbox.cgroups import ControlGroup
from autograder.sandbox.launch import Launch, Protection, UnprotectedError, Weakness
from autograder.sandbox.limits import MAX_USER_PROCESSES, Limits


def test_nothing_runs_without_protection_unless_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = "Bubblewrap is missing; install it."
    monkeypatch.setattr(launch, "missing_features", lambda: [missing])
    monkeypatch.setattr(landlock, "abi_version", lambda: 5)
    with pytest.raises(UnprotectedError, match=r"install it\..*needs Linux 6\.12") as raised:
        Kernel(tmp_path)
    assert "c.Grade.allow_unprotected = True" in str(raised.value)
    assert Kernel(tmp_path, allow_unprotected=True).protection is Protection.NONE
    findings = doctor.run_checks()
    assert not doctor.is_safe(findings)
    assert not any(finding.enforced for finding in findings)
    assert findings[0].fix.startswith(missing)
    monkeypatch.setattr(landlock, "unavailable_reason", lambda: "")
    assert Kernel(tmp_path).protection is Protection.LANDLOCK


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    missing_feature = launch._missing_feature.__wrapped__
    monkeypatch.setattr(bubblewrap, "missing_programs", lambda: ["bwrap"])
    assert "apt-get install bubblewrap" in missing_feature()
    monkeypatch.setattr(bubblewrap, "missing_programs", lambda: ["tar"])
    assert "tar" in missing_feature()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "Linux" in missing_feature()


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
    assert launch.WEAKNESSES.keys() == set(Weakness)
