from __future__ import annotations

from pathlib import Path

import pytest

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
