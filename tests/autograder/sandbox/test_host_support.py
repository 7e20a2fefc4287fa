"""The choice of a protection."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from autograder import doctor
from autograder.kernels.kernel import Kernel
from autograder.sandbox import bubblewrap, host_support, landlock
from autograder.sandbox.protection import Protection, UnprotectedError


def test_nothing_runs_without_protection_unless_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = "Bubblewrap is missing; install it."
    monkeypatch.setattr(host_support, "missing_features", lambda: [missing])
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
    missing_feature = host_support._missing_feature.__wrapped__
    monkeypatch.setattr(bubblewrap, "missing_programs", lambda: ["bwrap"])
    assert "apt-get install bubblewrap" in missing_feature()
    monkeypatch.setattr(bubblewrap, "missing_programs", lambda: ["tar"])
    assert "tar" in missing_feature()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "Linux" in missing_feature()
