"""What a sandbox is made of, without starting one."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import os
import socket
import subprocess
import sys
import sysconfig
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from traitlets import TraitError

from autograder import doctor
from autograder.__main__ import main
from autograder.kernels.kernel import Kernel, KernelStartError
from autograder.nbgrader_plugins.preprocessors import Grade
from autograder.sandbox import bubblewrap, cgroups, environment, landlock, memory_guard, seccomp
from autograder.sandbox import launch as isolation
from autograder.sandbox.inside import probe
from autograder.sandbox.launch import Protection, UnprotectedError
from autograder.sandbox.limits import MB, Limits
from autograder.sandbox.workspace import pack


def binds(arguments: list[str]) -> dict[str, str]:
    """What stands at each place, the last word winning as it does for Bubblewrap."""
    kinds = {"--ro-bind", "--tmpfs", "--dir", "--remount-ro"}
    found: dict[str, str] = {}
    for index, word in enumerate(arguments):
        if word in kinds:
            place = arguments[index + (2 if word == "--ro-bind" else 1)]
            found.setdefault(place, word) if word == "--remount-ro" else found.update({place: word})
    return found


def test_a_course_inside_a_shown_folder_is_covered_but_for_its_package(tmp_path: Path) -> None:
    (python := tmp_path / "python").mkdir()
    (repo := python / "share" / "repo").mkdir(parents=True)
    (course := repo / "course").mkdir()
    made = binds(bubblewrap.show({python, course}, {repo}))
    assert made[str(python)] == "--ro-bind"
    assert made[str(repo)] == "--tmpfs"
    assert made[str(course)] == "--ro-bind"
    assert list(made).index(str(repo)) < list(made).index(str(course))


def test_an_environment_inside_the_course_shows_only_itself(tmp_path: Path) -> None:
    (venv := tmp_path / "repo" / ".venv").mkdir(parents=True)
    (course := tmp_path / "repo" / "course").mkdir()
    made = binds(bubblewrap.show({venv, course}, {tmp_path / "repo"}))
    assert made[str(tmp_path / "repo")] == "--dir"
    assert [made[str(place)] for place in (venv, course)] == ["--ro-bind", "--ro-bind"]


def test_nothing_is_shown_twice_and_what_is_missing_is_not_covered(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    made = binds(bubblewrap.show({tmp_path / "a", tmp_path / "a" / "b"}, {tmp_path / "a" / "none"}))
    assert str(tmp_path / "a" / "b") not in made
    assert str(tmp_path / "a" / "none") not in made


def test_the_real_course_is_shown_and_its_neighbours_are_not() -> None:
    arguments = bubblewrap.Sandbox(Limits(), uid=60_001).arguments(Path("/nowhere"))
    made = binds(arguments)
    root = Path(isolation.__file__).resolve().parents[2]
    assert made[str(root / "course")] == "--ro-bind"
    assert made[str(environment.absolute(Path(sys.prefix)))] == "--ro-bind"
    for hidden in (root, root / "source", root / "autograder", root / ".git", Path.home()):
        assert made.get(str(hidden), "--dir") in {"--dir", "--tmpfs"}
    assert not [place for place in made if place.startswith("/sys")]


@pytest.fixture
def environment_as_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course whose folder is an environment itself: ``python -m venv .`` in it."""
    root = tmp_path / "repo"
    for name in ("bin", "lib/python3/site-packages", "course", "source", "autograder", "etc"):
        (root / name).mkdir(parents=True)
    for name in ("pyvenv.cfg", "gradebook.db", "course/__init__.py", "bin/python"):
        (root / name).touch()
    for name in ("prefix", "exec_prefix"):
        monkeypatch.setattr(sys, name, str(root))
    monkeypatch.setattr(environment, "course_folder", lambda: root / "course")
    return root


def test_an_environment_that_is_the_course_shows_its_python_alone(
    environment_as_course: Path,
) -> None:
    made = binds(bubblewrap.Sandbox(Limits(), uid=60_001).arguments(Path("/nowhere")))
    root = str(environment_as_course)
    inside = {
        place.removeprefix(f"{root}/"): kind
        for place, kind in made.items()
        if place.startswith(f"{root}/")
    }
    assert inside == dict.fromkeys(["bin", "lib", "pyvenv.cfg", "course"], "--ro-bind")
    assert made[root] == "--dir"
    words = landlock.command(environment_as_course / "none", 5, None, (), None)
    read = json.loads(words[-1])["read"]
    assert f"{root}/lib" in read
    assert not {root, f"{root}/source", f"{root}/gradebook.db"} & set(read)


def test_a_fence_refuses_a_course_that_it_can_not_hide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: landlock.OLDEST)
    monkeypatch.setattr(seccomp, "program", lambda **_: b"x")
    assert landlock.what_is_missing() == ""
    monkeypatch.setattr(environment, "course_folder", lambda: Path("/usr/share/lessons/course"))
    assert "move /usr/share/lessons elsewhere" in landlock.what_is_missing()


