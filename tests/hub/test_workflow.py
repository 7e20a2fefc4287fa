"""Three students and an instructor at once in a browser, from fetching to feedback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, expect

from autograder import audit_log
from autograder.cells import grade_id, is_quiz, question_kind
from course import drawing, quiz
from course.server.receipts import Receipt, hash_files
from deploy.hub import hub_api
from deploy.hub.settings import CHECKOUT
from tests.browser.lab import Lesson
from tests.browser.pads import RUN_IN_KERNEL, Pad
from tests.hub.page_objects import InstructorPage, StudentPage
from tests.hub.running_hub import STUDENTS, RunningHub, wait_until
from tests.hub.small_disk import fill_disk

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.xdist_group("hub")]

LESSON = "01-intro"
CANVAS = "06-digit-canvas"
_RUN = """
    await panel.sessionContext.ready;
    for (const index of argument) {
        content.activeCellIndex = index;
        await jupyterapp.commands.execute('notebook:run-cell');
    }
"""
_TRAIN = """
from course import autoencoder, data
digits = data.digits("bundled").x_train[:500]
model = autoencoder.build(784, 64, 30)
autoencoder.train(model, digits, epochs=1)
print("a code of", model.encoder(digits).shape)
"""
# Validates, and counts the server's other replies in the meantime.
_VALIDATE = """async () => {
    const base = new URL(jupyterapp.serviceManager.serverSettings.baseUrl);
    const headers = { 'X-XSRFToken': document.cookie.match(/_xsrf=([^;]*)/)?.[1] ?? '' };
    const body = JSON.stringify({ path: '01-intro/intro.ipynb' });
    let done = false, during = 0;
    const job = fetch(new URL('assignments/validate', base), { method: 'POST', headers, body })
        .then(reply => reply.json()).finally(() => { done = true; });
    while (!done) {
        await fetch(new URL('api/status', base), { headers });
        if (!done) during += 1;
        await new Promise(resolve => setTimeout(resolve, 100));
    }
    return { during, ...(await job) };
}"""


# Submits twice at the same moment, as two tabs would.
_SUBMIT_TWICE = """async ([course_id, assignment_id]) => {
    const base = new URL(jupyterapp.serviceManager.serverSettings.baseUrl);
    const headers = { 'X-XSRFToken': document.cookie.match(/_xsrf=([^;]*)/)?.[1] ?? '' };
    const body = new URLSearchParams({ course_id, assignment_id });
    const ask = () => fetch(new URL('assignments/submit', base), { method: 'POST', headers, body });
    const replies = await Promise.all([ask(), ask()]);
    return (await Promise.all(replies.map(reply => reply.json()))).map(reply => reply.success);
}"""


@dataclass(frozen=True)
class QuizKey:
    """A question's name, indices of right options, number of options, and points."""

    name: str
    right: tuple[int, ...]
    options: int
    points: float


def quiz_keys() -> list[QuizKey]:
    (path,) = (CHECKOUT / "source" / LESSON).glob("*.ipynb")
    keys = []
    for cell in nbformat.read(path, as_version=4).cells:
        if is_quiz(cell) and question_kind(cell) == "choice":
            options = quiz.parse(cell.source).options
            right = tuple(index for index, option in enumerate(options) if option.ticked)
            points = cell.metadata["nbgrader"]["points"]
            keys.append(QuizKey(grade_id(cell), right, len(options), points))
    return keys


def first_question() -> str:
    """Return the bold text of the lesson's first question."""
    (path,) = (CHECKOUT / "source" / LESSON).glob("*.ipynb")
    first = next(filter(is_quiz, nbformat.read(path, as_version=4).cells))
    match = re.search(r"\*\*(.+?)\*\*", first.source)
    assert match
    return match[1]


def scores(hub: RunningHub, lesson: str = LESSON) -> dict[str, float]:
    """Return the scores in the gradebook, by account."""
    with Gradebook(hub.settings.gradebook_address) as gradebook:
        submissions = gradebook.assignment_submissions(lesson)
        return {submission.student.id: submission.score for submission in submissions}


def set_due_now(hub: RunningHub) -> None:
    """Set the lesson's due date to now: later submissions are late but still accepted."""
    with Gradebook(hub.settings.gradebook_address) as gradebook:
        gradebook.update_or_create_assignment(LESSON, duedate=str(datetime.now(UTC)))


def late_students(hub: RunningHub) -> set[str]:
    """Return the accounts whose submission is late by the gradebook."""
    with Gradebook(hub.settings.gradebook_address) as gradebook:
        submissions = gradebook.assignment_submissions(LESSON)
        return {s.student.id for s in submissions if s.total_seconds_late > 0}


