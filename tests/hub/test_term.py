"""A term in a browser: three students and an instructor at once, from fetching to feedback."""

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

from course import drawing, quiz
from course.server.receipts import Receipt, hash_files
from deploy.hub import hub_api
from deploy.hub.settings import CHECKOUT
from tests.browser.lab import Lesson
from tests.browser.pads import RUN_IN_KERNEL, Pad
from tests.hub.disk import full
from tests.hub.hands import LONG, Instructor, Student
from tests.hub.site import STUDENTS, Site, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("hub")]

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
# Validates, and counts how often the server replies in the meantime.
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


# Presses Submit twice in the same moment, as two tabs would.
_TWICE = """async ([course_id, assignment_id]) => {
    const base = new URL(jupyterapp.serviceManager.serverSettings.baseUrl);
    const headers = { 'X-XSRFToken': document.cookie.match(/_xsrf=([^;]*)/)?.[1] ?? '' };
    const body = new URLSearchParams({ course_id, assignment_id });
    const ask = () => fetch(new URL('assignments/submit', base), { method: 'POST', headers, body });
    const told = (await Promise.all([ask(), ask()])).map(reply => reply.json());
    return (await Promise.all(told)).map(each => each.success);
}"""


@dataclass(frozen=True)
class Key:
    """A question's name, the indices of its right options, and its points."""

    name: str
    right: tuple[int, ...]
    options: int
    points: float


def keys() -> list[Key]:
    (path,) = (CHECKOUT / "source" / LESSON).glob("*.ipynb")
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        if "quiz" not in cell.metadata.get("course", {}):
            continue
        options = quiz.parse(cell.source).options
        right = tuple(index for index, option in enumerate(options) if option.ticked)
        own = cell.metadata["nbgrader"]
        found.append(Key(own["grade_id"], right, len(options), own["points"]))
    return found


