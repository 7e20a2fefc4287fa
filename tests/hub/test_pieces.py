"""The pieces of the hub's configuration, one by one, without a hub."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.hub import limits, mount_view, prepare
from deploy.hub import roles as people
from deploy.hub.limits import ServerLimits
from deploy.hub.settings import CHECKOUT, DEFAULT_FILE, HubSettings, SettingsError, load
from tests.hub.site import wait_for


def write(folder: Path, text: str) -> Path:
    path = folder / "hub.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_demos_settings_are_right() -> None:
    demo = load(DEFAULT_FILE)
    assert demo.people == ("ines", "ada", "ben", "cleo")
    assert demo.gradebook_address == "sqlite:////srv/autoencoders/course/gradebook.db"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("colour = 1", "unknown setting 'colour'"),
        ("hub_port = '1'", "hub_port = '1': Input should be a valid integer"),
        ("feedback = 1", "feedback = 1: Input should be a valid boolean"),
        ("memory = true", "memory = True: Input should be a valid number"),
        ("students = 'ada'", "students = 'ada': Input should be a valid list"),
        ("students = ['Ada Lovelace']", "'Ada Lovelace' can't be an account"),
        ("students = ['../root']", "can't be an account"),
        ("students = ['root']", "'root' is a system account"),
        ("instructors = ['www-data']", "'www-data' is a system account"),
        ("students = ['grader']", "'grader' is the grader"),
        ("state", "is not valid TOML"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(reason)):
        load(write(tmp_path, text))


def test_the_gradebook_is_one_setting(tmp_path: Path) -> None:
    address = "postgresql+psycopg://grader:secret@localhost/course"
    assert load(write(tmp_path, f'gradebook = "{address}"')).gradebook_address == address


def test_no_role_of_a_student_may_do_more_than_look_after_itself() -> None:
    roles = {role["name"]: role for role in people.roles(HubSettings())}
    listing = {"list:services", "read:services", "access:services!service=feedback"}
    assert set(roles["user"]["scopes"]) == {"self"} | listing
    assert all("!user" in scope or scope in listing for scope in roles["server"]["scopes"])
    for name in ("instructor", "formgrader", "operator"):
        assert "nbgrader-autoencoders" not in roles[name].get("groups", [])


def test_limits_are_written_for_both_versions_of_control_groups(tmp_path: Path) -> None:
    given = ServerLimits(memory=2**30, processors=1.5, processes=100)
    second = tmp_path / "second"
    second.mkdir()
    (second / "cgroup.controllers").write_text("cpu memory pids")
    (group,), missing = limits.create_groups("ada", given, second)
    assert missing == []
    assert (group / "memory.max").read_text() == str(2**30)
    assert (group / "cpu.max").read_text() == "150000 100000"
    assert (group / "pids.max").read_text() == "100"
    first = tmp_path / "first"
    for controller in ("memory", "cpu", "pids"):
        (first / controller).mkdir(parents=True)
        (first / controller / "tasks").touch()
    found, missing = limits.create_groups("ada", given, first)
    assert (len(found), missing) == (3, [])
    assert found[0].joinpath("memory.limit_in_bytes").read_text() == str(2**30)


def test_every_cap_that_can_not_be_set_is_named(tmp_path: Path) -> None:
    given = ServerLimits(memory=2**30, processors=1.5, processes=100)
    folders, missing = limits.create_groups("ada", given, tmp_path / "none")
    assert folders == []
    assert set(missing) == {"memory.limit_in_bytes", "cpu.cfs_quota_us", "pids.max"}
    assert not (tmp_path / "none").exists()
    (tmp_path / "cgroup.controllers").write_text("cpu memory")
    (tmp_path / "course-hub" / "ada" / "pids.max").mkdir(parents=True)  # can't be written
    folders, missing = limits.create_groups("ada", given, tmp_path)
    assert (len(folders), missing) == (1, ["pids.max"])


_EAT = "import sys; held = bytearray(int(sys.argv[1])); print(len(held) > 0 and max(held[::4096]))"
_FORK = """
import os, time
made = 0
try:
    for _ in range(200):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
except BlockingIOError:
    print("stopped")
