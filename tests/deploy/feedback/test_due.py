"""Due dates: who learns which, and that asking costs no checks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from course.deadlines import DAY_S, DueDate, LateRule
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
    (tmp_path / "deadlines.toml").write_text("penalty = 10\nlate_days = 2\n")
    ask.service.deadlines = DueDates(url, tmp_path).of
    status, reply = ask.send(b"", what="deadlines")
    assert status == 200
    own = DueDate.model_validate(reply["01-one"])
    assert (own.due_utc.isoformat(), own.extension_s) == ("2026-12-26T12:00:00+00:00", 2 * DAY_S)
    assert (own.days_left, own.rule) == (2, LateRule(penalty=10, late_days=2))
    status, reply = ask.send(b"", token="ben", what="deadlines")
    other = DueDate.model_validate(reply["01-one"])
    assert (other.due_utc.isoformat(), other.extension_s) == ("2026-12-24T12:00:00+00:00", 0)
    assert list(reply) == ["01-one"]
    assert ask.send(b"", token="guest", what="deadlines")[0] == 403
    assert ask.send(b"", token="none", what="deadlines")[0] == 403


def test_an_invalid_policy_leaves_the_due_dates(tmp_path: Path) -> None:
    (tmp_path / "deadlines.toml").write_text("penalty = -5\n")
    assert DueDates(f"sqlite:///{tmp_path / 'gradebook.db'}", tmp_path).of("ada") == {}


def test_asking_for_due_dates_costs_no_checks(ask: ServiceClient) -> None:
    ask.service.new_limit = lambda: RateLimit(checks=1)
    assert ask.send(b"", what="deadlines")[0] == 200
    assert ask.send(b"", what="deadlines")[0] == 429
    assert ask(RIGHT)[0] == 200


def test_a_missing_gradebook_has_no_due_dates_and_stays_missing(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    assert DueDates(f"sqlite:///{path}", tmp_path).of("ada") == {}
    assert not path.exists()
