"""Grade passback: what arrives at a platform that checks every request, and what never does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from autograder import audit_log
from autograder.__main__ import main
from autograder.lti import client
from autograder.nbgrader_plugins import export
from autograder.nbgrader_plugins.course_config import read_config
from tests.autograder.lti.conftest import NAME, Course
from tests.autograder.runs import slow
from tests.autograder.small import LESSON
from tests.lti_platform import Platform, member


def send(course: Course, *arguments: str) -> int:
    return main(["lms", "send", NAME, "--root", str(course.root), *arguments])


def test_final_scores_arrive_in_a_new_column(
    course: Course, platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    course.grades(ada=6.5, ben=0.0, cleo=7.0)
    assert send(course, "--by", "ines") == 0
    (item,) = platform.items
    assert (item["label"], item["resourceId"], item["scoreMaximum"]) == (NAME, NAME, 7)
    assert platform.final_scores() == {"u1": 6.5, "u2": 0, "u3": 7}
    for _, score in platform.scores:
        assert (score["activityProgress"], score["gradingProgress"]) == ("Completed", "FullyGraded")
        assert score["scoreMaximum"] == 7
    output = capsys.readouterr().out
    assert "ada: 6.5 of 7" in output
    assert f"Created the column {NAME}" in output
    entry = audit_log.read(course.root)[-1]
    assert (entry.by, entry.action) == ("ines", "send")
    assert entry.details == {"assignment": NAME, "scores": 3}


def test_nothing_is_sent_twice_and_a_changed_score_is_sent_alone(
    course: Course, platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    course.grades(ada=6.5, ben=2.0)
    assert send(course) == 0
    assert send(course) == 0
    assert len(platform.scores) == 2
    assert "0 scores sent, 2 unchanged." in capsys.readouterr().out
    course.grades(ada=6.5, ben=3.0)
    assert send(course) == 0
    assert [score["userId"] for _, score in platform.scores[2:]] == ["u2"]
    assert len(platform.items) == 1
    assert len({place for place, _ in platform.scores}) == 1


def test_an_unfinished_score_is_announced_and_never_sent(
    course: Course, platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    course.grades(ada="needs review", ben="not graded", cleo="not submitted")
    assert send(course) == 1
    ((_, score),) = platform.scores
    assert score["userId"] == "u1"
    assert "scoreGiven" not in score
    assert (score["activityProgress"], score["gradingProgress"]) == ("Submitted", "PendingManual")
    shown = capsys.readouterr()
    assert "ada: a person has to grade" in shown.out
    for student in ("ada", "ben", "cleo"):
        assert f"No final score: {NAME}, {student}: " in shown.err


def test_a_score_stays_in_the_lms_until_there_is_a_new_final_one(
    course: Course, platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    course.grades(ada=6.5)
    assert send(course) == 0
    course.grades(ada="needs review")
    assert send(course) == 1
    assert "the LMS still shows 6.5" in capsys.readouterr().out
    assert platform.final_scores() == {"u1": 6.5}
    course.grades(ada=5.0)
    assert send(course) == 0
    assert platform.final_scores() == {"u1": 5}


def test_a_dry_run_changes_nothing(
    course: Course, platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    course.grades(ada=6.5, ben="needs review")
    assert send(course, "--dry-run") == 1
    assert not platform.items
    assert not platform.scores
    assert not list(course.root.rglob("*.sent"))
    assert audit_log.read(course.root) == []
    output = capsys.readouterr().out
    assert f"Would create the column {NAME}" in output
    assert "2 scores would be sent" in output


def test_students_who_are_not_in_the_roster_are_named(
    course: Course, platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    course.students("dora")
    course.grades(ada=6.5, dora=4.0)
    assert send(course) == 1
    assert platform.final_scores() == {"u1": 6.5}
    assert "Not sent: dora isn't in the LMS's roster." in capsys.readouterr().err


def test_a_run_that_broke_off_goes_on_where_it_stopped(
    course: Course, platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    course.grades(ada=1.0, ben=2.0, cleo=3.0)
    assert send(course, "--dry-run") == 0
    scores = "/courses/42/lineitems/1/lineitem/scores"
    platform.failures[scores] = [(500, {})] * 50
    assert send(course) == 2
    platform.failures[scores] = []
    course.grades(ada=1.0)
    assert send(course) == 0
    course.grades(ada=1.0, ben=2.0, cleo=3.0)
    platform.failures[scores] = [(403, {})]
    assert send(course) == 2
    assert "The LMS refused to take the score of ben: 403 Forbidden." in capsys.readouterr().err
    assert send(course) == 0
    assert [score["userId"] for _, score in platform.scores] == ["u1", "u2", "u3"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_platform_is_asked_again(course: Course, platform: Platform, status: int) -> None:
    course.grades(ada=6.5)
    for path in ("/token", "/courses/42/memberships", "/courses/42/lineitems"):
        platform.failures[path] = [(status, {"Retry-After": "0"})] * 2
    assert send(course) == 0
    assert len(platform.items) == len(platform.scores) == 1


def test_no_second_column_if_the_first_answer_got_lost(course: Course, platform: Platform) -> None:
    course.grades(ada=6.5)
    platform.lost_answers = 1
    assert send(course) == 0
    assert len(platform.items) == len(platform.scores) == 1


def test_a_score_arrives_even_if_the_answer_gets_lost(course: Course, platform: Platform) -> None:
    """Sent again as it was, it would be refused as no newer than what is there."""
    course.grades(ada=6.5)
    platform.lost_answers = 2  # to the line item, and to the score
    assert send(course) == 0
    assert platform.final_scores() == {"u1": 6.5}
    assert "POST /courses/42/lineitems/1/lineitem/scores" in platform.requests


def test_one_refused_score_does_not_stop_the_others(
    course: Course, platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    course.grades(ada=1.0, ben=2.0)
    platform.failures["/courses/42/lineitems/1/"] = [(422, {})]
    assert send(course) == 1
    assert platform.final_scores() == {"u2": 2}
    assert "Not sent: The LMS refused to take the score of ada: 422" in capsys.readouterr().err
    assert send(course) == 0
    assert platform.final_scores() == {"u1": 1, "u2": 2}


def test_a_forgotten_token_is_renewed_once(course: Course, platform: Platform) -> None:
    course.grades(ada=6.5, ben=1.0)
    platform.failures["/courses/42/lineitems/1/"] = [(401, {})]
    assert send(course) == 0
    assert platform.final_scores() == {"u1": 6.5, "u2": 1}
    platform.failures["/courses/42/lineitems"] = [(401, {})] * 9
    course.grades(ada=5.5)
    assert send(course) == 2


def test_the_platform_may_ignore_the_filter_and_page_its_columns(
    course: Course, platform: Platform
) -> None:
    platform.filters = False
    platform.items = [
        {"id": f"{platform.url}/x", "label": NAME, "resourceId": NAME, "tag": "another tool"},
        {"label": "Essay", "resourceId": None},
        {
            "id": f"{platform.url}/courses/42/lineitems/3/lineitem?type_id=3",
            "label": "renamed in the LMS",
            "resourceId": NAME,
            "tag": "autograder",
        },
    ]
    course.grades(ada=6.5)
    assert send(course) == 0
    assert len(platform.items) == 3
    assert platform.scores[0][0] == "/courses/42/lineitems/3/lineitem"


def test_secrets_stay_secret(
    course: Course, platform: Platform, capfd: pytest.CaptureFixture[str], caplog: Any
) -> None:
    caplog.set_level("DEBUG")
    course.grades(ada=6.5, ben="needs review")
    send(course)
    platform.failures["/courses/42/memberships"] = [(302, {"Location": "http://127.0.0.1:1/"})]
    send(course)
    private = (course.root / ".grading" / "lti-key.pem").read_text()
    shown = capfd.readouterr()
    everything = shown.out + shown.err + caplog.text
    for path in course.root.rglob("*"):
        if path.is_file() and path.name != "lti-key.pem":
            everything += path.read_bytes().decode(errors="replace")
    assert platform.tokens
    for secret in (*platform.tokens, private.splitlines()[1], "eyJ"):
        assert secret not in everything


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"client_id": ""}, "LtiPlatform.client_id isn't set"),
        ({"line_items_url": "https://evil.example/items"}, "leads to 'evil.example'"),
        ({"line_items_url": "http://127.0.0.1:1/items"}, "leads to '127.0.0.1:1'"),
        ({"memberships_url": "file:///etc/passwd"}, "isn't an address"),
        ({"memberships_url": "http://lms.example/x"}, "must start with https://"),
        ({"token_url": "https://lms@evil.example/"}, "isn't an address"),
    ],
)
def test_settings_that_lead_elsewhere_are_refused(
    course: Course,
    platform: Platform,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    reason: str,
) -> None:
    course.settings(**platform.settings() | change)
    course.grades(ada=6.5)
    assert send(course) == 2
    assert reason in capsys.readouterr().err
    assert platform.requests == []


def test_the_platform_can_not_send_us_to_another_host(
    course: Course, platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither by a next page, nor by a line item, nor by a redirect."""
    other = "http://127.0.0.1:1/internal"
    course.grades(ada=6.5)
    platform.next_url = other
    assert send(course) == 2
    platform.next_url = ""
    platform.items = [{"id": other, "resourceId": NAME, "tag": "autograder"}]
    assert send(course) == 2
    assert capsys.readouterr().err.count("which isn't a host of the platform") == 2
    platform.items = []
    platform.failures["/courses/42/memberships"] = [(302, {"Location": other})]
    assert send(course) == 2
    assert "302 Found" in capsys.readouterr().err
    assert platform.scores == []


