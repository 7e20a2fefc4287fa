"""A learner answers a lesson's questions in JupyterLab."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from course import quiz
from tests.browser.lab import PATIENCE, Hand, Lab, Lesson, question

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
Make = Callable[..., Path]


def test_an_answer_outlives_the_kernel_and_the_page(lab: Lab, make: Make) -> None:
    path = make()
    with lab.open(path) as lesson:
        assert lesson.js("return panel.model.cells.get(5).trusted") is False
        lesson.tick("kind", [1])
        lesson.saved("kind")
        lesson.js("await panel.sessionContext.ready; await panel.sessionContext.shutdown();")
        lesson.tick("sizes", [2])
        lesson.saved("sizes")
    with lab.open(path) as lesson:
        kind = lesson.bring("kind")
        expect(kind.get_by_role("radio").nth(1)).to_be_checked()
        expect(kind.locator(".course-state")).to_have_text("Saved")
        expect(lesson.bring("sizes").get_by_role("checkbox", checked=True)).to_have_count(1)


def test_mouse_touch_and_keyboard_write_the_same_file(lab: Lab, make: Make) -> None:
    hands: tuple[Hand, ...] = ("mouse", "touch", "keyboard")
    answers = {"kind": [2], "sizes": [0, 2], "guess": [1], "rtl": [0]}
    for hand in hands:
        path = make()
        expected = nbformat.read(path, as_version=4)
        for cell in expected.cells:
            cell.source = quiz.mark(cell.source, frozenset(answers.get(cell.id, [])))
        with lab.open(path) as lesson:
            lesson.js("await panel.sessionContext.ready")
            for name, options in answers.items():
                lesson.tick(name, options, hand)
            for name in answers:
                lesson.bring(name)
                lesson.saved(name)
        # The whole file, to the byte: nothing but the boxes has changed.
        assert path.read_text(encoding="utf-8") == nbformat.writes(expected) + "\n"


def test_saving_while_an_answer_is_being_saved_asks_nothing(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        lesson.tick("kind", [1])
        lesson.js("await Promise.all([1, 2, 3].map(() => panel.context.save()))")
        lesson.saved("kind")
        expect(lesson.page.locator(".jp-Dialog")).to_have_count(0)


def test_changing_ones_mind(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        lesson.tick("kind", [1])
        lesson.tick("kind", [0])
        lesson.saved("kind")
        assert [one.ticked for one in quiz.parse(lesson.sources()["kind"]).options] == [
            True,
            False,
            False,
        ]
        kind = lesson.question("kind")
        kind.get_by_role("button", name="Clear").click()
        expect(kind.locator(".course-state")).to_have_text("Not answered")
        expect(kind.get_by_role("radio").first).to_be_focused()
        expect(kind.get_by_role("button", name="Clear")).to_be_hidden()


def test_all_copies_of_a_question_are_kept_equal(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        lesson.bring("kind")
        lesson.js("content.activeCellIndex = 1")
        lesson.js("await jupyterapp.commands.execute('notebook:duplicate-below')")
        copies = lesson.page.locator(".course-question[data-name='kind']:visible")
        expect(copies).to_have_count(2)
        for clicked, option in [(1, 1), (0, 0), (1, 2)]:
            copies.nth(clicked).locator(".course-text").nth(option).click(position={"x": 3, "y": 8})
            for copy in (0, 1):
                expect(copies.nth(copy).get_by_role("radio", checked=True)).to_have_count(1)
                expect(copies.nth(copy).get_by_role("radio").nth(option)).to_be_checked()
        lesson.saved("kind")
        texts = [text for text in lesson.sources().values() if "RBMs?" in text]
        assert len(texts) == 2
        assert texts[0] == texts[1]


def test_typing_and_clicking_stay_in_step(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        page = lesson.page
        lesson.tick("kind", [0])
        kind = lesson.question("kind")
        kind.locator(".course-prompt").dblclick(position={"x": 5, "y": 5})
        expect(kind).to_be_hidden()
        # For a moment the old editor and the new one may both be there.
        page.locator(".jp-MarkdownCell.jp-mod-active .cm-content:visible").first.click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text("**Typed?**\n\n* [ ] one\n* [✓] two\n+ [X ] three\n")
        expect(page.locator(".course-count:visible")).to_have_text("0 of 3 answered")
        page.keyboard.press("Shift+Enter")
        kind = lesson.question("kind")
        expect(kind.locator(".course-state")).to_have_text("Choose only one")
        expect(kind.get_by_role("radio", checked=True)).to_have_count(0)
        kind.locator(".course-text", has_text="three").click()
        lesson.saved("kind")
        assert lesson.sources()["kind"] == "**Typed?**\n\n* [ ] one\n* [ ] two\n+ [x] three\n"


def test_a_question_without_options_stays_plain_text(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        lesson.bring("kind")
        lesson.js("panel.model.cells.get(1).sharedModel.setSource('I deleted them.')")
        plain = lesson.page.locator(".jp-MarkdownOutput", has_text="I deleted them.")
        expect(plain).to_be_visible()
        expect(lesson.page.locator(".course-question[data-name='kind']")).to_be_hidden()
        jump = lesson.page.get_by_role("button", name="Next unanswered question")
        jump.click()
        assert lesson.js("return content.activeCellIndex") == 1
        jump.click()
        expect(lesson.question("sizes").get_by_role("checkbox").first).to_be_focused()


def test_the_bar_counts_and_leads_to_the_next_open_question(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        page = lesson.page
        count = page.locator(".course-count:visible")
        expect(count).to_have_text("0 of 3 answered")
        expect(count).to_have_attribute("role", "status")
        jump = page.get_by_role("button", name="Next unanswered question")
        jump.click()
        expect(lesson.question("kind").get_by_role("radio").first).to_be_focused()
        page.keyboard.press("Space")
        expect(count).to_have_text("1 of 3 answered")
        jump.click()
        expect(lesson.question("sizes").get_by_role("checkbox").first).to_be_focused()
        jump.click()  # the prediction is not graded, so it is not asked for
        expect(lesson.question("rtl").get_by_role("radio").first).to_be_focused()
        page.keyboard.press("Space")
        jump.click()  # round to those left behind
        expect(lesson.question("sizes").get_by_role("checkbox").first).to_be_focused()
        page.keyboard.press("Space")
        expect(count).to_have_text("3 of 3 answered")
        expect(jump).to_be_hidden()


def check(lesson: Lesson, name: str, options: list[int]) -> str:
    """Tick, press Check, and return what is said."""
    lesson.tick(name, options)
    found = lesson.question(name)
    found.get_by_role("button", name="Check").click()
    expect(found.locator(".course-message")).to_be_visible(timeout=PATIENCE)
    return found.locator(".course-verdict").inner_text()


@pytest.mark.usefixtures("keys")
def test_with_the_keys_at_hand_an_answer_is_explained_at_once(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        kind = lesson.bring("kind")
        kind.get_by_role("button", name="Check").click()
        expect(kind.locator(".course-verdict")).to_have_text("Choose an answer first.")
        told = check(lesson, "kind", [0])
        assert "Not quite." in told
        assert "Neither needs labels" in told
        expect(kind.locator(".course-verdict mjx-container")).to_have_count(1)
        assert "samples" not in told
        kind.locator(".course-text").nth(1).click()
        expect(kind.locator(".course-verdict")).to_be_empty()
        kind.get_by_role("button", name="Check").click()
        expect(kind.locator(".course-verdict")).to_contain_text("Correct.")
        expect(kind.locator(".course-verdict")).to_have_attribute("role", "status")
        expect(kind.locator(".course-verdict")).to_contain_text("An RBM samples")
        assert "Correct so far, but incomplete." in check(lesson, "sizes", [0])
        lesson.saved("sizes")


def test_without_the_keys_the_answer_is_saved_for_grading(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        assert "graded after you submit" in check(lesson, "kind", [1])
        assert "- [x] Autoencoders use" in lesson.sources()["kind"]


@pytest.mark.usefixtures("keys")
def test_a_refused_check_says_why(lab: Lab, make: Make) -> None:
    with lab.open(make(question("strange", "What?\n- [ ] this\n- [ ] that\n"))) as lesson:
        assert "no assignment has a question “strange”" in check(lesson, "strange", [0])


def test_no_shortcut_leaves_a_control_but_running_and_saving(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        page = lesson.page
        first = lesson.bring("kind").get_by_role("radio").first
        first.focus()
        before = lesson.js("return [...panel.model.cells].map(one => one.id)")
        keys = ["d", "d", "a", "b", "x", "c", "v", "z", "m", "y", "1", "Enter", "Control+x"]
        for key in [*keys, "Control+Shift+ArrowUp", "Control+Backspace"]:
            page.keyboard.press(key)
        expect(first).to_be_focused()
        assert lesson.js("return [...panel.model.cells].map(one => one.id)") == before
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        expect(lesson.question("kind").get_by_role("radio").nth(1)).to_be_checked()
        for button in ("Check", "Clear"):
            lesson.question("kind").get_by_role("button", name=button).focus()
            page.keyboard.press("d")
            page.keyboard.press("d")
        assert lesson.js("return [...panel.model.cells].map(one => one.id)") == before
        lesson.saved("kind")
        lesson.js("panel.model.cells.get(0).sharedModel.setSource('# Saved by hand')")
        page.keyboard.press("Control+s")
        page.wait_for_function("!window.opened.context.model.dirty", timeout=PATIENCE)
        assert lesson.sources()["title"] == "# Saved by hand"
        assert lesson.js("return content.activeCellIndex") == 1
        page.keyboard.press("Shift+Enter")
        page.wait_for_function("window.opened.content.activeCellIndex === 2")


def test_a_locked_question_can_be_read_only(lab: Lab, make: Make) -> None:
    path = make()
    notebook = json.loads(path.read_text())
    notebook["cells"][1]["metadata"]["editable"] = False
    path.write_text(json.dumps(notebook))
    with lab.open(path) as lesson:
        kind = lesson.bring("kind")
        for box in kind.get_by_role("radio").all():
            expect(box).to_be_disabled()
        kind.locator(".course-text").first.click()
        expect(kind.get_by_role("radio", checked=True)).to_have_count(0)


def test_a_prediction_is_shown_again_beside_the_result(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        lesson.tick("guess", [1])
        lesson.saved("guess")
        expect(lesson.question("guess").get_by_role("button", name="Check")).to_be_hidden()
        lesson.js(
            """const { sharedModel } = panel.model.cells.get(5);
            sharedModel.setSource("from course import predictions; predictions.show('guess')");
            content.activeCellIndex = 5;
            await panel.sessionContext.ready;
            await jupyterapp.commands.execute('notebook:run-cell');"""
        )
        output = lesson.page.locator(".jp-OutputArea:visible blockquote")
        expect(output).to_have_text("PCA", timeout=PATIENCE)
