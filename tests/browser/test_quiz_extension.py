"""The extension's scripts in a blank page with a fake Jupyter, which makes the tests fast."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from course import quiz
from tests.browser.servers import COURSE

HERE = Path(__file__).parent
STATIC = COURSE / "labextension" / "static"
CASES: list[dict[str, Any]] = json.loads(
    (HERE / "task_list_cases.json").read_text(encoding="utf-8")
)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
Run = Callable[..., Any]

QUIZ = {"course": {"quiz": {"multiple": False}}}
MULTIPLE = {"course": {"quiz": {"multiple": True}}}


def cell(name: str, source: str, metadata: dict[str, Any]) -> dict[str, Any]:
    return {"source": source, "nbgrader": {"grade_id": name}, **metadata}


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_the_python_parser_agrees_with_the_cases(case: dict[str, Any]) -> None:
    question = quiz.parse(case["source"])
    options = [{"text": option.text, "ticked": option.ticked} for option in question.options]
    assert question.prompt == case["prompt"]
    assert options == case["options"]
    assert (question.mixed or bool(question.stray_ticks)) == case["unclear"]
    assert quiz.mark(case["source"], frozenset(case["ticks"])) == case["marked"]


def open_notebook(
    run: Run,
    *cells: dict[str, Any],
    reply: object = None,
    seed: str = "",
    released: Sequence[dict[str, Any]] = (),
) -> None:
    run(
        """window.requests = [];
        const post = async (path, body) => {
            requests.push([path, body]);
            if (given.reply === null) throw new TypeError('no network');
            return { json: async () => JSON.parse(given.reply) };
        };
        window.panel = fakePanel(given.cells, { questions: given.released });
        const openDialog = (title, node) => {
            document.body.append(node);
            let close;
            const closed = new Promise(resolve => (close = resolve));
            return { closed: closed.then(() => node.remove()), close };
        };
        window.notebook = new QuizNotebook(panel, { Widget, post, openDialog, seed: given.seed });
        window.source = index => panel.content.model.cells[index].sharedModel.getSource();""",
        {"cells": cells, "reply": reply, "seed": seed, "released": list(released)},
    )


def test_the_javascript_parser_agrees_with_the_cases(run: Run) -> None:
    results = run(
        """return given.map(({ source, ticks }) => {
            const { prompt, options, unclear } = parse(source);
            const marked = mark(source, new Set(ticks));
            return { prompt, marked, unclear,
                options: options.map(({ body, ticked }) => [body, ticked]) };
        })""",
        CASES,
    )
    for case, result in zip(CASES, results, strict=True):
        # Unlike Python, JavaScript keeps blank lines and indentation inside an option.
        texts = [
            {"text": "\n".join(filter(None, map(str.strip, body.split("\n")))), "ticked": ticked}
            for body, ticked in result["options"]
        ]
        assert texts == case["options"], case["case"]
        assert result["prompt"] == case["prompt"], case["case"]
        assert result["unclear"] == case["unclear"], case["case"]
        assert result["marked"] == case["marked"], case["case"]


def test_an_option_keeps_the_layout_of_its_text(run: Run) -> None:
    source = "- [ ] one\n\n  ```python\n  if x:\n      y\n  ```\n  > Because.\n\nThe end.\n"
    (option,) = run("return parse(given).options", source)
    assert option["body"] == "one\n\n```python\nif x:\n    y\n```"
    assert option["aside"] == "> Because.\n\nThe end."


@pytest.mark.parametrize(
    ("copy", "changed", "multiple", "expected"),
    [
        ("- [ ] a\n- [x] b", "- [x] a\n- [ ] b", False, "- [x] a\n- [ ] b"),
        ("- [x] b\n- [ ] a", "- [x] a\n- [ ] b", False, "- [ ] b\n- [x] a"),
        ("- [x] b", "- [x] a", False, "- [ ] b"),  # a cell split in two, with one answer allowed
        ("- [x] b", "- [x] a", True, "- [x] b"),
        ("- [x] b", "- [ ] a", False, "- [x] b"),
    ],
)
def test_a_copy_takes_over_ticks(
    run: Run, copy: str, changed: str, multiple: bool, expected: str
) -> None:
    assert run("return copyTicks(...given)", [copy, changed, multiple]) == expected


def test_only_cells_with_course_metadata_are_questions(run: Run, page: Page) -> None:
    source = "Which?\n- [ ] a\n- [ ] b"
    broken: list[Any] = [None, 3, "quiz", [], {}, {"quiz": None}, {"quiz": True}, {"other": {}}]
    open_notebook(
        run,
        {"source": source},
        *({"source": source, "course": course} for course in broken),
        {"source": source, "type": "code", **QUIZ},
        {"source": source, **QUIZ},
    )
    expect(page.locator(".course-question")).to_have_count(1)
    # A question in a code cell was one once.
    count = "0 of 2 answered, question 1 is damaged"
    expect(page.locator(".course-count")).to_have_text(count)


def test_a_notebook_without_questions_has_no_bar(run: Run, page: Page) -> None:
    open_notebook(run, {"source": "Text."})
    expect(page.locator(".course-progress")).to_be_hidden()


def test_the_bar_counts_exercises_and_leads_to_the_next_open_one(run: Run, page: Page) -> None:
    def code(name: str, outputs: list[Any], *, is_test: bool) -> dict[str, Any]:
        entries = {"grade_id": name, "grade": is_test, "solution": not is_test}
        return {"source": "1", "type": "code", "outputs": outputs, "nbgrader": entries}

    passed = {"output_type": "stream", "text": ["✓ Exercise 1: correct (2 points)"]}
    failed = {"output_type": "error", "traceback": ["✗ Exercise 2: not correct yet"]}
    open_notebook(
        run,
        code("one", [passed], is_test=False),  # what the learner prints does not count
        code("one-test", [passed], is_test=True),
        code("two", [], is_test=False),
        code("two-test", [failed], is_test=True),
        cell("q", "Which?\n- [ ] a\n- [x] b", QUIZ),
    )
    expect(page.locator(".course-count")).to_have_text("1 of 2 exercises pass, 1 of 1 answered")
    page.get_by_role("button", name="Next open exercise").click()
    assert run("return panel.content.activeCellIndex") == 2


def orders(run: Run, source: str, seeds: int = 240) -> list[list[int]]:
    script = """const { options } = parse(given.source);
        return [...Array(given.seeds).keys()].map(n => shownOrder(options, `student-${n} dice`));"""
    result: list[list[int]] = run(script, {"source": source, "seeds": seeds})
    return result


def test_every_order_of_the_options_is_equally_likely(run: Run) -> None:
    counts = Counter(map(tuple, orders(run, "Q\n- [ ] a\n- [ ] b\n- [ ] c", 6000)))
    assert len(counts) == 6
    assert all(900 < count < 1100 for count in counts.values()), counts


@pytest.mark.parametrize(
    "last",
    [
        "All of the Above",
        "*None of the above.*",
        "all of these",
        "Neither of them",
        "Both of these",
    ],
)
def test_all_of_the_above_stays_last(run: Run, last: str) -> None:
    found = orders(run, f"Q\n- [ ] a\n- [ ] b\n- [ ] {last}\n- [ ] All of these digits are sevens")
    assert {order[-1] for order in found} == {2}
    assert {order[0] for order in found} == {0, 1, 3}


def test_the_order_depends_on_student_and_question_and_changes_nothing_else(
    run: Run, page: Page
) -> None:
    source = "Q\n- [ ] a\n- [ ] b\n- [ ] c\n- [ ] d\n- [ ] e\n\nThe end."
    prediction = {"course": {"prediction": {"multiple": False}}}
    cells = [cell("one", source, QUIZ), cell("two", source, QUIZ), cell("one", source, QUIZ)]
    cells += [cell("guess", source, prediction), cell("key", source + "\n- [ ] f\n  > Why.", QUIZ)]

    def shown(seed: str) -> list[list[str]]:
        open_notebook(run, *cells, seed=seed)
        expect(page.locator(".course-question")).to_have_count(len(cells))
        rows = [
            question.locator(".course-text") for question in page.locator(".course-question").all()
        ]
        return [row.all_inner_texts() for row in rows]

    jane, june = shown("jane"), shown("june")
    in_file = list("abcde")
    assert jane == shown("jane")
    assert jane[0] == jane[2] != in_file
    assert len({tuple(texts) for texts in (jane[0], jane[1], june[0], june[1])}) == 4
    assert [jane[3], jane[4]] == [in_file, [*in_file, "f"]]  # predictions, the instructor's copy
    assert shown("")[0] == in_file  # without the server extension
    open_notebook(run, cells[0], seed="jane")
    text = page.locator("fieldset > *").all_inner_texts()
    assert text[-1] == "The end."
    page.locator(".course-text", has_text="d").click()
    assert run("return source(0)") == source.replace("[ ] d", "[x] d")
    assert page.locator(".course-option:has(:checked)").get_attribute("data-index") == "3"
    run("notebook.views.get(panel.content.widgets[0]).focus()")
    expect(page.get_by_role("radio", checked=True)).to_be_focused()


def test_a_click_changes_one_cell_once_and_saves(run: Run, page: Page) -> None:
    open_notebook(run, cell("one", "- [ ] a\n- [ ] b", QUIZ), cell("two", "- [ ] a", QUIZ))
    page.locator(".course-text").nth(1).click()
    state = page.locator(".course-state").first
    expect(state).to_have_text("Saved")
    writes = "return panel.content.model.cells.map(cell => cell.sharedModel.writes)"
    assert run(writes) == [1, 0]
    assert run("return [source(0), panel.context.saves]") == ["- [ ] a\n- [x] b", 1]


def test_two_saves_never_run_at_once(run: Run, page: Page) -> None:
    reply = json.dumps({"verdict": "saved", "message": "Saved.", "explanations": []})
    open_notebook(run, cell("one", "- [ ] a\n- [ ] b", QUIZ), reply=reply)
    page.get_by_role("radio").first.check()
    run("panel.context.save()")  # the learner presses Ctrl+S
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".course-message")).to_have_text("Saved.")
    page.get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Check").click()
    run("await Promise.all([panel.context.save(), panel.context.save()])")  # repeatedly
    assert run("return [panel.context.maxRunning, panel.context.saves > 2]") == [1, True]


def test_each_choice_of_several_is_marked_right_or_wrong(run: Run, page: Page) -> None:
    explanations = [
        {"option": "a", "text": "A.", "right": True},
        {"option": "c", "text": "C.", "right": False},
    ]
    message = "Not quite. 1 more to find."
    reply = json.dumps({"verdict": "wrong", "message": message, "explanations": explanations})
    open_notebook(run, cell("one", "- [x] a\n- [ ] b\n- [x] c", MULTIPLE), reply=reply)
    run("await panel.context.save()")
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".course-message")).to_have_text(message)
    expect(page.locator(".course-chosen")).to_have_text(["✓a", "✗c"])
    signs = page.locator(".course-verdict").get_by_role("img")
    expect(signs.nth(0)).to_have_accessible_name("correct")
    expect(signs.nth(1)).to_have_accessible_name("incorrect")


def test_an_unsaved_answer_is_not_shown_as_saved(run: Run, page: Page) -> None:
    reply = json.dumps({"verdict": "saved", "message": "Saved.", "explanations": []})
    open_notebook(run, cell("one", "- [ ] a\n- [ ] b", QUIZ), reply=reply)
    run("panel.context.works = false")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".course-message")).to_contain_text("not saved yet")
    expect(page.locator(".course-state")).to_have_text("Unsaved")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (None, "Not checked: the server didn’t answer."),
        ("<html>404</html>", "Not checked: the server didn’t answer."),  # without the extension
        ('{"message": "too many checks; wait 3 seconds"}', "Not checked: too many checks"),
        ('{"verdict": "right", "message": "<b>Bold</b>"}', "<b>Bold</b>"),
    ],
)
def test_the_reply_of_the_server_is_shown_as_text(
    run: Run, page: Page, reply: str | None, message: str
) -> None:
    open_notebook(run, cell("one", "- [x] a\n- [ ] b", QUIZ), reply=reply)
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".course-message")).to_contain_text(message)


def test_the_source_of_the_cell_is_posted_unchanged(run: Run, page: Page) -> None:
    open_notebook(run, cell("one", "Which?\n- [x] a\n", QUIZ), reply='{"message": "no"}')
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".course-message")).to_be_visible()
    body = {"path": "01-any/lesson.ipynb", "question": "one", "answer": "Which?\n- [x] a\n"}
    assert run("return requests") == [["course/check", body]]


def test_a_verdict_on_an_older_answer_is_dropped(run: Run, page: Page) -> None:
    open_notebook(run, cell("one", "- [x] a\n- [ ] b", QUIZ))
    run(
        """notebook.post = () => new Promise(resolve => (window.sendReply = resolve));
        document.querySelector('.course-button:not([hidden])').focus();"""
    )
    page.get_by_role("button", name="Check").click()
    page.get_by_role("radio").nth(1).check()
    page.wait_for_function("'sendReply' in window")
    reply = json.dumps({"verdict": "right", "message": "Correct."})
    run("sendReply({ json: async () => JSON.parse(given) }); await new Promise(setTimeout);", reply)
    expect(page.locator(".course-verdict")).to_be_empty()


@pytest.mark.parametrize(
    "source", ["- [*] a\n- [ ] b", "- [✓] a\n- [✓] b\n- [✗] c", "- [x] a\n- [ ] b [x]"]
)
def test_marks_that_cannot_be_read_do_not_count_as_an_answer(
    run: Run, page: Page, source: str
) -> None:
    open_notebook(run, cell("one", f"Which?\n{source}", MULTIPLE))
    expect(page.locator(".course-state")).to_have_text("Unclear: write [x] to tick an option")
    expect(page.locator(".course-count")).to_have_text("0 of 1 answered")
    run("panel.content.model.cells[0].sharedModel.setSource('Which?\\n- [x] a\\n- [ ] b')")
    expect(page.locator(".course-count")).to_have_text("1 of 1 answered")


def test_copies_with_the_same_name_are_kept_equal(run: Run, page: Page) -> None:
    blank = "- [ ] a\n- [ ] b"
    open_notebook(run, *(cell(name, blank, MULTIPLE) for name in ("one", "one", "two")))
    page.get_by_role("checkbox").nth(1).check()
    page.get_by_role("checkbox").nth(2).check()
    both = "- [x] a\n- [x] b"
    assert run("return [0, 1, 2].map(source)") == [both, both, blank]
    run("panel.content.model.cells[1].sharedModel.setSource('- [ ] a\\n- [✓] b')")  # typed
    expect(page.get_by_role("checkbox").nth(0)).not_to_be_checked()
    assert run("return source(0)") == "- [ ] a\n- [x] b"


def test_a_changed_question_is_redrawn(run: Run, page: Page) -> None:
    open_notebook(run, cell("one", "Which?\n- [ ] a\n- [ ] b", QUIZ))
    first = page.get_by_role("radio").first
    first.focus()
    page.keyboard.press("Space")
    expect(first).to_be_focused()
    run("panel.content.model.cells[0].sharedModel.setSource('Which?\\n- [ ] c')")
    expect(page.locator(".course-text")).to_have_text(["c"])


def test_selecting_text_of_an_option_does_not_tick_it(run: Run, page: Page) -> None:
    open_notebook(run, cell("one", "Which?\n- [ ] a long option\n- [ ] b", QUIZ))
    page.locator(".course-text").first.dblclick()
    before = run("return source(0)")
    run("getSelection().selectAllChildren(document.querySelector('.course-text'))")
    page.locator(".course-text").nth(1).dispatch_event("click")
    assert run("return source(0)") == before
