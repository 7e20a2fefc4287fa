"""Due dates: who learns which, and that asking costs no checks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from course.server.rate import RateLimit
from deploy.hub.due_dates import DueDates
from tests.deploy.feedback.test_feedback import RIGHT, ServiceClient


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[ServiceClient]:
    client = ServiceClient(tmp_path)
    yield client
    client.log.close()


@pytest.mark.filterwarnings("ignore:Object of type <SubmittedAssignment> not in session")
def test_a_student_learns_the_due_dates_with_their_extensions(
    ask: ServiceClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Path(sys.executable).parent  # nbgrader starts `alembic`
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    url = f"sqlite:///{tmp_path / 'grade book.db'}"
    with Gradebook(url) as gradebook:
        gradebook.add_assignment("01-one", duedate="2026-12-24 12:00:00 UTC")
        gradebook.add_assignment("practice")
        gradebook.add_student("ada")
        gradebook.add_submission("01-one", "ada")
        gradebook.grant_extension("01-one", "ada", days=2)
    ask.service.due_dates = DueDates(url).of
    assert ask.send(b"", what="due") == (200, {"01-one": "2026-12-26T12:00:00+00:00"})
    status, dates = ask.send(b"", token="ben", what="due")
    assert (status, dates) == (200, {"01-one": "2026-12-24T12:00:00+00:00"})
    assert ask.send(b"", token="guest", what="due")[0] == 403
    assert ask.send(b"", token="none", what="due")[0] == 403


def test_asking_for_due_dates_costs_no_checks(ask: ServiceClient) -> None:
    ask.service.new_limit = lambda: RateLimit(checks=1)
    assert ask.send(b"", what="due")[0] == 200
    assert ask.send(b"", what="due")[0] == 429
    assert ask(RIGHT)[0] == 200


def test_a_missing_gradebook_has_no_due_dates_and_stays_missing(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    assert DueDates(f"sqlite:///{path}").of("ada") == {}
    assert not path.exists()
