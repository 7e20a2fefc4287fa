"""What an operator of the hub does: class lists, grades, backup and restore."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import pwd
import sqlite3
import subprocess
import tarfile
import urllib.error
from email.message import Message
from pathlib import Path
from typing import Any

import pamela
import pytest
from nbgrader.api import Gradebook

from deploy.__main__ import upgrade
from deploy.hub import accounts, class_list, hub_api, roles, submission_time
from deploy.hub import backup as backups
from deploy.hub.backup import BackupError, Restored, backup, restore, submission_hashes
from deploy.hub.class_list import ClassListError, ListedStudent
from deploy.hub.roles import students_group
from deploy.hub.settings import HubSettings
from tests.hub.site import PREFIX, Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]

DORA = ListedStudent("dora", "Dora", "Maar", "dora@example.org")


@pytest.mark.parametrize(
    "text",
    [
        "id,first_name,last_name,email\ndora,Dora,Maar,dora@example.org\n",
        "\ufeffUsername;Vorname;Nachname;E-Mail-Adresse\r\nDora;Dora;Maar;dora@example.org\r\n",
        "Login ID\tGiven name\tSurname\tEmail\tGroup\ndora\tDora\tMaar\tdora@example.org\tA\n\n",
        'Last name,First name,"SIS Login ID",Email\n"Maar","Dora",dora,dora@example.org',
    ],
)
def test_class_lists_of_many_systems_are_understood(tmp_path: Path, text: str) -> None:
    path = tmp_path / "class.csv"
    path.write_text(text, encoding="utf-8")
    assert class_list.read_class_list(path) == [DORA]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name,mail\ndora,x\n", "no column holds the login, found: name, mail"),
        ("", "no column holds the login"),
        ("id\n", "lists no students"),
        ("id\nroot:x\n", "line 2: 'root:x' can't be an account"),
        ("id\n../x\n", "can't be an account"),
        ("id\n-rf\n", "can't be an account"),
        ("id\ndora\nDORA\n", "line 3: 'dora' is listed twice"),
        ("id\nd.ora@uni.example\n", "add a column `id` with names for the hub, such as 'd-ora'"),
        ("id\n4711\n", "such as 's-4711'"),
    ],
)
def test_what_is_wrong_with_a_class_list_is_said(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "class.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ClassListError, match=reason):
        class_list.read_class_list(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_class_list_may_be_in_any_usual_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "class.csv"
    path.write_text("id;Vorname\ndora;D\u00f6ra\n", encoding=encoding)
    assert class_list.read_class_list(path) == [ListedStudent("dora", "D\u00f6ra", "", "")]
    path.write_bytes(b"id\n\x81\x8d\n")
    with pytest.raises(ClassListError, match="save it as CSV in UTF-8"):
        class_list.read_class_list(path)


def test_nobody_is_given_an_account_of_the_machines_own(hub: Site) -> None:
    before = roles.students(hub.settings)
    stranger = f"{PREFIX}admin"
    subprocess.run(["useradd", "--no-create-home", stranger], check=True)
    elsewhere_checked = dataclasses.replace(hub.settings, authenticator="dummy")
    for settings, name, reason in (
        (hub.settings, "root", "'root' is a system account"),
        (hub.settings, "www-data", "is a system account"),
        (hub.settings, "nobody", "is a system account"),
        (hub.settings, hub.account("grader"), "is the grader"),
        (elsewhere_checked, stranger, "was not created for the class"),
    ):
        with pytest.raises(ClassListError, match=reason):
            class_list.add_students(
                settings,
                [ListedStudent(f"{PREFIX}gala", "", "", ""), ListedStudent(name, "", "", "")],
            )
    assert roles.students(hub.settings) == before
    assert not accounts.account_exists(f"{PREFIX}gala")
    class_list.check_logins(
        hub.settings, [stranger, hub.account("ada")]
    )  # it has a password of its own
    class_list.check_logins(elsewhere_checked, [hub.account("ada"), f"{PREFIX}gala"])


def test_the_hub_tells_of_everybody_however_few_at_a_time(hub: Site) -> None:
    names = [user["name"] for user in hub_api.list_users(hub.settings)]
    assert len(set(names)) == len(names) >= 4
    assert [user["name"] for user in hub_api.list_users(hub.settings, "&limit=1")] == names


def test_a_large_class_joins_in_a_few_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that tells of 200 people at a time, and says 409 when it knows all of them."""
    known = [f"n{number}" for number in range(250)]
    asked: list[str] = []

    def hub_says(_: HubSettings, method: str, path: str, body: Any = None) -> Any:
        asked.append(method)
        if method == "GET":
            first = int(path.partition("offset=")[2])
            return [{"name": name} for name in known[first : first + 200]]
        new = [name for name in body["usernames"] if name not in known]
        if not new:
            raise urllib.error.HTTPError(path, 409, "Conflict", Message(), io.BytesIO())
        known.extend(new)
        return None

    monkeypatch.setattr(hub_api, "request", hub_says)
    names = [f"n{number}" for number in range(300)]
    hub_api.add_users(HubSettings(), names)
    assert known == names
    assert len(asked) <= 5
    monkeypatch.setattr(hub_api, "list_users", lambda _: [])  # they came after we had looked
    hub_api.add_users(HubSettings(), names)