"""


@pytest.mark.slow
class TestRealLimits:
    """A process in a control group of its own, as a server is."""

    @pytest.fixture
    def folders(self) -> Iterator[list[Path]]:
        if sys.platform != "linux" or os.geteuid() != 0:
            pytest.skip("control groups take root on Linux")
        name = f"test-{os.getpid()}"
        made, missing = limits.create_groups(
            name, ServerLimits(memory=256 << 20, processors=1, processes=30)
        )
        if missing:
            limits.remove_groups(name)
            pytest.skip(f"control groups can't be made here: {', '.join(missing)}")
        yield made
        for folder in made:
            for pid in (folder / "cgroup.procs").read_text().split():
                os.kill(int(pid), signal.SIGKILL)
        assert wait_for(lambda: limits.remove_groups(name))

    def run(
        self, folders: list[Path], script: str, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script, *arguments],
            preexec_fn=lambda: limits.join_groups(folders),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def test_who_takes_too_much_memory_is_killed(self, folders: list[Path]) -> None:
        assert self.run(folders, _EAT, str(64 << 20)).stdout == "0\n"
        assert self.run(folders, _EAT, str(1 << 30)).returncode == -signal.SIGKILL

    def test_who_starts_too_many_processes_is_stopped(self, folders: list[Path]) -> None:
        with tempfile.TemporaryFile("w+") as said:
            process = subprocess.Popen(
                [sys.executable, "-c", _FORK],
                preexec_fn=lambda: limits.join_groups(folders),  # noqa: PLW1509  (no thread runs here)
                stdout=said,
                stderr=said,
            )
            process.wait(timeout=100)
            said.seek(0)
            assert said.read() == "stopped\n"


@pytest.mark.skipif(sys.platform != "linux", reason="views are made by Bubblewrap, on Linux")
@pytest.mark.skipif(not os.access("/usr/bin/bwrap", os.X_OK), reason="Bubblewrap is missing")
def test_a_students_view_names_only_what_is_meant_for_students() -> None:
    command = mount_view.student_view(HubSettings(), "root").command()
    shown = {command[n + 1] for n, word in enumerate(command) if word in {"--bind", "--ro-bind"}}
    ours = {path for path in shown if path.startswith(f"{CHECKOUT}/")}
    assert ours - {sys.prefix} == {
        f"{CHECKOUT}/{n}" for n in ("course", "release", "deploy/student")
    }
    assert "/srv/autoencoders/exchange" in shown
    assert not [path for path in shown if path.endswith(("/hub", "/source", "autoencoders/course"))]


@pytest.mark.parametrize("setting", ["state", "file"])
def test_no_secret_may_lie_where_every_server_looks(setting: str) -> None:
    settings = dataclasses.replace(HubSettings(), **{setting: Path("/usr/local/share/x")})  # type: ignore[arg-type]  # both are paths
    with pytest.raises(RuntimeError, match="is in /usr, which students can see"):
        prepare.check_locations(settings)
    with pytest.raises(RuntimeError, match="is in /etc, which students can see"):
        prepare.check_locations(HubSettings(), checkout=Path("/etc/autoencoders"))
    prepare.check_locations(HubSettings(), checkout=Path("/opt/autoencoders"))


class TestProxyLock:
    """The proxy is installed as locked: every package with its hash, none with an address."""

    lock = CHECKOUT / "deploy" / "proxy" / "package-lock.json"

    def test_every_package_has_a_hash_and_no_address(self) -> None:
        packages = json.loads(self.lock.read_text())["packages"]
        assert len(packages) > 20
        for name, package in packages.items():
            assert "resolved" not in package
            assert name == "" or package["integrity"].startswith("sha512-")

    def test_it_runs_on_debians_own_node(self) -> None:
        packages = json.loads(self.lock.read_text())["packages"]
        assert packages["node_modules/configurable-http-proxy"]["engines"]["node"] == ">= 18"


def test_no_secret_lies_in_the_checkout() -> None:
    files = [path for path in (CHECKOUT / "deploy").rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix in {".token", ".sqlite", ".db", ".pem"}]
    assert not [path for path in files if path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID)]
