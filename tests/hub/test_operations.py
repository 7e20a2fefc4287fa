"""The operator's commands: class lists, grades, backup, restore, upgrade."""

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

from autograder.nbgrader_plugins import timestamps
from deploy.__main__ import upgrade
from deploy.hub import accounts, class_list, grader, hub_api, roles, students, submission_time
from deploy.hub import backup as backups
from deploy.hub.backup import BackupError, Restored, backup, restore, submission_hashes
from deploy.hub.class_list import ClassListError, ListedStudent
from deploy.hub.roles import students_group
from deploy.hub.settings import HubSettings
from tests.hub.running_hub import ACCOUNT_PREFIX, RunningHub

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("hub")]

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
def test_class_lists_of_different_systems_are_read(tmp_path: Path, text: str) -> None:
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
def test_an_invalid_class_list_gives_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "class.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ClassListError, match=reason):
        class_list.read_class_list(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_class_lists_may_have_any_common_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "class.csv"
    path.write_text("id;Vorname\ndora;D\u00f6ra\n", encoding=encoding)
    assert class_list.read_class_list(path) == [ListedStudent("dora", "D\u00f6ra", "", "")]
    path.write_bytes(b"id\n\x81\x8d\n")
    with pytest.raises(ClassListError, match="save it as CSV in UTF-8"):
        class_list.read_class_list(path)


def test_nobody_gets_an_account_of_the_machine(hub: RunningHub) -> None:
    before = roles.students(hub.settings)
    existing = f"{ACCOUNT_PREFIX}admin"
    subprocess.run(["useradd", "--no-create-home", existing], check=True)
    external_logins = dataclasses.replace(hub.settings, authenticator="dummy")
    for settings, name, reason in (
        (hub.settings, "root", "'root' is a system account"),
        (hub.settings, "www-data", "is a system account"),
        (hub.settings, "nobody", "is a system account"),
        (hub.settings, hub.account("grader"), "is the grader"),
        (external_logins, existing, "was not created for the class"),
    ):
        with pytest.raises(ClassListError, match=reason):
            students.add_students(
                settings,
                [
                    ListedStudent(f"{ACCOUNT_PREFIX}gala", "", "", ""),
                    ListedStudent(name, "", "", ""),
                ],
            )
    assert roles.students(hub.settings) == before
    assert not accounts.account_exists(f"{ACCOUNT_PREFIX}gala")
    students.check_logins(hub.settings, [existing, hub.account("ada")])  # PAM asks for passwords
    students.check_logins(external_logins, [hub.account("ada"), f"{ACCOUNT_PREFIX}gala"])


def test_all_pages_of_users_are_listed(hub: RunningHub) -> None:
    names = [user["name"] for user in hub_api.list_users(hub.settings)]
    assert len(set(names)) == len(names) >= 4
    assert [user["name"] for user in hub_api.list_users(hub.settings, "&limit=1")] == names


def test_a_large_class_is_added_in_few_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub lists 200 users per page and replies 409 if it knows all new ones."""
    known = [f"n{number}" for number in range(250)]
    methods: list[str] = []

    def request(_: HubSettings, method: str, path: str, body: Any = None) -> Any:
        methods.append(method)
        if method == "GET":
            first = int(path.partition("offset=")[2])
            return [{"name": name} for name in known[first : first + 200]]
        new = [name for name in body["usernames"] if name not in known]
        if not new:
            raise urllib.error.HTTPError(path, 409, "Conflict", Message(), io.BytesIO())
        known.extend(new)
        return None

    monkeypatch.setattr(hub_api, "request", request)
    names = [f"n{number}" for number in range(300)]
    hub_api.add_users(HubSettings(), names)
    assert known == names
    assert len(methods) <= 5
    monkeypatch.setattr(hub_api, "list_users", lambda _: [])  # added since the listing
    hub_api.add_users(HubSettings(), names)


def test_adding_known_users_is_no_error(hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_api, "list_users", lambda _: [])
    hub_api.add_users(hub.settings, [hub.account("ada"), hub.account("ben")])


def test_students_can_be_added_while_the_hub_runs(hub: RunningHub) -> None:
    name = f"{ACCOUNT_PREFIX}dora"
    listed = [dataclasses.replace(DORA, id=name), ListedStudent(hub.account("ada"), "Ada", "", "")]
    passwords = students.add_students(hub.settings, listed)
    assert set(passwords) == {name}
    assert Path(pwd.getpwnam(name).pw_dir).stat().st_mode & 0o777 == 0o700
    group = hub_api.request(hub.settings, "GET", f"groups/{students_group(hub.settings)}")
    assert {name, hub.account("ada"), hub.account("ben")} <= set(group["users"])
    with Gradebook(hub.settings.gradebook_address) as gradebook:
        assert gradebook.find_student(name).last_name == "Maar"
    assert students.add_students(hub.settings, listed) == {}


def test_grades_can_be_exported(hub: RunningHub) -> None:
    grader.run_nbgrader(hub.settings, "export", f"--to={hub.settings.course_folder / 'grades.csv'}")
    with (hub.settings.course_folder / "grades.csv").open(encoding="utf-8") as file:
        assert "student_id" in (csv.DictReader(file).fieldnames or ())


def other_machine(hub: RunningHub, folder: Path) -> HubSettings:
    """Return settings for the same class with another state folder and no running hub."""
    return dataclasses.replace(hub.settings, state=folder / "state", hub_port=1)


def test_a_backup_restores_everything(hub: RunningHub, tmp_path: Path) -> None:
    submission = hub.submit_folder("ada", "08-kept")
    archive = tmp_path / "monday.tar.gz"
    count = backup(hub.settings, archive)
    assert archive.stat().st_mode & 0o777 == 0o600
    other = other_machine(hub, tmp_path)
    assert restore(other, archive) == Restored(count, {})
    assert count >= 1
    assert submission_hashes(other) == submission_hashes(hub.settings)
    restored = other.exchange / other.course / "inbound" / submission.name
    assert restored.joinpath("a").read_text() == "work\n"
    assert restored.owner() == hub.account("ada")
    assert restored.parent.stat().st_mode & 0o7777 == 0o3733
    with (
        Gradebook(hub.settings.gradebook_address) as before,
        Gradebook(other.gradebook_address) as after,
    ):
        assert [s.id for s in before.students] == [s.id for s in after.students]
        assert _submissions(before) == _submissions(after)
    assert (other.course_folder / "gradebook.db").owner() == hub.settings.grader
    assert (other.hub / "operator.token").stat().st_mode & 0o077 == 0


def test_an_upgrade_migrates_the_databases(
    hub: RunningHub, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RuntimeError, match="the hub is running; stop it first"):
        upgrade(hub.settings)
    archive = tmp_path / "monday.tar.gz"
    backup(hub.settings, archive)
    file = tmp_path / "hub.toml"
    other = other_machine(hub, tmp_path)
    text = hub.settings.file.read_text().replace(str(hub.settings.state), str(other.state))
    file.write_text(text)
    other = dataclasses.replace(other, file=file)
    restore(other, archive)
    with contextlib.closing(sqlite3.connect(other.hub / "hub.sqlite")) as database:
        columns = _columns(database)
        # Downgrade by one version.
        database.execute("alter table spawners drop column display_name")
        database.execute("update alembic_version set version_num = 'ff1860e38070'")
        database.commit()
        upgrade(other)
        assert _columns(database) == columns
    assert "are up to date" in capfd.readouterr().out


def _columns(database: sqlite3.Connection) -> set[str]:
    return {row[1] for row in database.execute("pragma table_info(spawners)")}


def test_a_restore_returns_the_new_passwords(hub: RunningHub, tmp_path: Path) -> None:
    """The backup doesn't hold the passwords of accounts, which may no longer exist."""
    name = f"{ACCOUNT_PREFIX}fritz"
    old = students.add_students(hub.settings, [ListedStudent(name, "Fritz", "", "")])[name]
    archive = tmp_path / "monday.tar.gz"
    backup(hub.settings, archive)
    with tarfile.open(archive) as opened:
        assert "hub/operator.token" in opened.getnames()
        assert "hub/passwords.txt" not in opened.getnames()
    accounts.remove(name)
    other = other_machine(hub, tmp_path)
    passwords = restore(other, archive).passwords
    assert set(passwords) == {name}
    assert (other.hub / "passwords.txt").read_text() == f"{name} {passwords[name]}\n"
    assert (other.hub / "passwords.txt").stat().st_mode & 0o777 == 0o600
    pamela.authenticate(name, passwords[name])
    with pytest.raises(pamela.PAMError):
        pamela.authenticate(name, old)


def test_submissions_during_a_backup_do_no_harm(
    hub: RunningHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    incomplete = hub.inbound / ".0123456789abcdef.new"
    submissions: list[Path] = []
    copy = backups._copy_database

    def submit_and_copy(original: Path, target: Path) -> None:
        hub.run_as("ben", "mkdir", str(incomplete))
        submissions.append(hub.submit_folder("ben", "08-meanwhile"))
        copy(original, target)

    monkeypatch.setattr(backups, "_copy_database", submit_and_copy)
    archive = tmp_path / "monday.tar.gz"
    count = backup(hub.settings, archive)
    incomplete.rmdir()
    other = other_machine(hub, tmp_path)
    assert restore(other, archive).submissions == count
    inbound = other.exchange / other.course / "inbound"
    assert (inbound / submissions[0].name / "a").read_text() == "work\n"
    assert not (inbound / incomplete.name).exists()


def test_a_restore_keeps_submission_times(hub: RunningHub, tmp_path: Path) -> None:
    submission = hub.submit_folder("ben", "08-early")
    time = timestamps.newest_change(submission)
    first, second = tmp_path / "1.tar.gz", tmp_path / "2.tar.gz"
    backup(hub.settings, first)
    other = other_machine(hub, tmp_path)
    restore(other, first)
    restored = other.exchange / other.course / "inbound" / submission.name
    assert timestamps.newest_change(restored) > time
    known = submission_time.read_remembered(other.course_folder)
    assert submission_time.submission_time(restored, known) == time
    backup(other, second)  # also holds the times remembered by the first
    third = other_machine(hub, tmp_path / "again")
    restore(third, second)
    restored = third.exchange / third.course / "inbound" / submission.name
    known = submission_time.read_remembered(third.course_folder)
    assert submission_time.submission_time(restored, known) == time
    (restored / "a").write_text("better work")
    changed = timestamps.newest_change(restored)
    assert submission_time.submission_time(restored, known) == changed > time


def _submissions(gradebook: Gradebook) -> list[tuple[str, str, float]]:
    return [
        (assignment.name, submission.student.id, submission.score)
        for assignment in gradebook.assignments
        for submission in gradebook.assignment_submissions(assignment.name)
    ]


def test_a_restore_overwrites_nothing(hub: RunningHub, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="the hub is running"):
        restore(hub.settings, tmp_path / "none.tar.gz")
    with pytest.raises(BackupError, match="is in use"):
        restore(dataclasses.replace(hub.settings, hub_port=1), tmp_path / "none.tar.gz")


def test_a_damaged_backup_is_refused(hub: RunningHub, tmp_path: Path) -> None:
    archive = tmp_path / "monday.tar.gz"
    backup(hub.settings, archive)
    archive.write_bytes(archive.read_bytes()[:-2000])
    with pytest.raises(BackupError, match=r"can't be restored|is damaged"):
        restore(other_machine(hub, tmp_path), archive)


def test_a_failed_backup_keeps_the_older_one(
    hub: RunningHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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


def test_existing_accounts_stay_unchanged(hub: RunningHub) -> None:
    before = pwd.getpwnam(hub.account("ada"))
    accounts.create_account(hub.account("ada"), hub.settings.homes)
    assert pwd.getpwnam(hub.account("ada")) == before