def test_those_whom_the_hub_knows_already_do_no_harm(
    hub: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_api, "list_users", lambda _: [])
    hub_api.add_users(hub.settings, [hub.account("ada"), hub.account("ben")])


def test_a_student_joins_while_the_hub_runs(hub: Site) -> None:
    name = f"{PREFIX}dora"
    listed = [dataclasses.replace(DORA, id=name), ListedStudent(hub.account("ada"), "Ada", "", "")]
    passwords = class_list.add_students(hub.settings, listed)
    assert set(passwords) == {name}
    assert Path(pwd.getpwnam(name).pw_dir).stat().st_mode & 0o777 == 0o700
    group = hub_api.request(hub.settings, "GET", f"groups/{students_group(hub.settings)}")
    assert {name, hub.account("ada"), hub.account("ben")} <= set(group["users"])
    with Gradebook(hub.settings.gradebook_address) as gradebook:
        assert gradebook.find_student(name).last_name == "Maar"
    assert class_list.add_students(hub.settings, listed) == {}


def test_grades_can_be_exported(hub: Site) -> None:
    class_list.run_nbgrader(
        hub.settings, "export", f"--to={hub.settings.course_folder / 'grades.csv'}"
    )
    with (hub.settings.course_folder / "grades.csv").open(encoding="utf-8") as file:
        assert "student_id" in (csv.DictReader(file).fieldnames or ())


def elsewhere(hub: Site, folder: Path) -> HubSettings:
    """The same class on another machine, as far as one machine can be two."""
    return dataclasses.replace(hub.settings, state=folder / "state", hub_port=1)


def test_a_backup_brings_everything_back(hub: Site, tmp_path: Path) -> None:
    inbound = hub.settings.exchange / hub.settings.course / "inbound"
    name = f"{hub.account('ada')}+08-kept+2026-01-01 00:00:00 UTC+x"
    hub.as_student("ada", "sh", "-c", f"mkdir '{inbound}/{name}'; echo work > '{inbound}/{name}/a'")
    archive = tmp_path / "monday.tar.gz"
    held = backup(hub.settings, archive)
    assert archive.stat().st_mode & 0o777 == 0o600
    other = elsewhere(hub, tmp_path)
    assert restore(other, archive) == Restored(held, {})
    assert held >= 1
    assert submission_hashes(other) == submission_hashes(hub.settings)
    back = other.exchange / other.course / "inbound" / name
    assert back.joinpath("a").read_text() == "work\n"
    assert back.owner() == hub.account("ada")
    assert back.parent.stat().st_mode & 0o7777 == 0o3733
    with (
        Gradebook(hub.settings.gradebook_address) as was,
        Gradebook(other.gradebook_address) as now,
    ):
        assert [s.id for s in was.students] == [s.id for s in now.students]
        assert [(s.assignment.name, s.student.id, s.score) for s in _handed_in(was)] == [
            (s.assignment.name, s.student.id, s.score) for s in _handed_in(now)
        ]
    assert (other.course_folder / "gradebook.db").owner() == hub.settings.grader
    assert (other.hub / "operator.token").stat().st_mode & 0o077 == 0


def test_an_upgrade_is_of_the_hubs_own_databases(
    hub: Site, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RuntimeError, match="the hub is running; stop it first"):
        upgrade(hub.settings)
    archive = tmp_path / "monday.tar.gz"
    backup(hub.settings, archive)
    file = tmp_path / "hub.toml"
    other = elsewhere(hub, tmp_path)
    text = hub.settings.file.read_text().replace(str(hub.settings.state), str(other.state))
    file.write_text(text)
    other = dataclasses.replace(other, file=file)
    restore(other, archive)
    with contextlib.closing(sqlite3.connect(other.hub / "hub.sqlite")) as database:
        columns = _columns(database)
        # As the version before left it.
        database.execute("alter table spawners drop column display_name")
        database.execute("update alembic_version set version_num = 'ff1860e38070'")
        database.commit()
        upgrade(other)
        assert _columns(database) == columns
    assert "are up to date" in capfd.readouterr().out


def _columns(database: sqlite3.Connection) -> set[str]:
    return {row[1] for row in database.execute("pragma table_info(spawners)")}