@dataclass
class ClassPages:
    """The pages of the instructor and the students, and the students' notebooks."""

    instructor: InstructorPage
    students: dict[str, StudentPage]
    notebooks: dict[str, Path]


@pytest.fixture(scope="module")
def pages(hub: RunningHub, browser: Browser) -> Iterator[ClassPages]:
    """Everybody has logged in, and the students have fetched the first lesson."""
    instructor = InstructorPage.log_in(browser, hub, "ines")
    students = {name: StudentPage.log_in(browser, hub, name) for name in STUDENTS}
    for lesson in (LESSON, CANVAS):
        assert "Successfully created" in instructor.press(lesson, "assign")
        assert "Successfully released" in instructor.press(lesson, "release")
    for student in students.values():
        student.wait_until_loaded()
    notebooks = {name: student.fetch(LESSON) for name, student in students.items()}
    yield ClassPages(instructor, students, notebooks)
    for context in browser.contexts:
        context.close()


def check(lesson: Lesson, key: QuizKey, options: tuple[int, ...]) -> str:
    """Tick options and press Check; return the verdict."""
    lesson.tick(key.name, options)
    question = lesson.question(key.name)
    question.get_by_role("button", name="Check").click()
    verdict = question.locator(".course-verdict")
    expect(verdict).not_to_be_empty()
    return verdict.inner_text()


def test_the_check_button_gives_feedback_until_attempts_are_used_up(
    hub: RunningHub, pages: ClassPages
) -> None:
    (hub.settings.course_folder / "feedback.toml").write_text("attempts = 2\n")
    key = next(key for key in quiz_keys() if len(key.right) == 1 and key.options >= 4)
    wrong = [(index,) for index in range(key.options) if index not in key.right]
    with pages.students["cleo"].lab.open(pages.notebooks["cleo"]) as lesson:
        assert "Not quite. You have 1 attempt left." in check(lesson, key, wrong[0])
        assert "Correct." in check(lesson, key, key.right)
        assert "You have used your 2 attempts" in check(lesson, key, wrong[1])
        lesson.wait_until_saved(key.name)


def test_the_start_page_leads_from_logging_in_to_the_receipt(
    hub: RunningHub, pages: ClassPages
) -> None:
    """Ben lands on it, fetches a lesson there, opens it, answers, and submits."""
    ben = pages.students["ben"]
    with Gradebook(hub.settings.gradebook_address) as gradebook:
        gradebook.update_or_create_assignment(CANVAS, duedate="2099-12-24 12:00:00 UTC")
    address = f"{hub.settings.address}/user/{hub.account('ben')}/course/home"

    def is_due_known() -> bool:
        lessons = ben.page.request.get(address).json()["lessons"]
        dates = [lesson["deadline"]["due"] for lesson in lessons if lesson["deadline"]]
        return any(due.startswith("2099-12-24T12:00") for due in dates)

    wait_until("the due date is known", is_due_known)
    ben.page.locator(".lm-TabBar-tab", has_text="Course home").click()  # he landed on it
    lesson = ben.page.locator(f".course-stop[data-name='{CANVAS}']")
    expect(lesson.locator(".course-due")).to_contain_text("Due ")
    lesson.get_by_role("button", name="Fetch").click()
    lesson.get_by_role("link", name="Open").click()
    notebook = ben.page.locator(".jp-NotebookPanel:visible")
    expect(notebook.locator(".course-count")).to_contain_text("0 of ")
    notebook.get_by_role("link", name="Course home").click()
    lesson.get_by_role("button", name="Submit").click()
    lesson.get_by_role("link", name="Receipt").click()
    receipt = ben.page.locator(".jp-FileEditor:visible .cm-content")
    expect(receipt).to_contain_text(f"You handed in {CANVAS}.")
    assert len(ben.receipts(CANVAS)) == 1
    assert len(list(hub.inbound.glob(f"{hub.account('ben')}+{CANVAS}+*"))) == 1
    toast = ben.page.locator(".Toastify__toast", has_text=f"{CANVAS} submitted at")
    toast.get_by_role("button", name="Open receipt").click()


def test_a_restart_of_the_hub_loses_nothing(hub: RunningHub, pages: ClassPages) -> None:
    """Ada answers while the hub is stopped; her server keeps running."""
    (server,) = hub.servers("ada")
    hub.wait_for_services()
    hub_api.stop(hub.settings, servers=False)
    assert not hub_api.is_running(hub.settings)
    wait_until("the services have stopped", lambda: not hub.services())
    key = quiz_keys()[0]
    with pages.students["ada"].lab.open(pages.notebooks["ada"]) as lesson:
        lesson.tick(key.name, key.right)
        lesson.wait_until_saved(key.name)
    hub.start()
    assert hub.servers("ada") == [server]
    hub.wait_for_services()
    # JupyterLab may show that the hub didn't answer in the meantime.
    for student in pages.students.values():
        student.page.reload(wait_until="commit")
    for student in pages.students.values():
        student.wait_until_loaded()
    with pages.students["ada"].lab.open(pages.notebooks["ada"]) as lesson:
        lesson.scroll_to(key.name)
        assert "[x]" in lesson.sources()[key.name]


