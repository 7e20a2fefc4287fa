"""The gradebook on PostgreSQL: one setting, the same commands, the same backup."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from deploy.hub import accounts, class_list, prepare
from deploy.hub.backup import backup, restore
from deploy.hub.class_list import ListedStudent
from deploy.hub.settings import HubSettings, load
from tests import postgres
from tests.hub.site import PREFIX, Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A PostgreSQL of our own on loopback; a database's address."""
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.server() as address:
        yield f"{address}/postgres"


@pytest.fixture
def settings(hub: Site, database: str, tmp_path: Path) -> HubSettings:
    """The class of the hub, with another gradebook and another state folder."""
    file = tmp_path / "hub.toml"
    state = tmp_path / "state"
    text = hub.settings.file.read_text().replace(str(hub.settings.state), str(state))
    file.write_text(f'{text}gradebook = "{database}"\n')
    file.chmod(0o644)
    found = dataclasses.replace(load(file), hub_port=1)

    prepare.create_folders(found)
    prepare.create_course(found)
    return found


def test_the_class_goes_into_the_database_and_comes_back_from_a_backup(
    settings: HubSettings, tmp_path: Path
) -> None:
    name = f"{PREFIX}emil"
    class_list.add_students(settings, [ListedStudent(name, "Emil", "Nolde", "")])
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


def test_a_submission_is_graded_into_the_database(settings: HubSettings) -> None:
    """The grader's commands, in its view of the machine, as formgrader's server runs them."""
    lesson, name = "01-intro", f"{PREFIX}emil"
    class_list.add_students(settings, [ListedStudent(name, "Emil", "Nolde", "")])
    class_list.run_nbgrader(settings, "generate_assignment", lesson)
    (notebook,) = (settings.course_folder / "source" / lesson).glob("*.ipynb")
    # The instructor's own notebook is the one that is right throughout.
    handed_in = settings.course_folder / "submitted" / name / lesson
    handed_in.mkdir(parents=True)
    shutil.copyfile(notebook, handed_in / notebook.name)
    for path in (handed_in.parents[1], handed_in.parent, handed_in, *handed_in.iterdir()):
        shutil.chown(path, settings.grader, settings.grader)
    class_list.run_nbgrader(settings, "autograde", lesson)
    with Gradebook(settings.gradebook_address, settings.course) as gradebook:
        submission = gradebook.find_submission(lesson, name)
        assert submission.score == submission.max_score > 0
    assert not (settings.course_folder / "gradebook.db").exists()
