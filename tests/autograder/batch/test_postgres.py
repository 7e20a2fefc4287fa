"""The gradebook on a real PostgreSQL server gets the same scores by the same commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests import postgres
from tests.autograder.runs import GRADED, dump, grade, make_class, slow
from tests.autograder.small import LESSON
from tests.hostile.batch import nbgrader

pytestmark = slow


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if postgres.program_folder() is None:
        pytest.skip(postgres.MISSING)
    with postgres.run_server() as address:
        yield address


def make_course(folder: Path, db_url: str = "") -> Path:
    return make_class(folder, f"\nc.CourseDirectory.db_url = {db_url!r}\n" if db_url else "")


@pytest.mark.long
def test_nbgrader_and_a_run_give_the_same_grades_on_postgresql(server: str, tmp_path: Path) -> None:
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("plain", "run"):
            connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    sqlite = make_course(tmp_path / "sqlite")
    plain = make_course(tmp_path / "plain", f"{server}/plain")
    run = make_course(tmp_path / "run", f"{server}/run")
    assert nbgrader(plain, "autograde", LESSON)[0] == 0
    for course in (sqlite, run):
        code, output = grade(course, "--jobs", "2")
        assert code == 1, output  # one notebook is unreadable
    assert not (run / "gradebook.db").exists()
    assert dump(run, f"{server}/run") == dump(plain, f"{server}/plain") == dump(sqlite)
    code, output = grade(run, "--jobs", "2")
    assert f"{len(GRADED)} unchanged" in output
