"""Send an assignment's scores to the platform: LTI Assignment and Grade Services 2.0.

Only a final score is sent as a score. What a person still has to grade is announced as such, and a
score that the platform has already stays there until there is a new final one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError
from traitlets.config import Config

from autograder.lti.client import LmsRefusedError, Service, ServiceClient
from autograder.lti.people import match, read_members
from autograder.lti.platform import LtiError
from autograder.nbgrader_plugins import export, roster
from autograder.score_history import FOLDER
from autograder.student_names import printable
from course import atomic_write

_SCOPES: Final = "https://purl.imsglobal.org/spec/lti-ags/scope"
_TYPES: Final = "application/vnd.ims.lis"
ITEMS: Final = Service(f"{_TYPES}.v2.lineitemcontainer+json", f"{_SCOPES}/lineitem")
ITEM: Final = Service(f"{_TYPES}.v2.lineitem+json", f"{_SCOPES}/lineitem")
SCORES: Final = Service(f"{_TYPES}.v1.score+json", f"{_SCOPES}/score")
TAG: Final = "autograder"
_STOPPING: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, *range(500, 600), 429)
_ATTEMPTS: Final = 3  # to create the line item


class SentScore(BaseModel):
    """What the platform has of a student.

    Attributes:
        line_item: Where.
        user_id: The student's id there.
        grading: ``FullyGraded``, or ``PendingManual`` if a person has to grade.
        score: The points, if final.
        maximum: The most points possible.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    line_item: str
    user_id: str
    grading: Literal["FullyGraded", "PendingManual"]
    score: float | None
    maximum: float

    def body(self) -> dict[str, Any]:
        """Return what is posted; the platform ignores what is older than what it has."""
        final = {} if self.score is None else {"scoreGiven": self.score}
        return {
            "userId": self.user_id,
            **final,
            **({"scoreMaximum": self.maximum} if final else {}),
            "activityProgress": "Completed" if final else "Submitted",
            "gradingProgress": self.grading,
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }


@dataclass
class SendReport:
    """What was sent, or would be.

    Attributes:
        sent: The students whose score was sent or announced.
        unchanged: How many the platform has already.
        waiting: Who has no final score, and why.
        unmatched: Students with a score who aren't in the platform's roster, and other problems.
        refused: Whom the platform refused, and why.
        creates: True if the line item is new.
    """

    sent: list[str] = field(default_factory=list)
    unchanged: int = 0
    waiting: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    creates: bool = False

    @property
    def is_complete(self) -> bool:
        """True if everybody's final score has arrived."""
        return not (self.waiting or self.unmatched or self.refused)