def test_a_course_among_packages_hides_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    packages = Path(sysconfig.get_paths()["purelib"])
    monkeypatch.setattr(environment, "course_folder", lambda: packages / "course")
    made = binds(bubblewrap.Sandbox(Limits(), uid=60_001).arguments(Path("/nowhere")))
    assert made.get(str(packages), "shown with its environment") != "--tmpfs"


def test_variables_are_passed_on_only_by_name() -> None:
    grader = {"LANG": "de_DE.UTF-8", "JUPYTERHUB_API_TOKEN": "t", "SSH_AUTH_SOCK": "s", "X": "1"}
    found = environment.variables({"NBGRADER_EXECUTION": "autograde"}, grader, data="/srv/data")
    assert found["LANG"] == "de_DE.UTF-8"
    assert found["NBGRADER_EXECUTION"] == "autograde"
    assert found["COURSE_DATA"] == "/srv/data"
    assert not {"JUPYTERHUB_API_TOKEN", "SSH_AUTH_SOCK", "X"} & set(found)
    assert all(found[name].startswith(environment.HOME) for name in ("HOME", "TMPDIR"))


def test_a_copy_holds_plain_files_and_no_notebook(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (folder := tmp_path / "folder").mkdir()
    (folder / "lesson.IPYNB").write_text("{}")
    (folder / "data.csv").write_text("1,2")
    (folder / "large.bin").write_bytes(bytes(3 * MB))
    (folder / "link").symlink_to(secret)
    (folder / "-rf ~ \n\x1b[31m").write_text("a name from hell")
    (folder / "deep").mkdir()
    (folder / "deep" / "helper.py").write_text("x = 1")
    (folder / "deep" / "other.ipynb").write_text("{}")
    os.mkfifo(folder / "pipe")
    into = io.BytesIO()
    assert pack(folder, into, most=MB) == ["./large.bin"]
    with tarfile.open(fileobj=into) as archive:
        assert sorted(archive.getnames()) == [
            *("./-rf ~ \n\x1b[31m", "./data.csv", "./deep", "./deep/helper.py", "./link"),
        ]
        assert archive.getmember("./link").issym()
    assert b"secret" not in into.getvalue().replace(str(secret).encode(), b"")


def test_a_user_for_each_kernel() -> None:
    users = {bubblewrap.own_uid() for _ in range(20)}
    if os.geteuid() == 0:
        assert min(users) > 1000
        assert len(users) > 10
    else:
        assert users == {os.geteuid()}


@pytest.fixture
def hierarchy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like control groups of version 2, as far as we use them."""
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids")
    (tmp_path / "cgroup.procs").write_text("")
    mkdir = Path.mkdir

    def make(folder: Path) -> None:
        mkdir(folder)
        for name in ("memory.max", "memory.swap.max", "memory.oom.group", "pids.max"):
            (folder / name).write_text("max")
        (folder / "memory.events").write_text("oom 0\noom_kill 0\n")

    monkeypatch.setattr(Path, "mkdir", make)
    return tmp_path


def test_a_control_group_gets_the_limits(hierarchy: Path) -> None:
    group = cgroups.ControlGroup.make(Limits(memory=123 * MB, processes=45), hierarchy)
    assert group is not None
    (folder,) = group.folders
    assert (folder / "memory.max").read_text() == str(123 * MB)
    assert (folder / "memory.swap.max").read_text() == "0"
    assert (folder / "pids.max").read_text() == "45"
    assert group.join() == [str(folder / "cgroup.procs")]
    assert not group.out_of_memory()
    (folder / "memory.events").write_text("oom 1\noom_kill 1\n")
    assert group.out_of_memory()


def test_no_control_group_where_none_can_be_made(tmp_path: Path) -> None:
    assert cgroups.ControlGroup.make(Limits(), tmp_path) is None


def test_without_protection_nothing_runs_unless_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = "Bubblewrap is missing; install it."
    monkeypatch.setattr(isolation, "missing_features", lambda: [why])
    monkeypatch.setattr(landlock, "version", lambda: 5)
    with pytest.raises(UnprotectedError, match=r"install it\..*needs Linux 6\.12") as refused:
        Kernel(tmp_path)
    assert "c.Grade.allow_unprotected = True" in str(refused.value)
    assert Kernel(tmp_path, allow_unprotected=True).protection is Protection.NONE
    findings = doctor.examine()
    assert not doctor.safe(findings)
    assert not any(finding.in_force for finding in findings)
    assert findings[0].advice.startswith(why)
    monkeypatch.setattr(landlock, "what_is_missing", lambda: "")
    assert Kernel(tmp_path).protection is Protection.FENCE


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    look = isolation._missing.__wrapped__
    monkeypatch.setattr(bubblewrap, "programs", lambda: {"bwrap": None, "tar": "/bin/tar"})
    assert "apt-get install bubblewrap" in look()[0]
    monkeypatch.setattr(bubblewrap, "programs", lambda: {"bwrap": "/bin/bwrap", "tar": None})
    assert "tar" in look()[0]
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "Linux" in look()[0]


def test_a_kernel_that_can_not_start_is_nobodys_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def refuse(*_: object) -> isolation.Launch:
        tries.append(1)
        command = ["sh", "-c", "echo 'no room on the device' >&2; exit 1"]
        return isolation.Launch(command, {"PATH": os.defpath}, tmp_path)

    monkeypatch.setattr(isolation, "launch_unprotected", refuse)
    with pytest.raises(KernelStartError, match="no room on the device"):  # noqa: SIM117  (what fails)
        with Kernel(tmp_path, protection=Protection.NONE):
            pass
    assert len(tries) == 2


def test_a_missing_program_is_a_fault_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launch = isolation.Launch(["/nonexistent/program"], {}, tmp_path)
    monkeypatch.setattr(isolation, "launch_unprotected", lambda *_: launch)
    with (
        pytest.raises(KernelStartError, match="nonexistent"),
        Kernel(tmp_path, protection=Protection.NONE),
    ):
        pass


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[dict[str, object]]:
    """What the doctor plants, seen from outside every sandbox."""
    word = f"planted-{tmp_path.name}-{os.getpid()}"
    (tmp_path / "secret").write_text(word)
    with socket.create_server(("127.0.0.1", 0)) as server:
        command = [sys.executable, "-S", "-c", f"'{word}'; import sys; sys.stdin.read()"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            yield {"port": server.getsockname()[1], "word": word, "folder": tmp_path}
            process.communicate()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_the_doctor_would_notice(outside: dict[str, object]) -> None:
    folder = str(outside["folder"])
    assert probe.connect(socket.AF_INET, ("127.0.0.1", outside["port"]))
    assert probe.works((Path(folder) / "secret").read_bytes)
    assert probe.changes(folder)
    assert next(seen for _ in range(100) if (seen := probe.sees(str(outside["word"]))))
    assert probe.fills(folder, 2 * MB)
    assert probe.litters(folder, 10)
    assert probe.swells(folder, MB)
    assert all(probe.hoards(10 * MB, kind) for kind in probe.HOARDS)
    assert sorted(place.name for place in Path(folder).iterdir()) == ["secret"]


def test_the_table_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    held = doctor.Finding("no network", in_force=True, advice="Pull the plug.")
    open_ = doctor.Finding("no root", in_force=False, advice="Be somebody else.")
    minor = doctor.Finding("one cap", in_force=False, advice="Buy memory.", essential=False)
    assert doctor.safe([held, minor])
    assert not doctor.safe([held, open_])
    lines = doctor.table([held, open_, minor]).splitlines()
    assert lines[1].split("  ")[-1].strip() == "in force"
    assert "MISSING" in lines[2]
    assert lines[2].endswith("Be somebody else.")
    assert "Pull" not in lines[1]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("in_force", "code"), [(True, 0), (False, 1)])
def test_the_command_fails_where_students_code_is_not_held(
    in_force: bool, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = doctor.Finding("no network", in_force=in_force, advice="Pull the plug.")
    monkeypatch.setattr(doctor, "examine", lambda: [finding])
    assert main(["doctor"]) == code
    assert ("Pull the plug." in capsys.readouterr().out) is not in_force


@pytest.mark.parametrize("kind", ["own", "shared"])
def test_the_watch_ends_what_holds_too_much(kind: str) -> None:
    hold = f"{probe.HOARDS[kind].format(size=60_000_000)}\nimport time; time.sleep(600)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {hold!r}])"
    if not sys.platform.startswith("linux"):
        pytest.skip("counts in /proc")
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        with memory_guard.MemoryGuard((process.pid,), most=10**12) as calm:
            assert not calm.struck
        with memory_guard.MemoryGuard((process.pid,), most=40_000_000) as strict:
            assert process.wait(timeout=60) == -9
        assert strict.struck


def test_the_watch_ends_what_makes_the_grader_swell() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("counts in /proc")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        with memory_guard.MemoryGuard((process.pid,), most=None, flood=100 << 20) as strict:
            kept = [b"x" * (150 << 20)]  # not while it speaks
            time.sleep(3 * memory_guard.CHECK_INTERVAL_S)
            assert process.poll() is None
            with strict.listening():
                kept.append(b"x" * (150 << 20))
                assert process.wait(timeout=60) == -9
        assert strict.flooded
        assert not strict.struck
    assert kept


def test_limits_are_the_systems_words() -> None:
    limits = Limits(memory=1, processes=2, file_size=3)
    assert limits.rlimits()["RLIMIT_NPROC"] == 2
    assert dataclasses.replace(limits, processes=9).rlimits()["RLIMIT_NPROC"] == 9
    names = set(itertools.chain(limits.rlimits()))
    assert all(name.startswith("RLIMIT_") for name in names)


@pytest.mark.parametrize(
    ("limits", "says"), [({"ram": 1}, "no limit 'ram'"), ({"disk": 0}, "disk=0")]
)
def test_a_slip_in_the_settings_is_named(limits: dict[str, int], says: str) -> None:
    with pytest.raises(TraitError, match=says):
        Grade(limits=limits)
    assert Grade(limits={"memory": 1 << 30}).limits == {"memory": 1 << 30}