def test_endless_answers_end(
    course: Course, platform: Platform, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    course.grades(ada=6.5)
    platform.next_url = platform.memberships_url
    assert send(course) == 2
    assert "endless number of pages" in capsys.readouterr().err
    platform.next_url = ""
    monkeypatch.setattr(client, "MAX_BYTES", 100)
    assert send(course) == 2
    assert "larger than 100 bytes" in capsys.readouterr().err


def test_hostile_names_are_inert(
    course: Course, platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b[2J<script>\n=cmd|' /C calc'!A0"
    platform.members = [
        member("u1", evil, "ada@uni.example", family_name=evil * 100),
        member(evil, evil, ""),
        {"user_id": ["x"], "roles": [f"\x1b[31m{evil}"]},
        {"roles": 7},
    ]
    course.grades(ada=6.5)
    assert send(course) == 1
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert platform.final_scores() == {"u1": 6.5}


def test_an_erased_person_is_erased_here_too(course: Course, platform: Platform) -> None:
    course.grades(ada=6.5, ben=1.0)
    assert send(course) == 0
    (path,) = course.root.glob(f".grading/{NAME}/ada.sent")
    assert json.loads(path.read_bytes())["user_id"] == "u1"
    assert main(["person", "ada", "erase", "--root", str(course.root)]) == 0
    assert [one.name for one in course.root.rglob("*.sent")] == ["ben.sent"]
    assert platform.final_scores()["u1"] == 6.5


class TestGradedCourse:
    pytestmark = slow

    def test_a_graded_class_arrives(
        self,
        graded_course: Path,
        tmp_path: Path,
        course: Course,
        platform: Platform,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """With the real gradebook: roster, dry run, scores, and the same once more."""
        root = Path(shutil.copytree(graded_course, tmp_path / "graded"))
        shutil.copytree(course.root / ".grading", root / ".grading", dirs_exist_ok=True)
        settings = [
            f"c.LtiPlatform.{key} = {value!r}\n" for key, value in platform.settings().items()
        ]
        with (root / "nbgrader_config.py").open("a") as file:
            file.writelines(settings)
        platform.members = [
            member("u1", "Ada", "ada@uni.example"),
            member("u2", "Late", "late@uni.example"),
            member("u3", "Two", "two-ticks@uni.example"),
            member("u4", "New", "new@uni.example"),
        ]
        before = export.read_grades(read_config(root))
        assert main(["lms", "roster", "--root", str(root)]) == 0
        after = export.read_grades(read_config(root))
        assert after.final_scores(LESSON) == before.final_scores(LESSON)
        assert len(after.students) == len(before.students) + 1
        command = ["lms", "send", LESSON, "--root", str(root)]
        assert main([*command, "--dry-run"]) == 1
        assert not platform.scores
        assert main(command) == 1
        arrived = platform.final_scores()
        (item,) = platform.items
        assert arrived["u1"] == item["scoreMaximum"]
        assert arrived["u2"] == 0  # the late penalty counts
        assert "u4" not in arrived
        assert f"No final score: {LESSON}, truncated: " in capsys.readouterr().err
        count = len(platform.scores)
        assert main(command) == 1
        assert len(platform.scores) == count
