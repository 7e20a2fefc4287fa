"""What a sandbox shows and hides, from Bubblewrap's arguments."""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from pathlib import Path

import pytest

from autograder.sandbox import bubblewrap, environment, landlock
from autograder.sandbox.limits import Limits

ROOT = Path(bubblewrap.__file__).resolve().parents[2]


def mounts(arguments: list[str]) -> dict[str, str]:
    """The option that decides about each path; Bubblewrap obeys the last one."""
    options: dict[str, str] = {}
    for index, word in enumerate(arguments):
        if word in {"--ro-bind", "--tmpfs", "--dir", "--remount-ro"}:
            path = arguments[index + (2 if word == "--ro-bind" else 1)]
            if word == "--remount-ro":
                options.setdefault(path, word)
            else:
                options[path] = word
    return options


def sandbox_mounts() -> dict[str, str]:
    sandbox = bubblewrap.Sandbox(Limits(), uid=60_001)
    return mounts(sandbox.bwrap_arguments(Path("/nowhere")))


def test_course_inside_a_shown_folder_is_hidden_except_its_package(tmp_path: Path) -> None:
    (python := tmp_path / "python").mkdir()
    (repo := python / "share" / "repo").mkdir(parents=True)
    (course := repo / "course").mkdir()
    options = mounts(bubblewrap.bind_arguments({python, course}, {repo}))
    assert options[str(python)] == "--ro-bind"
    assert options[str(repo)] == "--tmpfs"
    assert options[str(course)] == "--ro-bind"
    assert list(options).index(str(repo)) < list(options).index(str(course))


def test_environment_inside_a_hidden_folder_is_shown(tmp_path: Path) -> None:
    (venv := tmp_path / "repo" / ".venv").mkdir(parents=True)
    (course := tmp_path / "repo" / "course").mkdir()
    options = mounts(bubblewrap.bind_arguments({venv, course}, {tmp_path / "repo"}))
    assert options[str(tmp_path / "repo")] == "--dir"
    assert [options[str(path)] for path in (venv, course)] == ["--ro-bind", "--ro-bind"]


def test_nested_folders_are_shown_once_and_missing_ones_are_not_hidden(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    shown = {tmp_path / "a", tmp_path / "a" / "b"}
    options = mounts(bubblewrap.bind_arguments(shown, {tmp_path / "a" / "none"}))
    assert str(tmp_path / "a" / "b") not in options
    assert str(tmp_path / "a" / "none") not in options


def test_this_course_is_shown_without_the_folders_beside_it() -> None:
    options = sandbox_mounts()
    assert options[str(ROOT / "course")] == "--ro-bind"
    assert options[str(Path(sys.prefix).absolute())] == "--ro-bind"
    for hidden in (ROOT, ROOT / "source", ROOT / "autograder", ROOT / ".git", Path.home()):
        assert options.get(str(hidden), "--dir") in {"--dir", "--tmpfs"}
    assert not [path for path in options if path.startswith("/sys")]


@pytest.fixture
def course_in_venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course's folder that is itself an environment: ``python -m venv .`` in it."""
    root = tmp_path / "repo"
    for name in ("bin", "lib/python3/site-packages", "course", "source", "autograder", "etc"):
        (root / name).mkdir(parents=True)
    for name in ("pyvenv.cfg", "gradebook.db", "course/__init__.py", "bin/python"):
        (root / name).touch()
    for name in ("prefix", "exec_prefix"):
        monkeypatch.setattr(sys, name, str(root))
    monkeypatch.setattr(environment, "course_folder", lambda: root / "course")
    return root


def test_course_that_is_a_venv_shows_only_the_parts_of_a_venv(course_in_venv: Path) -> None:
    options, root = sandbox_mounts(), str(course_in_venv)
    inside = {
        path.removeprefix(f"{root}/"): option
        for path, option in options.items()
        if path.startswith(f"{root}/")
    }
    assert inside == dict.fromkeys(["bin", "lib", "pyvenv.cfg", "course"], "--ro-bind")
    assert options[root] == "--dir"
    command = landlock.landlock_command(course_in_venv / "none", 5, None, (), None)
    readable = json.loads(command[-1])["read"]
    assert f"{root}/lib" in readable
    assert not {root, f"{root}/source", f"{root}/gradebook.db"} & set(readable)


def test_course_in_site_packages_does_not_hide_other_packages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packages = Path(sysconfig.get_paths()["purelib"])
    monkeypatch.setattr(environment, "course_folder", lambda: packages / "course")
    assert sandbox_mounts().get(str(packages)) != "--tmpfs"


def test_kernels_get_different_unused_users() -> None:
    users = {bubblewrap.unused_uid() for _ in range(20)}
    if os.geteuid() == 0:
        assert min(users) > 1000
        assert len(users) > 10
    else:
        assert users == {os.geteuid()}
