"""The set-up says what it can't do, and never fails."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.browser import install


def without(monkeypatch: pytest.MonkeyPatch, *, user: int, apt: bool) -> list[list[str]]:
    """A machine without Chromium; return the commands that are run on it."""
    found = {"apt-get": "/usr/bin/apt-get"} if apt else {}
    monkeypatch.setattr(shutil, "which", found.get)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, len(commands) - 1, "", "E: no such package")

    monkeypatch.setattr(subprocess, "run", run)
    return commands


@pytest.mark.parametrize(("user", "apt"), [(1000, True), (0, False)])
def test_where_nothing_may_be_installed_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], user: int, apt: bool
) -> None:
    assert without(monkeypatch, user=user, apt=apt) == []
    install.main()
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "will be skipped" in said


def test_a_failed_installation_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = without(monkeypatch, user=0, apt=True)
    install.main()
    assert [command[1] for command in commands] == ["update", "install"]
    assert "E: no such package" in capsys.readouterr().out