class GradeSender:
    """Sends the scores of one assignment.

    Args:
        root: The course folder.
        config: The contents of ``nbgrader_config.py``.
        client: Our requests to the platform.
        name: The assignment.
        say: Is called with a line about each score.
    """

    def __init__(
        self,
        root: Path,
        config: Config,
        client: ServiceClient,
        name: str,
        say: Callable[[str], None],
    ) -> None:
        self._root, self._config, self._name, self._say = root, config, name, say
        self._platform, self._client = client.platform, client
        self.report = SendReport()

    def send(self, *, dry_run: bool = False) -> None:
        """Send what the platform doesn't have; `report` is complete as far as this gets.

        Raises:
            CourseError: The gradebook can't be used, or has no points for the assignment.
            LtiError: The platform refuses or can't be reached; everything that was sent is
                remembered, so the next run goes on from there.
        """
        table = export.read_grades(self._config, [self._name])
        maximum = table.maxima[self._name]
        if maximum <= 0:
            raise LtiError(f"{self._name} has no points, so there is nothing to send.")
        members, problems = read_members(self._client)
        students = roster.read_students(self._config)
        matching = match(members, students, self._platform.username, self._platform.users)
        self.report.unmatched += problems + matching.problems
        self.report.waiting += table.open_rows
        item = self._find_item()
        self.report.creates = not item
        for row in table.rows:
            student, status = row["student_id"], row["status"]
            if status not in {"graded", "needs review"}:
                continue
            member = matching.known.get(student)
            if member is None:
                self.report.unmatched.append(f"{printable(student)} isn't in the LMS's roster.")
                continue
            is_final = status == "graded"
            if not item and not dry_run:
                item = self._create_item(maximum)
            score = SentScore(
                line_item=item,
                user_id=member.user_id,
                grading="FullyGraded" if is_final else "PendingManual",
                score=round(float(row["score"]), 4) if is_final else None,
                maximum=maximum,
            )
            self._send_score(student, score, dry_run=dry_run)

    def _send_score(self, student: str, score: SentScore, *, dry_run: bool) -> None:
        """Send a student's score, unless the platform has it."""
        path = self._root / FOLDER / self._name / f"{student}.sent"
        earlier = _read_sent(path)
        if earlier == score:
            self.report.unchanged += 1
            return
        name = printable(student)
        if score.score is None:
            text = f"{name}: a person has to grade"
            if earlier and earlier.line_item == score.line_item and earlier.score is not None:
                self._say(f"{text}; the LMS still shows {earlier.score:g}")
                return
        else:
            text = f"{name}: {score.score:g} of {score.maximum:g}"
        if not dry_run:
            try:
                self._post_score(name, score)
            except LmsRefusedError as error:
                if error.status in _STOPPING:
                    raise
                self.report.refused.append(str(error))
                return
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            atomic_write.write_bytes(path, score.model_dump_json().encode())
        self.report.sent.append(student)
        self._say(text)

    def _post_score(self, name: str, score: SentScore) -> None:
        url, what = scores_url(score.line_item), f"take the score of {name}"
        try:
            self._client.send(url, SCORES, what, score.body())
        except LmsRefusedError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            # It has one as new as this: perhaps this one, and its answer got lost.
            self._client.send(url, SCORES, what, score.body())

    def _find_item(self) -> str:
        """Return the address of the assignment's line item; empty if it has none."""
        url = self._platform.line_items_url
        query = urlencode({"resource_id": self._name, "tag": TAG})
        url = f"{url}{'&' if urlsplit(url).query else '?'}{query}"
        for page in self._client.pages(url, ITEMS, "list the line items"):
            for item in page if isinstance(page, list) else ():
                # Some platforms don't filter.
                if isinstance(item, dict) and (
                    (item.get("resourceId"), item.get("tag")) == (self._name, TAG)
                ):
                    return self._checked(item)
        return ""

    def _create_item(self, maximum: float) -> str:
        """Create the line item; if the platform was too busy to say whether it did, look."""
        body = {
            "label": self._name,
            "resourceId": self._name,
            "tag": TAG,
            "scoreMaximum": maximum,
        }
        for attempt in range(_ATTEMPTS):
            try:
                url, what = self._platform.line_items_url, "create the line item"
                item = self._client.send(url, ITEM, what, body, retry=False)
            except LmsRefusedError as error:
                is_busy = error.status >= 500 or error.status == HTTPStatus.TOO_MANY_REQUESTS
                if not is_busy or attempt == _ATTEMPTS - 1:
                    raise
                if found := self._find_item():
                    return found
            else:
                return self._checked(item)
        raise AssertionError  # the last attempt returns or raises

    def _checked(self, item: Any) -> str:
        """Return the address of a line item, if it is one of the platform's."""
        url = item.get("id") if isinstance(item, dict) else None
        if not isinstance(url, str):
            raise LtiError("The LMS's line item has no address.")
        self._platform.check_url(url, "The line item's address")
        return url


def scores_url(line_item: str) -> str:
    """Return where the scores of a line item go: ``/scores`` comes before the query.

    Example:
        >>> scores_url("https://lms.example/lineitems/7/lineitem?type_id=2")
        'https://lms.example/lineitems/7/lineitem/scores?type_id=2'
    """
    parts = urlsplit(line_item)
    return parts._replace(path=f"{parts.path.rstrip('/')}/scores").geturl()


def _read_sent(path: Path) -> SentScore | None:
    try:
        return SentScore.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError):
        return None
