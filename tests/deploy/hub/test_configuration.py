"""Settings, roles, limits and views, tested without a hub."""

from __future__ import annotations

import dataclasses
import itertools
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

from deploy.hub import limits, mount_view, prepare, roles
from deploy.hub.limits import ServerLimits
from deploy.hub.settings import CHECKOUT, DEFAULT_FILE, HubSettings, SettingsError, load
from tests.hub.running_hub import WAIT_TIMEOUT_S, wait_until

_BIND_OPTIONS = {"--bind", "--ro-bind"}
LIMITS = ServerLimits(memory=2**30, processors=1.5, processes=100)


LTI = """
[lti]
issuer = "https://lms.example"
client_id = "7"
authorize_url = "https://lms.example/auth"
jwks_url = "https://lms.example/jwks"
token_url = "https://lms.example/token"
"""


def write_settings(folder: Path, text: str) -> Path:
    path = folder / "hub.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_demos_settings_are_valid() -> None:
    demo = load(DEFAULT_FILE)
    assert demo.people == ("ines", "ada", "ben", "cleo")
    assert demo.gradebook_address == "sqlite:////srv/autoencoders/course/gradebook.db"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("color = 1", "unknown setting 'color'"),
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
        ("lti = 1", "lti must be a table"),
        ("[lti]\ncolor = 1", "unknown setting 'color' in [lti]; choose from issuer, client_id"),
        ("[lti]\nissuer = 'x'", "client_id"),
        (LTI.replace("https://lms.example/jwks", "http://lms.example"), "it must start with https"),
        (LTI + "username = 'name'", "Input should be 'email', 'username', 'sourcedid' or 'sub'"),
        (f"authenticator = 'dummy'\n{LTI}", "use either authenticator or [lti], not both"),
    ],
)
def test_invalid_settings_give_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(reason)):
        load(write_settings(tmp_path, text))


def test_with_lti_nobody_has_a_password(tmp_path: Path) -> None:
    assert load(write_settings(tmp_path, "")).has_passwords
    settings = load(write_settings(tmp_path, LTI))
    assert not settings.has_passwords
    assert settings.lti is not None
    assert settings.lti.username == "email"
    assert settings.lti_folder not in mount_view.grader_view(HubSettings()).readable
    assert settings.lti_folder in mount_view.grader_view(settings).readable


def test_the_gradebook_is_one_setting(tmp_path: Path) -> None:
    address = "postgresql+psycopg://grader:secret@localhost/course"
    assert load(write_settings(tmp_path, f'gradebook = "{address}"')).gradebook_address == address


def test_students_roles_cover_only_themselves() -> None:
    by_name = {role["name"]: role for role in roles.roles(HubSettings())}
    listing = {"list:services", "read:services", "access:services!service=feedback"}
    assert set(by_name["user"]["scopes"]) == {"self"} | listing
    assert all("!user" in scope or scope in listing for scope in by_name["server"]["scopes"])
    for name in ("instructor", "formgrader", "operator"):
        assert "nbgrader-autoencoders" not in by_name[name].get("groups", [])


def test_limits_are_written_for_both_versions_of_control_groups(tmp_path: Path) -> None:
    v2 = tmp_path / "v2"
    v2.mkdir()
    (v2 / "cgroup.controllers").write_text("cpu memory pids")
    (group,), missing = limits.create_groups("ada", LIMITS, v2)
    assert missing == []
    assert (group / "memory.max").read_text() == str(2**30)
    assert (group / "cpu.max").read_text() == "150000 100000"
    assert (group / "pids.max").read_text() == "100"
    v1 = tmp_path / "v1"
    for controller in ("memory", "cpu", "pids"):
        (v1 / controller).mkdir(parents=True)
        (v1 / controller / "tasks").touch()
    groups, missing = limits.create_groups("ada", LIMITS, v1)
    assert (len(groups), missing) == (3, [])
    assert groups[0].joinpath("memory.limit_in_bytes").read_text() == str(2**30)


def test_limits_that_can_not_be_set_are_reported(tmp_path: Path) -> None:
    folders, missing = limits.create_groups("ada", LIMITS, tmp_path / "none")
    assert folders == []
    assert set(missing) == {"memory.limit_in_bytes", "cpu.cfs_quota_us", "pids.max"}
    assert not (tmp_path / "none").exists()
    (tmp_path / "cgroup.controllers").write_text("cpu memory")
    (tmp_path / "course-hub" / "ada" / "pids.max").mkdir(parents=True)  # can't be written
    folders, missing = limits.create_groups("ada", LIMITS, tmp_path)
    assert (len(folders), missing) == (1, ["pids.max"])