def test_a_restore_says_the_passwords_that_it_makes(hub: Site, tmp_path: Path) -> None:
    """The list in the archive would be of accounts that are no more."""
    name = f"{PREFIX}fritz"
    old = class_list.add_students(hub.settings, [ListedStudent(name, "Fritz", "", "")])[name]
    archive = tmp_path / "monday.tar.gz"
    backup(hub.settings, archive)
    with tarfile.open(archive) as opened:
        assert "hub/operator.token" in opened.getnames()
        assert "hub/passwords.txt" not in opened.getnames()
    accounts.remove(name)
    other = elsewhere(hub, tmp_path)
    passwords = restore(other, archive).passwords
    assert set(passwords) == {name}
    assert (other.hub / "passwords.txt").read_text() == f"{name} {passwords[name]}\n"
    assert (other.hub / "passwords.txt").stat().st_mode & 0o777 == 0o600
    pamela.authenticate(name, passwords[name])
    with pytest.raises(pamela.PAMError):
        pamela.authenticate(name, old)


def test_what_comes_while_a_backup_is_made_does_no_harm(
    hub: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbound = hub.settings.exchange / hub.settings.course / "inbound"
    name = f"{hub.account('ben')}+08-meanwhile+2026-01-01 00:00:00 UTC+x"
    under_way = inbound / ".0123456789abcdef.new"
    script = f"mkdir '{inbound}/{name}' {under_way}; echo work > '{inbound}/{name}/a'"
    copy = backups._copy_database

    def busy(original: Path, target: Path) -> None:
        hub.as_student("ben", "sh", "-c", script)
        copy(original, target)

    monkeypatch.setattr(backups, "_copy_database", busy)
    archive = tmp_path / "monday.tar.gz"
    held = backup(hub.settings, archive)
    under_way.rmdir()
    other = elsewhere(hub, tmp_path)
    assert restore(other, archive).submissions == held
    back = other.exchange / other.course / "inbound"
    assert (back / name / "a").read_text() == "work\n"
    assert not (back / under_way.name).exists()


def test_a_restore_does_not_make_anybody_late(hub: Site, tmp_path: Path) -> None:
    inbound = hub.settings.exchange / hub.settings.course / "inbound"
    name = f"{hub.account('ben')}+08-early+2026-01-01 00:00:00 UTC+x"
    hub.as_student("ben", "sh", "-c", f"mkdir '{inbound}/{name}'; echo work > '{inbound}/{name}/a'")
    came = submission_time.newest_change(inbound / name)
    first, second = tmp_path / "1.tar.gz", tmp_path / "2.tar.gz"
    backup(hub.settings, first)
    other = elsewhere(hub, tmp_path)
    restore(other, first)
    back = other.exchange / other.course / "inbound" / name
    assert submission_time.newest_change(back) > came
    assert (
        submission_time.submission_time(back, submission_time.read_remembered(other.course_folder))
        == came
    )
    backup(other, second)  # remembers what the first remembered
    third = elsewhere(hub, tmp_path / "again")
    restore(third, second)
    back = third.exchange / third.course / "inbound" / name
    known = submission_time.read_remembered(third.course_folder)
    assert submission_time.submission_time(back, known) == came
    (back / "a").write_text("better work")
    assert (
        submission_time.submission_time(back, known) == submission_time.newest_change(back) > came
    )


def _handed_in(gradebook: Gradebook) -> list[Any]:
    return [
        found
        for assignment in gradebook.assignments
        for found in gradebook.assignment_submissions(assignment.name)
    ]


def test_a_restore_overwrites_nothing(hub: Site, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="the hub is running"):
        restore(hub.settings, tmp_path / "none.tar.gz")
    with pytest.raises(BackupError, match="is in use"):
        restore(dataclasses.replace(hub.settings, hub_port=1), tmp_path / "none.tar.gz")


def test_a_damaged_backup_is_noticed(hub: Site, tmp_path: Path) -> None:
    archive = tmp_path / "monday.tar.gz"
    backup(hub.settings, archive)
    archive.write_bytes(archive.read_bytes()[:-2000])
    with pytest.raises(BackupError, match=r"can't be restored|is damaged"):
        restore(elsewhere(hub, tmp_path), archive)


def test_a_backup_that_fails_leaves_the_older_one(
    hub: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "monday.tar.gz"
    archive.write_text("older")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "addfile", full)
    with pytest.raises(OSError, match="No space left"):
        backup(hub.settings, archive)
    assert archive.read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["monday.tar.gz"]


def test_an_account_is_never_made_twice(hub: Site) -> None:
    before = pwd.getpwnam(hub.account("ada"))
    accounts.create_account(hub.account("ada"), hub.settings.homes)
    assert pwd.getpwnam(hub.account("ada")) == before