def test_a_lesson_from_answers_to_feedback(hub: RunningHub, pages: ClassPages) -> None:
    """Ada is right everywhere, Ben ticks first options, Cleo is wrong once and late."""
    expected = {"ada": 0.0, "ben": 0.0, "cleo": 0.0}
    with pages.students["ada"].lab.open(pages.notebooks["ada"]) as lesson:
        for key in quiz_keys()[1:]:
            lesson.tick(key.name, key.right)
            lesson.wait_until_saved(key.name)
        expected["ada"] = sum(key.points for key in quiz_keys())
    with pages.students["ben"].lab.open(pages.notebooks["ben"]) as lesson:
        for key in [key for key in quiz_keys() if len(key.right) == 1][:2]:
            lesson.tick(key.name, (0,))
            lesson.wait_until_saved(key.name)
            expected["ben"] += key.points * (key.right == (0,))
    for student in pages.students.values():  # all at once
        student.press("Submit", "fetched", LESSON)
    for student in pages.students.values():
        assert "SHA-256" in student.wait_for_submission(LESSON)
    set_due_now(hub)
    notification = pages.students["cleo"].submit(LESSON, count=2)
    content_hash = re.search("SHA-256 ([0-9a-f]{8})…", notification)
    assert content_hash, notification
    assert content_hash[1] in pages.students["cleo"].receipts(LESSON)[-1]
    assert "Successfully collected" in pages.instructor.press(LESSON, "collect")
    for name in pages.students:
        message = pages.instructor.autograde(LESSON, hub.account(name))
        assert "Successfully autograded" in message
    assert scores(hub) == {hub.account(name): points for name, points in expected.items()}
    assert late_students(hub) == {hub.account("cleo")}
    for step in ("generate-feedback", "release-feedback"):
        assert "Success" in pages.instructor.press(LESSON, step)
    text = pages.instructor.open_submission(LESSON, pages.notebooks["ada"].stem)
    assert first_question() in " ".join(text.split())
    for name in ("ben", "ada"):
        feedback = pages.students[name].read_feedback(LESSON)
        assert "Feedback" in feedback
        assert ("That is not the right answer." in feedback) == (name == "ben")


def test_a_resubmission_is_collected_and_graded_again(hub: RunningHub, pages: ClassPages) -> None:
    """Ben corrects all his answers after reading the feedback."""
    before = scores(hub)
    ben = pages.students["ben"]
    with ben.lab.open(pages.notebooks["ben"]) as lesson:
        for key in quiz_keys():
            lesson.tick(key.name, key.right)
            lesson.wait_until_saved(key.name)
    ben.submit(LESSON, count=2)
    assert "Successfully collected" in pages.instructor.press(LESSON, "collect")
    assert "Successfully autograded" in pages.instructor.autograde(LESSON, hub.account("ben"))
    best = sum(key.points for key in quiz_keys())
    assert scores(hub) == {**before, hub.account("ben"): best}
    assert before[hub.account("ben")] < best
    assert late_students(hub) == {hub.account("ben"), hub.account("cleo")}


def test_every_submission_is_kept_with_its_receipt(hub: RunningHub, pages: ClassPages) -> None:
    for name, times in {"ada": 1, "ben": 1, "cleo": 2}.items():
        copies = sorted(hub.inbound.glob(f"{hub.account(name)}+{LESSON}+*"))
        receipts = pages.students[name].receipts(LESSON)
        assert len(copies) == len(receipts) >= times
        for copy, receipt in zip(copies, receipts, strict=True):
            assert Receipt("", "", "", "", hash_files(copy)).content in receipt
            assert (copy / "timestamp.txt").read_text() in receipt
            assert "Confirmed 20" in receipt  # by the feedback service
    collected = hub.settings.course_folder / "submitted" / hub.account("cleo") / LESSON
    assert (collected / "timestamp.txt").read_text() in pages.students["cleo"].receipts(LESSON)[-1]


