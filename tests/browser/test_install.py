"""Installing Chromium says what it can't do, and never fails."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.browser import install


def simulate_machine(monkeypatch: pytest.MonkeyPatch, *, user: int, apt: bool) -> list[list[str]]:
    """Simulate a machine without Chromium; return the list of the commands that are run on it."""
    programs = {"apt-get": "/usr/bin/apt-get"} if apt else {}
    monkeypatch.setattr(shutil, "which", programs.get)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, len(commands) - 1, "", "E: no such package")

    monkeypatch.setattr(subprocess, "run", run)
    return commands


@pytest.mark.parametrize(("user", "apt"), [(1000, True), (0, False)])
def test_without_root_or_apt_a_message_says_that_tests_are_skipped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], user: int, apt: bool
) -> None:
    assert simulate_machine(monkeypatch, user=user, apt=apt) == []
    install.main()
    output = capsys.readouterr().out
    assert output.count("\n") == 1
    assert "will be skipped" in output


def test_a_failed_installation_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = simulate_machine(monkeypatch, user=0, apt=True)
    install.main()
    assert [command[1] for command in commands] == ["update", "install"]
    assert "E: no such package" in capsys.readouterr().out
