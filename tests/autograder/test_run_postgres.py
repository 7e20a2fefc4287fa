"""The gradebook on a real PostgreSQL server: the same scores, by the same commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests import postgres
from tests.autograder import lessons
from tests.autograder.small import LESSON, open_course
from tests.autograder.test_run import CLASS, dump, grade, hand_in, pytestmark
from tests.hostile.batch import nbgrader

__all__ = ("pytestmark",)  # as a run on SQLite


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.server() as address:
        yield address


def new(folder: Path, address: str = "") -> Path:
    course = open_course(folder / "course", lessons.TEXT)
    if address:
        with (course / "nbgrader_config.py").open("a") as file:
            file.write(f"\nc.CourseDirectory.db_url = {address!r}\n")
    code, said = nbgrader(course, "generate_assignment", LESSON)
    assert code == 0, said
    hand_in(course, *CLASS)
    return course


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
    assert "5 as before" in said