def test_drawing_and_training_work_on_the_hub(hub: RunningHub, pages: ClassPages) -> None:
    """Cleo's kernel has everything it needs in her limited view of the machine."""
    student = pages.students["cleo"]
    notebook = student.fetch(CANVAS)
    with student.lab.open(notebook) as lesson:
        lesson.js(_RUN, [1, 3])  # up to the pad
        pad = Pad(student.page)
        pad.wait_until_visible()
        pad.draw(drawing.stored()["4"].strokes)
        expect(pad.answer).to_contain_text("4")
        assert "a code of (500, 30)" in lesson.js(RUN_IN_KERNEL, _TRAIN)
    student.submit(CANVAS)
    assert "Successfully collected" in pages.instructor.press(CANVAS, "collect")
    assert "Successfully autograded" in pages.instructor.autograde(CANVAS, hub.account("cleo"))
    assert set(scores(hub, CANVAS)) == {hub.account("cleo")}


def test_the_validate_button_shows_results(pages: ClassPages) -> None:
    text = pages.students["ada"].validate(pages.notebooks["ada"])
    assert "Validation Results" in text
    assert "error running the validate command" not in text


def test_the_server_answers_while_it_validates(pages: ClassPages) -> None:
    """Validating Ben's notebook takes seconds; meanwhile his server keeps replying."""
    result = pages.students["ben"].page.evaluate(_VALIDATE)
    assert result["success"] is True
    assert result["during"] >= 5


def test_students_see_their_course_but_no_formgrader(hub: RunningHub, pages: ClassPages) -> None:
    page = pages.students["ben"].page
    page.locator(".lm-MenuBar-item", has_text="Nbgrader").click()
    entries = page.locator(".lm-Menu-item").all_inner_texts()
    page.keyboard.press("Escape")
    assert any("Course List" in entry for entry in entries)
    assert not any("ormgrader" in entry or "Create" in entry for entry in entries)
    reply = page.request.get(f"{hub.settings.address}/user/{hub.account('ben')}/formgraders")
    assert [course["course_id"] for course in reply.json()["value"]] == [hub.settings.course]
    for path in (
        f"/services/{hub.settings.course}/formgrader",
        f"/services/{hub.settings.course}/course-page",
        f"/user/{hub.account('ada')}/lab",
    ):
        assert page.request.get(f"{hub.settings.address}{path}").status in {403, 404}


def test_simultaneous_submissions_are_both_kept(hub: RunningHub, pages: ClassPages) -> None:
    ben, pattern = pages.students["ben"], f"{hub.account('ben')}+{LESSON}+*"
    copies, receipts = len(list(hub.inbound.glob(pattern))), len(ben.receipts(LESSON))
    assert ben.page.evaluate(_SUBMIT_TWICE, [hub.settings.course, LESSON]) == [True, True]
    assert len(list(hub.inbound.glob(pattern))) == copies + 2
    assert len(ben.receipts(LESSON)) == receipts + 2


def test_a_full_disk_is_reported_and_leaves_nothing(hub: RunningHub, pages: ClassPages) -> None:
    ada = pages.students["ada"]
    before = sorted(path.name for path in hub.inbound.iterdir())
    submissions = sum(name.startswith(f"{hub.account('ada')}+{LESSON}+") for name in before)
    with fill_disk(hub.inbound):
        ada.press("Submit", "fetched", LESSON)
        dialog = ada.page.locator(".nbgrader-ErrorDialog")
        expect(dialog).to_contain_text(
            "Nothing was submitted: No space left on device. Your work is unchanged.",
        )
        dialog.get_by_role("button", name="Ok").click()
    assert sorted(path.name for path in hub.inbound.iterdir()) == before
    assert "SHA-256" in ada.submit(LESSON, count=1 + submissions)


def test_the_forms_of_the_course_page_work_on_the_hub(hub: RunningHub, pages: ClassPages) -> None:
    """Ines sets a due date and extends it for Ben; the log says that it was her."""
    with Gradebook(hub.settings.gradebook_address) as gradebook:
        gradebook.update_or_create_student(hub.account("ben"))
    before = len(audit_log.read(hub.settings.course_folder))
    page = pages.instructor.page
    page.goto(f"{pages.instructor.url.removesuffix('formgrader')}course-page")
    page.get_by_role("link", name=CANVAS, exact=True).click()
    page.locator("input[name=due]").fill("2099-11-30T12:00")
    page.get_by_role("button", name="Set due date").click()
    expect(page.get_by_role("status")).to_contain_text(f"{CANVAS} is due on 2099-11-30")
    page.get_by_label("Student").fill(hub.account("ben"))
    page.get_by_label("Time after the due date").fill("+48h")
    page.get_by_role("button", name="Extend").click()
    expect(page.get_by_role("status")).to_contain_text("2099-12-02")
    entries = audit_log.read(hub.settings.course_folder)[before:]
    done = [(entry.by, entry.action) for entry in entries]
    assert done == [(hub.account("ines"), "due date"), (hub.account("ines"), "extend")]
    assert entries[1].details["student"] == hub.account("ben")
    assert audit_log.check(hub.settings.course_folder) == []
