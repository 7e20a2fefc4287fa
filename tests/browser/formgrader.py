"""Formgrader's page of one submission, with its fields and rubrics."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Callable, Iterator

from playwright.sync_api import Locator, Page, Response, expect

from tests.browser.servers import Server
from tests.classroom.loop import Classroom

NAME = "01-small"


def open_submission(page: Page, server: Server, student: str) -> None:
    """Open a student's notebook as an instructor does, logged in."""
    listing = f"{server.url}formgrader/api/submitted_notebooks/{NAME}/small"
    page.goto(f"{server.url}formgrader?token={server.token}")
    reply = page.request.get(f"{listing}?token={server.token}")
    submissions = {one["student"]: one["id"] for one in reply.json()}
    page.goto(f"{server.url}formgrader/submissions/{submissions[student]}/?index=0")
    # Scores and comments are loaded one after the other.
    expect(page.locator("#half-test")).to_have_attribute("placeholder", "0")
    expect(page.locator(".comment:not([placeholder])")).to_have_count(0)


def fill(page: Page, field: str, text: str, address: str) -> None:
    """Fill in a field of formgrader and wait until it is saved."""
    with saved(page, address):
        page.locator(field).fill(text)
        page.locator(field).press("Tab")


@contextlib.contextmanager
def saved(page: Page, *addresses: str) -> Iterator[None]:
    """Wait until formgrader has saved something at each of these addresses."""

    def saves(address: str) -> Callable[[Response], bool]:
        return lambda reply: address in reply.url and reply.request.method == "PUT"

    with contextlib.ExitStack() as stack:
        contexts = [page.expect_response(saves(address)) for address in addresses]
        replies = [stack.enter_context(context) for context in contexts]
        yield
    assert all(reply.value.ok for reply in replies)


class RubricButtons:
    """The rubric on formgrader's page of a student."""

    def __init__(
        self, classroom: Classroom, server: Server, page: Page, student: str = "tom"
    ) -> None:
        open_submission(page, server, student)
        self.classroom, self.page = classroom, page
        self.score, self.comment = page.locator("#reason"), page.locator("#reason-comment")
        self.status = page.locator("section.rubric [role=status]")

    def button(self, criterion: str, name: str) -> Locator:
        return self.page.get_by_role("group", name=criterion).get_by_role("button", name=name)

    @property
    def remark(self) -> Locator:
        return self.button("Comments", "Comment").first

    def click(self, button: Locator, *, scores: bool = True) -> None:
        with saved(self.page, "/api/comment/", *(["/api/grade/"] if scores else [])):
            button.click()

    def exported(self) -> tuple[str, str]:
        row = export(self.classroom, "tom")
        return row["status"], row["raw_score"]


def export(classroom: Classroom, student: str) -> dict[str, str]:
    """Return a student's row of the exported grades."""
    classroom.instructor.nbgrader("export")
    with (classroom.course / "grades.csv").open(newline="", encoding="utf-8") as file:
        return next(row for row in csv.DictReader(file) if row["student_id"] == student)
