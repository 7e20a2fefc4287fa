"""The gradebook on PostgreSQL: one setting, the same commands, the same backup."""

from __future__ import annotations

import dataclasses
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from deploy.hub import accounts, class_list, prepare
from deploy.hub.backup import backup, restore
from deploy.hub.class_list import Person
from deploy.hub.settings import Settings, load
from tests.hub.site import PREFIX, Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]


def programs() -> Path | None:
    """Where PostgreSQL's own programs are; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@pytest.fixture(scope="module")
def postgres(hub: Site) -> Iterator[str]:
    """A PostgreSQL of our own on loopback; its address."""
    home = programs()
    if home is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    owner = hub.settings.grader  # PostgreSQL does not run as root
    folder = hub.home("grader") / "postgres"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(program: str, *options: str) -> None:
        command = ["setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups"]
        command += [str(home / program), f"--pgdata={folder}", *options]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        assert done.returncode == 0, done.stderr

    # The grader's home lies where only root can enter; PostgreSQL wants to see the way.
    opened = [(path, path.stat().st_mode) for path in folder.parents if path.is_relative_to("/tmp")]
    for path, mode in opened:
        path.chmod(mode | 0o011)
    run("initdb", "--auth=trust", "--username=grader", "--no-sync")
    options = f"-p {port} -h 127.0.0.1 -c unix_socket_directories="
    run("pg_ctl", "--wait", "start", f"--log={folder}/log", f"--options={options}")
    yield f"postgresql+psycopg://grader@127.0.0.1:{port}/postgres"
    run("pg_ctl", "--wait", "--mode=fast", "stop")
    for path, mode in opened:
        path.chmod(mode)


@pytest.fixture
def settings(hub: Site, postgres: str, tmp_path: Path) -> Settings:
    """The class of the hub, with another gradebook and another state folder."""
    file = tmp_path / "hub.toml"
    state = tmp_path / "state"
    text = hub.settings.file.read_text().replace(str(hub.settings.state), str(state))
    file.write_text(f'{text}gradebook = "{postgres}"\n')
    file.chmod(0o644)
    found = dataclasses.replace(load(file), hub_port=1)

    prepare.folders(found)
    prepare.course(found)
    return found


def test_the_class_goes_into_the_database_and_comes_back_from_a_backup(
    settings: Settings, tmp_path: Path
) -> None:
    name = f"{PREFIX}emil"
    class_list.add(settings, [Person(name, "Emil", "Nolde", "")])
    assert not (settings.course_folder / "gradebook.db").exists()
    with Gradebook(settings.gradebook_address, settings.course) as gradebook:
        assert gradebook.find_student(name).last_name == "Nolde"
    archive = tmp_path / "monday.tar.gz"
    if not shutil.which("pg_dump"):
        pytest.skip("pg_dump is missing (apt-get install postgresql-client)")
    backup(settings, archive)
    with Gradebook(settings.gradebook_address, settings.course) as gradebook:
        gradebook.remove_student(name)
    shutil.move(settings.state, tmp_path / "lost")
    restore(settings, archive)
    with Gradebook(settings.gradebook_address, settings.course) as gradebook:
        assert gradebook.find_student(name).last_name == "Nolde"
    assert accounts.exists(name)
