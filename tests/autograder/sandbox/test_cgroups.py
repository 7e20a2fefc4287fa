from __future__ import annotations

from pathlib import Path

import pytest

from autograder.sandbox import cgroups
from autograder.sandbox.cgroups import ControlGroup
from autograder.sandbox.limits import MB, Limits


@pytest.fixture
def cgroup_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of version 2 that are used."""
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids")
    (tmp_path / "cgroup.procs").write_text("")
    mkdir = Path.mkdir

    def make_group(folder: Path) -> None:
        mkdir(folder)
        for name in ("memory.max", "memory.swap.max", "memory.oom.group", "pids.max"):
            (folder / name).write_text("max")
        (folder / "memory.events").write_text("oom 0\noom_kill 0\n")

    monkeypatch.setattr(Path, "mkdir", make_group)
    return tmp_path


def test_control_group_gets_the_limits(cgroup_mount: Path) -> None:
    group = ControlGroup.create(Limits(memory=123 * MB, processes=45), cgroup_mount)
    assert group is not None
    (folder,) = group.folders
    assert (folder / "memory.max").read_text() == str(123 * MB)
    assert (folder / "memory.swap.max").read_text() == "0"
    assert (folder / "memory.oom.group").read_text() == "1"
    assert (folder / "pids.max").read_text() == "45"
    assert group.procs_files() == [str(folder / "cgroup.procs")]
    assert not group.had_oom_kill()
    (folder / "memory.events").write_text("oom 1\noom_kill 1\n")
    assert group.had_oom_kill()


def test_no_control_group_without_controllers(tmp_path: Path) -> None:
    assert ControlGroup.create(Limits(), tmp_path) is None


def test_a_delegated_group_of_version_1_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a user who may only make groups below the one that was delegated."""
    own = dict.fromkeys(("memory", "pids", "cpu"), "mine")
    for name in own:
        (tmp_path / name / "mine").mkdir(parents=True)
    monkeypatch.setattr(cgroups, "_own_groups", lambda: own)
    monkeypatch.setattr(cgroups, "_is_writable", lambda folder: folder.name == "mine")
    group = ControlGroup.create(Limits(), tmp_path)
    assert group is not None
    assert [str(folder.parent.relative_to(tmp_path)) for folder in group.folders] == [
        *("memory/mine", "pids/mine", "cpu/mine")
    ]


def test_a_delegated_group_of_version_2_is_emptied_for_groups_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a scope of systemd with ``Delegate=yes``, which holds the grader itself."""
    scope = tmp_path / "scope"
    scope.mkdir()
    (scope / "cgroup.controllers").write_text("cpu io memory pids")
    (scope / "cgroup.subtree_control").write_text("")
    (scope / "cgroup.procs").write_text("11\n12\n")
    write_text, moved = Path.write_text, []

    def write_like_linux(path: Path, text: str, **options: str) -> int:
        if path.parent.name == "course-grader":
            moved.append(text)
            return len(text)
        if path.name == "cgroup.subtree_control":
            assert moved == ["11", "12"]
            text = text.replace("+", "")
        return write_text(path, text, **options)

    monkeypatch.setattr(Path, "write_text", write_like_linux)
    monkeypatch.setattr(cgroups, "_own_groups", lambda: {"": "scope"})
    assert cgroups._writable_parents(tmp_path) == [scope]
    assert (scope / "cgroup.subtree_control").read_text() == "cpu memory pids"


def test_the_top_of_the_hierarchy_is_not_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("controllers", "memory pids"), ("subtree_control", ""), ("procs", "1")):
        (tmp_path / f"cgroup.{name}").write_text(text)
    monkeypatch.setattr(cgroups, "_own_groups", lambda: {"": ""})
    assert cgroups._writable_parents(tmp_path) == []
    assert not list(tmp_path.glob("course-*"))
