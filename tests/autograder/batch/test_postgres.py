"""The gradebook on a real PostgreSQL server: the same scores, by the same commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests import postgres
from tests.autograder.runs import GRADED, dump, grade, open_class, slow
from tests.autograder.small import LESSON
from tests.hostile.batch import nbgrader

pytestmark = slow  # as a run on SQLite


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.server() as address:
        yield address


def new(folder: Path, address: str = "") -> Path:
    return open_class(folder, f"\nc.CourseDirectory.db_url = {address!r}\n" if address else "")


def test_a_run_and_nbgrader_itself_agree_on_postgresql(server: str, tmp_path: Path) -> None:
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("plain", "run"):
            connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    lite = new(tmp_path / "lite")
    plain = new(tmp_path / "plain", f"{server}/plain")
    run = new(tmp_path / "run", f"{server}/run")
    assert nbgrader(plain, "autograde", LESSON)[0] == 0
    for course in (lite, run):
        code, said = grade(course, "--jobs", "2")
        assert code == 1, said  # somebody's file can't be read
    assert not (run / "gradebook.db").exists()
    assert dump(run, f"{server}/run") == dump(plain, f"{server}/plain") == dump(lite)
    code, said = grade(run, "--jobs", "2")
    assert f"{len(GRADED)} as before" in said
