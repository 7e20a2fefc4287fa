"""A learner answers a lesson's questions in JupyterLab."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from course import quiz
from tests.browser.lab import InputDevice, Lab, Lesson, option, question

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WriteLesson = Callable[..., Path]


def test_an_answer_survives_kernel_shutdown_and_reopening(
    lab: Lab, write_lesson: WriteLesson
) -> None:
    path = write_lesson()
    with lab.open(path) as lesson:
        assert lesson.js("return panel.model.cells.get(5).trusted") is False
        lesson.tick("kind", [1])
        lesson.wait_until_saved("kind")
        lesson.js("await panel.sessionContext.ready; await panel.sessionContext.shutdown();")
        lesson.tick("sizes", [2])
        lesson.wait_until_saved("sizes")
    with lab.open(path) as lesson:
        kind = lesson.scroll_to("kind")
        expect(option(kind, 1).get_by_role("radio")).to_be_checked()
        expect(kind.locator(".course-state")).to_have_text("Saved")
        expect(lesson.scroll_to("sizes").get_by_role("checkbox", checked=True)).to_have_count(1)


def test_mouse_touch_and_keyboard_write_the_same_file(lab: Lab, write_lesson: WriteLesson) -> None:
    devices: tuple[InputDevice, ...] = ("mouse", "touch", "keyboard")
    answers = {"kind": [2], "sizes": [0, 2], "guess": [1], "rtl": [0]}
    for device in devices:
        path = write_lesson()
        expected = nbformat.read(path, as_version=4)
        for cell in expected.cells:
            cell.source = quiz.mark(cell.source, frozenset(answers.get(cell.id, [])))
        with lab.open(path) as lesson:
            lesson.js("await panel.sessionContext.ready")
            for name, options in answers.items():
                lesson.tick(name, options, device)
            for name in answers:
                lesson.scroll_to(name)
                lesson.wait_until_saved(name)
        # Byte by byte, nothing but the boxes has changed.
        assert path.read_text(encoding="utf-8") == nbformat.writes(expected) + "\n"


def test_the_bar_shows_all_its_parts_in_a_narrow_window(
    lab: Lab, write_lesson: WriteLesson
) -> None:
    inside = """() => {
        const bar = document.querySelector('.course-progress:not(.lm-mod-hidden)');
        const { right, bottom } = bar.getBoundingClientRect();
        const parts = [...bar.children].map(part => part.getBoundingClientRect());
        return bottom < 250 && parts.every(part => part.right <= right && part.bottom <= bottom);
    }"""
    with lab.open(write_lesson()) as lesson:
        wide = lesson.page.viewport_size
        assert wide is not None
        for width in (320, 480, wide["width"]):
            lesson.page.set_viewport_size({"width": width, "height": wide["height"]})
            lesson.page.wait_for_function(inside)
        height = lesson.page.locator(".course-progress:visible").bounding_box()
        assert height is not None
        assert height["height"] < 50  # one line again


def test_saving_while_an_answer_is_being_saved_opens_no_dialog(
    lab: Lab, write_lesson: WriteLesson
) -> None:
    with lab.open(write_lesson()) as lesson:
        lesson.tick("kind", [1])
        lesson.js("await Promise.all([1, 2, 3].map(() => panel.context.save()))")
        lesson.wait_until_saved("kind")
        expect(lesson.page.locator(".jp-Dialog")).to_have_count(0)


def test_an_answer_can_be_changed_and_cleared(lab: Lab, write_lesson: WriteLesson) -> None:
    with lab.open(write_lesson()) as lesson:
        lesson.tick("kind", [1])
        lesson.tick("kind", [0])
        lesson.wait_until_saved("kind")
        assert [option.ticked for option in quiz.parse(lesson.sources()["kind"]).options] == [
            True,
            False,
            False,
        ]
        kind = lesson.question("kind")
        kind.get_by_role("button", name="Clear").click()
        expect(kind.locator(".course-state")).to_have_text("Not answered")
        expect(option(kind, 0).get_by_role("radio")).to_be_focused()
        expect(kind.get_by_role("button", name="Clear")).to_be_hidden()


def test_all_copies_of_a_question_are_kept_equal(lab: Lab, write_lesson: WriteLesson) -> None:
    with lab.open(write_lesson()) as lesson:
        lesson.scroll_to("kind")
        lesson.js("content.activeCellIndex = 1")
        lesson.js("await jupyterapp.commands.execute('notebook:duplicate-below')")
        copies = lesson.page.locator(".course-question[data-name='kind']:visible")
        expect(copies).to_have_count(2)
        for clicked, index in [(1, 1), (0, 0), (1, 2)]:
            option(copies.nth(clicked), index).locator(".course-text").click(
                position={"x": 3, "y": 8}
            )
            for copy in (0, 1):
                expect(copies.nth(copy).get_by_role("radio", checked=True)).to_have_count(1)
                expect(option(copies.nth(copy), index).get_by_role("radio")).to_be_checked()
        lesson.wait_until_saved("kind")
        texts = [text for text in lesson.sources().values() if "RBMs?" in text]
        assert len(texts) == 2
        assert texts[0] == texts[1]


def test_typing_and_clicking_change_the_same_answer(lab: Lab, write_lesson: WriteLesson) -> None:
    with lab.open(write_lesson()) as lesson:
        page = lesson.page
        lesson.tick("kind", [0])
        kind = lesson.question("kind")
        kind.locator(".course-prompt").dblclick(position={"x": 5, "y": 5})
        expect(kind).to_be_hidden()
        # For a moment, the old and the new editor may both exist.
        page.locator(".jp-MarkdownCell.jp-mod-active .cm-content:visible").first.click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text("**Typed?**\n\n* [ ] one\n* [✓] two\n+ [X ] three\n")
        expect(page.locator(".course-count:visible")).to_have_text("0 of 3 answered")
        page.keyboard.press("Shift+Enter")
        kind = lesson.question("kind")
        expect(kind.locator(".course-state")).to_have_text("Choose only one")
        expect(kind.get_by_role("radio", checked=True)).to_have_count(0)
        kind.locator(".course-text", has_text="three").click()
        lesson.wait_until_saved("kind")
        assert lesson.sources()["kind"] == "**Typed?**\n\n* [ ] one\n* [ ] two\n+ [x] three\n"


def test_a_question_without_options_stays_plain_text(lab: Lab, write_lesson: WriteLesson) -> None:
    with lab.open(write_lesson()) as lesson:
        lesson.scroll_to("kind")
        lesson.js("panel.model.cells.get(1).sharedModel.setSource('I deleted them.')")
        plain = lesson.page.locator(".jp-MarkdownOutput", has_text="I deleted them.")
        expect(plain).to_be_visible()
        expect(lesson.page.locator(".course-question[data-name='kind']")).to_be_hidden()
        next_button = lesson.page.get_by_role("button", name="Next unanswered question")
        next_button.click()
        assert lesson.js("return content.activeCellIndex") == 1
        next_button.click()
        expect(lesson.question("sizes").get_by_role("checkbox").first).to_be_focused()


def test_the_bar_counts_answers_and_leads_to_the_next_unanswered_question(
    lab: Lab, write_lesson: WriteLesson
) -> None:
    with lab.open(write_lesson()) as lesson:
        page = lesson.page
        count = page.locator(".course-count:visible")
        expect(count).to_have_text("0 of 3 answered")
        expect(count).to_have_attribute("role", "status")
        next_button = page.get_by_role("button", name="Next unanswered question")
        next_button.click()
        expect(lesson.question("kind").get_by_role("radio").first).to_be_focused()
        page.keyboard.press("Space")
        expect(count).to_have_text("1 of 3 answered")
        next_button.click()
        expect(lesson.question("sizes").get_by_role("checkbox").first).to_be_focused()
        next_button.click()  # skips the prediction, which is not graded
        expect(lesson.question("rtl").get_by_role("radio").first).to_be_focused()
        page.keyboard.press("Space")
        next_button.click()  # starts over at the top
        expect(lesson.question("sizes").get_by_role("checkbox").first).to_be_focused()
        page.keyboard.press("Space")
        expect(count).to_have_text("3 of 3 answered")
        expect(next_button).to_be_hidden()


def check(lesson: Lesson, name: str, options: list[int]) -> str:
    """Tick options, click Check, and return the verdict."""
    lesson.tick(name, options)
    question = lesson.question(name)
    question.get_by_role("button", name="Check").click()
    expect(question.locator(".course-message")).to_be_visible()
    return question.locator(".course-verdict").inner_text()


@pytest.mark.usefixtures("answer_keys")
def test_an_answer_is_explained_if_the_server_has_the_answer_keys(
    lab: Lab, write_lesson: WriteLesson
) -> None:
    with lab.open(write_lesson()) as lesson:
        kind = lesson.scroll_to("kind")
        kind.get_by_role("button", name="Check").click()
        expect(kind.locator(".course-verdict")).to_have_text("Choose an answer first.")
        verdict = check(lesson, "kind", [0])
        assert "Not quite." in verdict
        assert "Neither needs labels" in verdict
        expect(kind.locator(".course-verdict mjx-container")).to_have_count(1)
        assert "samples" not in verdict
        option(kind, 1).locator(".course-text").click()
        expect(kind.locator(".course-verdict")).to_be_empty()
        kind.get_by_role("button", name="Check").click()
        expect(kind.locator(".course-verdict")).to_contain_text("Correct.")
        expect(kind.locator(".course-verdict")).to_have_attribute("role", "status")
        expect(kind.locator(".course-verdict")).to_contain_text("An RBM samples")
        assert "Correct so far, but incomplete." in check(lesson, "sizes", [0])
        lesson.wait_until_saved("sizes")


def test_the_page_shows_this_students_order_in_every_copy(
    lab: Lab, write_lesson: WriteLesson
) -> None:
    with lab.open(write_lesson()) as lesson:
        script = "return JSON.parse(document.getElementById('jupyter-config-data').text).courseSeed"
        seed = lesson.js(script)
        assert len(seed) == 16
        assert "jane" not in seed
        orders = []
        for name in ("kind", "sizes", "rtl"):
            rows = lesson.scroll_to(name).locator(".course-option")
            orders.append([int(row.get_attribute("data-index") or -1) for row in rows.all()])
        assert all(sorted(order) == list(range(len(order))) for order in orders)
        assert orders != [sorted(order) for order in orders]


def test_without_answer_keys_the_answer_is_saved_for_grading(
    lab: Lab, write_lesson: WriteLesson
) -> None:
    with lab.open(write_lesson()) as lesson:
        assert "graded after you submit" in check(lesson, "kind", [1])
        assert "- [x] Autoencoders use" in lesson.sources()["kind"]


@pytest.mark.usefixtures("answer_keys")
def test_a_failed_check_gives_the_reason(lab: Lab, write_lesson: WriteLesson) -> None:
    with lab.open(write_lesson(question("strange", "What?\n- [ ] this\n- [ ] that\n"))) as lesson:
        assert "no assignment has a question “strange”" in check(lesson, "strange", [0])


def test_only_shortcuts_for_running_and_saving_work_in_a_control(
    lab: Lab, write_lesson: WriteLesson
) -> None:
    with lab.open(write_lesson()) as lesson:
        page = lesson.page
        first = lesson.scroll_to("kind").get_by_role("radio").first
        first.focus()
        before = lesson.js("return [...panel.model.cells].map(cell => cell.id)")
        keys = ["d", "d", "a", "b", "x", "c", "v", "z", "m", "y", "1", "Enter", "Control+x"]
        for key in [*keys, "Control+Shift+ArrowUp", "Control+Backspace"]:
            page.keyboard.press(key)
        expect(first).to_be_focused()
        assert lesson.js("return [...panel.model.cells].map(cell => cell.id)") == before
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        expect(lesson.question("kind").get_by_role("radio").nth(1)).to_be_checked()
        for button in ("Check", "Clear"):
            lesson.question("kind").get_by_role("button", name=button).focus()
            page.keyboard.press("d")
            page.keyboard.press("d")
        assert lesson.js("return [...panel.model.cells].map(cell => cell.id)") == before
        lesson.wait_until_saved("kind")
        lesson.js("panel.model.cells.get(0).sharedModel.setSource('# Saved by hand')")
        page.keyboard.press("Control+s")
        page.wait_for_function("!window.opened.context.model.dirty")
        assert lesson.sources()["title"] == "# Saved by hand"
        assert lesson.js("return content.activeCellIndex") == 1
        page.keyboard.press("Shift+Enter")
        page.wait_for_function("window.opened.content.activeCellIndex === 2")


def test_a_locked_question_is_read_only(lab: Lab, write_lesson: WriteLesson) -> None:
    path = write_lesson()
    notebook = json.loads(path.read_text())
    notebook["cells"][1]["metadata"]["editable"] = False
    path.write_text(json.dumps(notebook))
    with lab.open(path) as lesson:
        kind = lesson.scroll_to("kind")
        for box in kind.get_by_role("radio").all():
            expect(box).to_be_disabled()
        kind.locator(".course-text").first.click()
        expect(kind.get_by_role("radio", checked=True)).to_have_count(0)


def test_a_prediction_is_shown_again_next_to_the_result(
    lab: Lab, write_lesson: WriteLesson
) -> None:
    with lab.open(write_lesson()) as lesson:
        lesson.tick("guess", [1])
        lesson.wait_until_saved("guess")
        expect(lesson.question("guess").get_by_role("button", name="Check")).to_be_hidden()
        lesson.js(
            """const { sharedModel } = panel.model.cells.get(5);
            sharedModel.setSource("from course import predictions; predictions.show('guess')");
            content.activeCellIndex = 5;
            await panel.sessionContext.ready;
            await jupyterapp.commands.execute('notebook:run-cell');"""
        )
        output = lesson.page.locator(".jp-OutputArea:visible blockquote")
        expect(output.locator("p").first).to_contain_text("which error is larger?")
        expect(output.locator("p").last).to_have_text("PCA")