_ALLOCATE = "import sys; data = bytearray(int(sys.argv[1])); print(max(data[::4096]))"
_FORK = """
import os, time
try:
    for _ in range(200):
        if os.fork() == 0:
            time.sleep(600)
            os._exit(0)
except BlockingIOError:
    print("stopped")
"""


@pytest.mark.slow
class TestRealLimits:
    """A process in its own control group, like a server."""

    @pytest.fixture
    def folders(self) -> Iterator[list[Path]]:
        if sys.platform != "linux" or os.geteuid() != 0:
            pytest.skip("control groups take root on Linux")
        name = f"test-{os.getpid()}"
        created, missing = limits.create_groups(
            name, ServerLimits(memory=256 << 20, processors=1, processes=30)
        )
        if missing:
            limits.remove_groups(name)
            pytest.skip(f"control groups can't be created here: {', '.join(missing)}")
        yield created
        for folder in created:
            for pid in (folder / "cgroup.procs").read_text().split():
                os.kill(int(pid), signal.SIGKILL)
        wait_until("the control groups are empty", lambda: limits.remove_groups(name))

    def run(
        self, folders: list[Path], script: str, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script, *arguments],
            preexec_fn=lambda: limits.join_groups(folders),
            capture_output=True,
            text=True,
            timeout=WAIT_TIMEOUT_S,
            check=False,
        )

    def test_exceeding_the_memory_kills_the_process(self, folders: list[Path]) -> None:
        assert self.run(folders, _ALLOCATE, str(64 << 20)).stdout == "0\n"
        assert self.run(folders, _ALLOCATE, str(1 << 30)).returncode == -signal.SIGKILL

    def test_too_many_processes_can_not_be_started(self, folders: list[Path]) -> None:
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", _FORK],
                preexec_fn=lambda: limits.join_groups(folders),  # noqa: PLW1509  (no thread runs here)
                stdout=output,
                stderr=output,
            )
            process.wait(timeout=WAIT_TIMEOUT_S)
            output.seek(0)
            assert output.read() == "stopped\n"


@pytest.mark.skipif(sys.platform != "linux", reason="views are made by Bubblewrap, on Linux")
@pytest.mark.skipif(not os.access("/usr/bin/bwrap", os.X_OK), reason="Bubblewrap is missing")
def test_a_students_view_holds_only_what_students_need() -> None:
    command = mount_view.student_view(HubSettings(), "root").command()
    paths = {path for option, path in itertools.pairwise(command) if option in _BIND_OPTIONS}
    from_checkout = {path for path in paths if path.startswith(f"{CHECKOUT}/")} - {sys.prefix}
    assert from_checkout == {f"{CHECKOUT}/{n}" for n in ("course", "release", "deploy/student")}
    assert "/srv/autoencoders/exchange" in paths
    assert not [path for path in paths if path.endswith(("/hub", "/source", "autoencoders/course"))]


@pytest.mark.parametrize("setting", ["state", "file"])
def test_folders_that_every_server_sees_are_refused(setting: str) -> None:
    settings = dataclasses.replace(HubSettings(), **{setting: Path("/usr/local/share/x")})  # type: ignore[arg-type]  # both are paths
    with pytest.raises(RuntimeError, match="is in /usr, which students can see"):
        prepare.check_locations(settings)
    with pytest.raises(RuntimeError, match="is in /etc, which students can see"):
        prepare.check_locations(HubSettings(), checkout=Path("/etc/autoencoders"))
    prepare.check_locations(HubSettings(), checkout=Path("/opt/autoencoders"))


class TestProxyLock:
    """The proxy's packages are locked by hash, without download addresses."""

    lock = CHECKOUT / "deploy" / "proxy" / "package-lock.json"

    def test_every_package_has_a_hash_and_no_url(self) -> None:
        packages = json.loads(self.lock.read_text())["packages"]
        assert len(packages) > 20
        for name, package in packages.items():
            assert "resolved" not in package
            assert name == "" or package["integrity"].startswith("sha512-")

    def test_it_runs_on_debians_node(self) -> None:
        packages = json.loads(self.lock.read_text())["packages"]
        assert packages["node_modules/configurable-http-proxy"]["engines"]["node"] == ">= 18"


def test_the_checkout_holds_no_secrets() -> None:
    files = [path for path in (CHECKOUT / "deploy").rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix in {".token", ".sqlite", ".db", ".pem"}]
    assert not [path for path in files if path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID)]
