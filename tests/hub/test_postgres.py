"""The gradebook on PostgreSQL: one setting, the same commands, the same backup."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from deploy.hub import accounts, grader, prepare, students
from deploy.hub.backup import backup, restore
from deploy.hub.class_list import ListedStudent
from deploy.hub.settings import HubSettings, load
from tests import postgres
from tests.hub.running_hub import ACCOUNT_PREFIX, RunningHub

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("hub")]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The URL of a database on a temporary PostgreSQL server."""
    if postgres.program_folder() is None:
        pytest.skip(postgres.MISSING)
    with postgres.run_server() as address:
        yield f"{address}/postgres"


@pytest.fixture
def settings(hub: RunningHub, database: str, tmp_path: Path) -> HubSettings:
    """The hub's class with another gradebook and state folder."""
    file = tmp_path / "hub.toml"
    state = tmp_path / "state"
    text = hub.settings.file.read_text().replace(str(hub.settings.state), str(state))
    file.write_text(f'{text}gradebook = "{database}"\n')
    file.chmod(0o644)
    postgres_settings = dataclasses.replace(load(file), hub_port=1)
    prepare.create_folders(postgres_settings)
    prepare.create_course(postgres_settings)
    return postgres_settings


def test_a_backup_restores_the_class_in_the_database(settings: HubSettings, tmp_path: Path) -> None:
    name = f"{ACCOUNT_PREFIX}emil"
    students.add_students(settings, [ListedStudent(name, "Emil", "Nolde", "")])
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
    assert accounts.account_exists(name)


def test_grades_go_into_the_database(settings: HubSettings) -> None:
    """The commands run in the grader's view of the machine, as on formgrader's server."""
    lesson, name = "01-intro", f"{ACCOUNT_PREFIX}emil"
    students.add_students(settings, [ListedStudent(name, "Emil", "Nolde", "")])
    grader.run_nbgrader(settings, "generate_assignment", lesson)
    (notebook,) = (settings.course_folder / "source" / lesson).glob("*.ipynb")
    submission = settings.course_folder / "submitted" / name / lesson
    submission.mkdir(parents=True)
    shutil.copyfile(notebook, submission / notebook.name)  # the instructor's notebook is solved
    for path in (submission.parents[1], submission.parent, submission, *submission.iterdir()):
        shutil.chown(path, settings.grader, settings.grader)
    grader.run_nbgrader(settings, "autograde", lesson)
    with Gradebook(settings.gradebook_address, settings.course) as gradebook:
        graded = gradebook.find_submission(lesson, name)
        assert graded.score == graded.max_score > 0
    assert not (settings.course_folder / "gradebook.db").exists()