def quiz_words() -> str:
    """The first words of the lesson's first question, as a reader sees them."""
    (path,) = (CHECKOUT / "source" / LESSON).glob("*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    first = next(cell for cell in cells if "quiz" in cell.metadata.get("course", {}))
    found = re.search(r"\*\*(.+?)\*\*", first.source)
    assert found
    return found[1]


def scores(hub: Site, lesson: str = LESSON) -> dict[str, float]:
    """What the gradebook says, as the grader reads it."""
    with Gradebook(hub.settings.gradebook_address) as gradebook:
        found = gradebook.assignment_submissions(lesson)
        return {submission.student.id: submission.score for submission in found}


def due_now(hub: Site) -> None:
    """Let the lesson be due; what comes from now on is late, and is taken all the same."""
    with Gradebook(hub.settings.gradebook_address) as gradebook:
        gradebook.update_or_create_assignment(LESSON, duedate=str(datetime.now(UTC)))


def late(hub: Site) -> set[str]:
    """Those whose submission is late, as the gradebook has it."""
    with Gradebook(hub.settings.gradebook_address) as gradebook:
        found = gradebook.assignment_submissions(LESSON)
        return {one.student.id for one in found if one.total_seconds_late > 0}


@dataclass
class Term:
    """Everybody, and what they have done so far."""

    instructor: Instructor
    students: dict[str, Student]
    notebooks: dict[str, Path]


@pytest.fixture(scope="module")
def term(hub: Site, browser: Browser) -> Iterator[Term]:
    """The class has arrived and fetched the first lesson."""
    instructor = Instructor.arrive(browser, hub, "ines")
    students = {name: Student.arrive(browser, hub, name) for name in STUDENTS}
    for lesson in (LESSON, CANVAS):
        assert "Successfully created" in instructor.press(lesson, "assign")
        assert "Successfully released" in instructor.press(lesson, "release")
    for student in students.values():
        student.settle()
    notebooks = {name: student.fetch(LESSON) for name, student in students.items()}
    yield Term(instructor, students, notebooks)
    for context in browser.contexts:
        context.close()


def checked(lesson: Lesson, key: Key, chosen: tuple[int, ...]) -> str:
    """Tick, press Check, return what is said."""
    lesson.tick(key.name, chosen)
    found = lesson.question(key.name)
    found.get_by_role("button", name="Check").click()
    said = found.locator(".course-verdict")
    expect(said).not_to_be_empty()
    return said.inner_text()


def test_the_check_button_asks_the_service_that_holds_the_keys(hub: Site, term: Term) -> None:
    """Cleo asks until her attempts are used up; the others' hands are not needed for that."""
    (hub.settings.course_folder / "feedback.toml").write_text("attempts = 2\n")
    key = next(key for key in keys() if len(key.right) == 1 and key.options >= 4)
    wrong = [(index,) for index in range(key.options) if index not in key.right]
    with term.students["cleo"].lab.open(term.notebooks["cleo"]) as lesson:
        assert "Not quite. You have 1 attempt left." in checked(lesson, key, wrong[0])
        assert "Correct." in checked(lesson, key, key.right)
        assert "You have used your 2 attempts" in checked(lesson, key, wrong[1])
        lesson.wait_until_saved(key.name)


def test_a_restart_of_the_hub_loses_nothing(hub: Site, term: Term) -> None:
    """Ada answers while the hub is away; her server is there all the time."""
    (server,) = hub.servers("ada")
    assert len(hub.services()) == 2
    hub_api.stop(hub.settings, servers=False)
    assert not hub_api.is_running(hub.settings)
    assert wait_for(lambda: hub.services() == [])
    key = keys()[0]
    with term.students["ada"].lab.open(term.notebooks["ada"]) as lesson:
        lesson.tick(key.name, key.right)
        lesson.wait_until_saved(key.name)
    hub.start()
    assert hub.servers("ada") == [server]
    assert wait_for(lambda: len(hub.services()) == 2)
    # JupyterLab has asked the hub in the meantime, and may say that it did not answer.
    for student in term.students.values():
        student.page.reload(wait_until="commit")
    for student in term.students.values():
        student.settle()
    with term.students["ada"].lab.open(term.notebooks["ada"]) as lesson:
        lesson.scroll_to(key.name)
        assert "[x]" in lesson.sources()[key.name]


def test_a_term(hub: Site, term: Term) -> None:
    """Ada knows all, Ben ticks first options, Cleo has ticked a wrong one and is late, too."""
    fair = {"ada": 0.0, "ben": 0.0, "cleo": 0.0}
    with term.students["ada"].lab.open(term.notebooks["ada"]) as lesson:
        for key in keys()[1:]:
            lesson.tick(key.name, key.right)
            lesson.wait_until_saved(key.name)
        fair["ada"] = sum(key.points for key in keys())
    with term.students["ben"].lab.open(term.notebooks["ben"]) as lesson:
        for key in [key for key in keys() if len(key.right) == 1][:2]:
            lesson.tick(key.name, (0,))
            lesson.wait_until_saved(key.name)
            fair["ben"] += key.points * (key.right == (0,))
    for student in term.students.values():  # at once: nobody waits for another
        student.press("Submit", "fetched", LESSON)
    for student in term.students.values():
        assert "SHA-256" in student.submitted(LESSON)
    due_now(hub)
    said = term.students["cleo"].submit(LESSON, times=2)
    content = re.search("[0-9a-f]{64}", said)
    assert content
    assert content[0] in term.students["cleo"].receipts(LESSON)[-1]
    assert "Successfully collected" in term.instructor.press(LESSON, "collect")
    for name in term.students:
        said = term.instructor.autograde(LESSON, hub.account(name))
        assert "Successfully autograded" in said
    assert scores(hub) == {hub.account(name): points for name, points in fair.items()}
    assert late(hub) == {hub.account("cleo")}
    for step in ("generate-feedback", "release-feedback"):
        assert "Success" in term.instructor.press(LESSON, step)
    shown = term.instructor.look_at(LESSON, term.notebooks["ada"].stem)
    assert quiz_words() in " ".join(shown.split())
    for name, words in {"ben": "That is not the right answer.", "ada": "Feedback"}.items():
        said = term.students[name].read_feedback(LESSON)
        assert words in said
        assert ("That is not the right answer." in said) == (name == "ben")


def test_a_resubmission_is_collected_and_graded_again(hub: Site, term: Term) -> None:
    """Ben has read his feedback, and knows better now."""
    before = scores(hub)
    ben = term.students["ben"]
    with ben.lab.open(term.notebooks["ben"]) as lesson:
        for key in keys():
            lesson.tick(key.name, key.right)
            lesson.wait_until_saved(key.name)
    ben.submit(LESSON, times=2)
    assert "Successfully collected" in term.instructor.press(LESSON, "collect")
    assert "Successfully autograded" in term.instructor.autograde(LESSON, hub.account("ben"))
    best = sum(key.points for key in keys())
    assert scores(hub) == {**before, hub.account("ben"): best}
    assert before[hub.account("ben")] < best
    assert late(hub) == {hub.account("ben"), hub.account("cleo")}


def test_every_submission_is_kept_with_its_receipt(hub: Site, term: Term) -> None:
    for name, times in {"ada": 1, "ben": 1, "cleo": 2}.items():
        copies = sorted(hub.inbound.glob(f"{hub.account(name)}+{LESSON}+*"))
        receipts = term.students[name].receipts(LESSON)
        assert len(copies) == len(receipts) >= times
        for copy, receipt in zip(copies, receipts, strict=True):
            assert Receipt("", "", "", "", hash_files(copy)).content in receipt
            assert (copy / "timestamp.txt").read_text() in receipt
            assert "Confirmed 20" in receipt  # by the class's own server
    collected = hub.settings.course_folder / "submitted" / hub.account("cleo") / LESSON
    assert (collected / "timestamp.txt").read_text() in term.students["cleo"].receipts(LESSON)[-1]


def test_a_digit_is_drawn_a_network_is_trained_and_it_is_graded(hub: Site, term: Term) -> None:
    """Cleo's kernel has all that the lessons need, in her view of the machine and its limits."""
    student = term.students["cleo"]
    notebook = student.fetch(CANVAS)
    with student.lab.open(notebook) as lesson:
        lesson.js(_RUN, [1, 3])  # up to the pad
        pad = Pad(student.page)
        pad.wait_until_visible()
        pad.draw(drawing.stored()["4"].strokes)
        expect(pad.answer).to_contain_text("4", timeout=LONG)
        assert "a code of (500, 30)" in lesson.js(RUN_IN_KERNEL, _TRAIN)
    student.submit(CANVAS)
    assert "Successfully collected" in term.instructor.press(CANVAS, "collect")
    assert "Successfully autograded" in term.instructor.autograde(CANVAS, hub.account("cleo"))
    assert set(scores(hub, CANVAS)) == {hub.account("cleo")}


def test_validate_is_a_button(term: Term) -> None:
    said = term.students["ada"].validate(term.notebooks["ada"])
    assert "Validation Results" in said
    assert "error running the validate command" not in said


def test_validate_lets_the_server_answer(term: Term) -> None:
    """Ben's notebook takes seconds to validate; meanwhile his server replies at once."""
    page = term.students["ben"].page
    said = page.evaluate(_VALIDATE)
    assert said["success"] is True
    assert said["during"] >= 5


def test_students_have_no_formgrader_and_see_their_course(hub: Site, term: Term) -> None:
    page = term.students["ben"].page
    page.locator(".lm-MenuBar-item", has_text="Nbgrader").click()
    entries = page.locator(".lm-Menu-item").all_inner_texts()
    page.keyboard.press("Escape")
    assert any("Course List" in entry for entry in entries)
    assert not any("ormgrader" in entry or "Create" in entry for entry in entries)
    reply = page.request.get(f"{hub.settings.address}/user/{hub.account('ben')}/formgraders")
    assert [course["course_id"] for course in reply.json()["value"]] == [hub.settings.course]
    for closed in (
        f"/services/{hub.settings.course}/formgrader",
        f"/user/{hub.account('ada')}/lab",
    ):
        assert page.request.get(f"{hub.settings.address}{closed}").status in {403, 404}


def test_two_submissions_in_the_same_moment_are_both_kept(hub: Site, term: Term) -> None:
    ben, mine = term.students["ben"], f"{hub.account('ben')}+{LESSON}+*"
    copies, receipts = len(list(hub.inbound.glob(mine))), len(ben.receipts(LESSON))
    assert ben.page.evaluate(_TWICE, [hub.settings.course, LESSON]) == [True, True]
    assert len(list(hub.inbound.glob(mine))) == copies + 2
    assert len(ben.receipts(LESSON)) == receipts + 2


def test_a_full_disk_is_told_and_nothing_is_half_done(hub: Site, term: Term) -> None:
    ada = term.students["ada"]
    before = sorted(path.name for path in hub.inbound.iterdir())
    mine = [name for name in before if name.startswith(hub.account("ada"))]
    with full(hub.inbound):
        ada.press("Submit", "fetched", LESSON)
        said = ada.page.locator(".nbgrader-ErrorDialog")
        expect(said).to_contain_text(
            "Nothing was submitted: No space left on device. Your work is unchanged.",
            timeout=LONG,
        )
        said.get_by_role("button", name="Ok").click()
    assert sorted(path.name for path in hub.inbound.iterdir()) == before
    assert "SHA-256" in ada.submit(LESSON, times=1 + sum(LESSON in name for name in mine))
