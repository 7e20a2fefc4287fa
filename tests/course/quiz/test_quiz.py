"""Parsing questions and ticked options as people type them, and comparing answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import quiz

KEY = """**What is the difference?**

- [ ] Supervised against unsupervised, $x^2 < y$.
  > Neither needs labels.
- [x] A *deterministic* approach against a [stochastic](https://example.org) one.
  > An RBM samples.
- [ ] Fewer layers
  - a nested remark
  - another
  > No.

Think before you tick.
"""


@pytest.mark.parametrize(
    "line",
    [
        "- [x] yes",
        "- [X] yes",
        "- [x ] yes",
        "- [ x] yes",
        "-  [x]   yes",
        "* [x] yes",
        "+ [x] yes",
        "1. [x] yes",
        "2) [x] yes",
        "    - [x] yes",
        "\t- [x] yes",
        "- [x]yes",
        "- [✓] yes",
        "- [✔] yes",
        "- ☒ yes",
        "- ☑ yes",
        "-[x] yes",
        "- [\u00a0x\u00a0] yes",
        "- [x] yes   ",
        *("- [х] yes", "- [Χ] yes", "- [ｘ] yes", "- ［x］ yes", "- 【ⅹ】 yes", "－ [𝐱] yes"),
        *("- [✅] yes", "- [✔️] yes", "- ✅ yes", "- ☑️ yes", "- [√] yes", "- [✗] yes", "- ❌ yes"),
        *(r"- \[x\] yes", r"\- \[x] yes", "\u200f- [x] yes", "-\u00a0[\u200bx]\ufeff yes"),
        *("– [x] yes", "· [x] yes", "\u3000- [\u2003x\u2003] yes", "1． [x] yes"),
    ],
)
def test_every_style_of_tick_is_recognized(line: str) -> None:
    for ending in ("\n", "\r\n", "\r"):
        question = quiz.parse(f"Is it?{ending}{ending}{line}{ending}- [ ] no")
        assert [option.name for option in question.ticked] == ["yes"]
        assert len(question.options) == 2


@pytest.mark.parametrize("line", ["- [ ] no", "- [] no", "* [   ] no", "- ☐ no", "3. [ ] no"])
def test_every_style_of_empty_box_is_recognized(line: str) -> None:
    (option,) = quiz.parse(line).options
    assert option.name == "no"
    assert not option.ticked


@pytest.mark.parametrize(
    "text", ["- [x](https://example.org) a link", "- text [x] later", "[x] no bullet", "- plain"]
)
def test_other_text_is_not_an_option(text: str) -> None:
    assert quiz.parse(text).options == ()


@pytest.mark.parametrize(
    ("marks", "ticked", "is_mixed"),
    [
        ("✗✓✗", [1], False),
        ("✗  ", [0], False),
        ("✗✗ ", [0, 1], False),
        ("✓x ", [0, 1], False),
        ("✓✓✗", [0, 1], True),
        ("✓xx", [0, 1, 2], True),
        ("x✗ ", [0, 1], True),
        ("xxx", [0, 1, 2], False),
    ],
)
def test_a_cross_beside_a_check_mark_means_no(
    marks: str, ticked: list[int], is_mixed: bool
) -> None:
    question = quiz.parse("\n".join(f"- [{mark}] option" for mark in marks))
    assert [i for i, option in enumerate(question.options) if option.ticked] == ticked
    assert question.mixed == is_mixed


def test_code_is_no_option() -> None:
    fences = "Q\n\n```\n- [x] in code\n```\n\n- [ ] real\n\n~~~~\n- [x] too\n~~~\n~~~~\n"
    (option,) = quiz.parse(fences).options
    assert (option.name, option.ticked) == ("real", False)


def test_a_question_is_parsed_completely() -> None:
    question = quiz.parse(KEY)
    assert question.prompt == "**What is the difference?**"
    assert [option.ticked for option in question.options] == [False, True, False]
    assert question.options[0].explanation == "Neither needs labels."
    assert question.options[2].text == "Fewer layers\n- a nested remark\n- another"
    assert question.options[2].explanation == "No."


def test_bare_question_has_neither_key_nor_explanation() -> None:
    bare = quiz.bare(KEY)
    assert ">" not in bare
    assert "[x]" not in bare
    assert "a nested remark" in bare
    assert "Think before you tick." in bare
    rotated = quiz.mark(KEY, {0, 2}).replace("An RBM samples.", "Because.")
    assert quiz.bare(rotated) == bare


@given(st.sets(st.integers(0, 2)))
def test_mark_changes_nothing_but_boxes(ticked: set[int]) -> None:
    source = quiz.bare(KEY).replace("\n", "\r\n")
    marked = quiz.mark(source, ticked)
    options = quiz.parse(marked).options
    assert {index for index, option in enumerate(options) if option.ticked} == ticked
    assert quiz.mark(marked, set()) == source


def test_mark_names_a_missing_option() -> None:
    with pytest.raises(ValueError, match=r"ticked must be between 0 and 2, got \[3\]"):
        quiz.mark(KEY, {3})


def answer(text: str) -> quiz.Comparison:
    return quiz.compare(quiz.parse(text), quiz.parse(KEY))


def test_order_case_and_emphasis_do_not_matter() -> None:
    comparison = answer(
        "- [ ] fewer   LAYERS\n  - a nested remark\n  - another\n"
        "- [X] a deterministic approach against a [stochastic](https://example.org) one\n"
        "- [ ] Supervised against unsupervised, $x^2 < y$"
    )
    assert comparison.right


def test_small_wording_changes_are_tolerated() -> None:
    slip = "- [x] A deterministic aproach against a [stochastic](https://example.org) one."
    assert answer(slip).chosen == {1}


def test_an_unknown_option_is_left_to_a_person() -> None:
    comparison = answer("- [x] Something else altogether")
    assert not comparison.right
    assert comparison.doubts == (
        "The ticked line “Something else altogether” matches none of the options.",
    )


def test_an_option_both_ticked_and_unticked_is_left_to_a_person() -> None:
    text = quiz.bare(KEY)
    comparison = answer(text + "\n" + quiz.mark(text, {1}))
    assert len(comparison.doubts) == 1
    assert "both ticked and unticked" in comparison.doubts[0]


COLORS = "**Which?**\n\n- [x] red\n- [ ] green\n- [x] dark red\n"


@pytest.mark.parametrize(
    "change",
    [
        ("- [ ] red", "- [*] red"),
        ("- [ ] red", "- [v] red"),
        ("- [ ] red", "- [yes] red"),
        ("- [ ] red", "[x] red"),
        ("- [ ] red", "a) [x] red"),
        ("- [ ] red", "- [ ] red [x]"),
        ("- [ ] red", "- [ ] **red**"),
        ("- [ ] red", "- [ ] red <-- this"),
        ("- [ ] red", '- <input type="checkbox" checked> red'),
        ("- [ ] red\n", "- [ ] ~~red~~\n"),
        ("- [ ] red\n- [ ] green\n", ""),
        ("dark red\n", "dark red\n\nRed and dark red."),
        ("**Which?**", "**Which?** Red!"),
        ("- [ ] green", "```\n- [x] red\n```\n- [ ] green"),
    ],
)
def test_an_answer_that_cannot_be_read_is_left_to_a_person(change: tuple[str, str]) -> None:
    blank = quiz.bare(COLORS)
    assert change[0] in blank
    comparison = quiz.compare(quiz.parse(blank.replace(*change)), quiz.parse(COLORS))
    assert len(comparison.doubts) == 1
    assert not comparison.blank


def test_a_mark_that_cannot_be_read_beside_a_tick_is_left_to_a_person() -> None:
    text = "**Which?**\n\n- [x] red\n- [ ] green\n- [*] dark red\n"
    assert quiz.compare(quiz.parse(text), quiz.parse(COLORS)).doubts == (
        "The mark in “- [*] dark red” can't be read.",
    )


@pytest.mark.parametrize(
    "copy",
    [
        quiz.bare(COLORS).replace("\n", "\r\n"),
        quiz.bare(COLORS).replace("- [ ]", "* [  ]").rstrip(),
        quiz.bare(COLORS).replace("**", "__").replace("\n\n", "\n\n\n"),
        quiz.bare(COLORS).replace("- [ ]", r"- \[ \]").replace("?", r"\?"),
        "",
    ],
)
def test_an_untouched_question_is_blank_whichever_program_saved_it(copy: str) -> None:
    assert quiz.compare(quiz.parse(copy), quiz.parse(COLORS)).blank


def test_the_parts_of_a_split_question_are_blank() -> None:
    for part in ("**Which?**\n\n- [ ] red", "- [ ] green\n- [ ] dark red"):
        assert quiz.compare(quiz.parse(part), quiz.parse(COLORS), is_part=True).blank


@pytest.mark.parametrize(
    ("right", "wrong"), [("$X$", "$x$"), ("x²", "x2"), ("2³", "23"), ("`a*b`", "`ab`"), ("a", "A.")]
)
def test_options_may_differ_in_case_powers_and_signs(right: str, wrong: str) -> None:
    text = f"Which?\n- [x] {right}\n- [ ] {wrong}"
    for ticked in (0, 1):
        answer = quiz.parse(quiz.mark(text, {ticked}))
        assert quiz.compare(answer, quiz.parse(text)).chosen == {ticked}


def test_text_that_fits_two_options_is_left_to_a_person() -> None:
    key = quiz.parse("Which?\n- [x] One $X$ of them\n- [ ] One $x$ of them")
    assert quiz.compare(quiz.parse("- [x] one $X$ of THEM"), key).doubts


def test_text_between_two_options_is_not_guessed() -> None:
    key = quiz.parse("Q\n- [x] the encoder maps x to z\n- [ ] the decoder maps z to x")
    comparison = quiz.compare(quiz.parse("- [x] the eecoder maps x to z to x"), key)
    assert comparison.doubts


def test_a_huge_answer_is_read_quickly() -> None:
    huge = "\n".join(f"- [x] {'a' * 5000} {number}" for number in range(300))
    comparison = answer(huge)
    assert len(comparison.doubts) == 3


@pytest.mark.parametrize("text", ["\ufdfa", "`", "$", "[", "[ ", "&", "\\", "\u200b", "- [x"])
def test_a_long_answer_takes_linear_time(text: str) -> None:
    """Some of these characters become eighteen others when they are normalized."""
    long = text * (300_000 // len(text))
    for source in (f"- [x] {long}", f"{quiz.bare(KEY)}\n{long}", long):
        assert quiz.compare(quiz.parse(source), quiz.parse(KEY)).doubts


def test_a_cell_that_is_too_long_is_left_to_a_person() -> None:
    comparison = answer("- [x] Fewer layers".ljust(2_000_001))
    assert "The cell is too long to be read: 2,000,001 characters." in comparison.doubts


def test_a_key_whose_options_are_alike_is_refused() -> None:
    key = quiz.parse("Q\n- [x] One.\n- [ ] *One*")
    with pytest.raises(ValueError, match=r"the options 'One\.' and '\*One\*' are the same"):
        quiz.compare(key, key)


def compared(chosen: set[int], wanted: set[int], count: int = 5) -> quiz.Comparison:
    return quiz.Comparison(frozenset(wanted), frozenset(chosen), count)


@given(
    st.sets(st.integers(0, 4)),
    st.sets(st.integers(0, 4), min_size=1),
    st.floats(0, 100),
    st.sampled_from(quiz.CREDIT_RULES),
)
def test_credit_stays_in_its_range(
    chosen: set[int], wanted: set[int], points: float, rule: str
) -> None:
    earned = quiz.credit(compared(chosen, wanted), points, rule)
    assert 0 <= earned <= points
    if chosen == wanted:
        assert earned == points  # exactly, not nearly
    if not chosen:
        assert earned == 0


def test_wrong_ticks_cancel_right_ones() -> None:
    assert quiz.credit(compared({0, 1}, {0, 1, 2}), 3, "each-option") == pytest.approx(2)
    assert quiz.credit(compared({0, 1, 4}, {0, 1, 2}), 3, "each-option") == pytest.approx(1)
    assert quiz.credit(compared({0, 1, 2, 3, 4}, {0, 1}), 2, "each-option") == 0
    assert quiz.credit(compared({0, 1}, {0, 1, 2}), 3) == 0


def test_credit_names_what_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"rule must be one of .* got 'some'"):
        quiz.credit(compared({0}, {0}), 1, "some")
    with pytest.raises(ValueError, match="points must be 0 or more, got -1"):
        quiz.credit(compared({0}, {0}), -1)
    doubtful = quiz.Comparison(frozenset({0}), frozenset(), 2, ("?",))
    with pytest.raises(ValueError, match="graded manually"):
        quiz.credit(doubtful, 1)


@given(st.text(max_size=300))
def test_any_text_is_read_without_error(text: str) -> None:
    question = quiz.parse(text)
    assert len(quiz.parse(quiz.bare(text)).options) == len(question.options)
    if question.options:
        everything = set(range(len(question.options)))
        assert len(quiz.parse(quiz.mark(text, everything)).ticked) == len(question.options)
