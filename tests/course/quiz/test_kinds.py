"""Questions whose answer is in fields: read, cleared, compared, restored."""

from __future__ import annotations

import pytest

from course import quiz
from course.carry_over import carry_over
from course.quiz import fields, kinds
from course.quiz.safe_pattern import SafePattern
from tests.kinds import KEYS, MATCH, NUMBER, ORDER, RIGHT, WRONG

NAMES = sorted(KEYS)


def compare(name: str, *values: str, key: str = "") -> quiz.FieldComparison:
    key = key or KEYS[name]
    result = kinds.named(name).compare(fields.fill(fields.bare(key), values), key)
    assert isinstance(result, quiz.FieldComparison)
    return result


@pytest.mark.parametrize("name", NAMES)
def test_a_key_is_valid_and_solves_its_own_question(name: str) -> None:
    kind = kinds.named(name)
    kind.check_key(KEYS[name], multiple=False)
    assert kind.bare(KEYS[name]).count("[[ ]]") == len(RIGHT[name])
    assert ">" not in kind.bare(KEYS[name])
    assert compare(name, *RIGHT[name]).right
    assert kind.compare(kind.solved(KEYS[name]), KEYS[name]).right
    assert kind.compare(KEYS[name], KEYS[name]).right  # an instructor's notebook solves itself
    wrong = compare(name, *WRONG[name])
    assert not wrong.right
    assert not wrong.doubts
    assert compare(name).blank


@pytest.mark.parametrize("name", NAMES)
def test_the_bare_text_depends_on_neither_key_nor_explanation(name: str) -> None:
    kind = kinds.named(name)
    other = fields.fill(KEYS[name], ["other"] * len(RIGHT[name])).replace("> ", "> No ")
    assert kind.bare(other) == kind.bare(KEYS[name])
    assert kind.bare(kind.bare(other)) == kind.bare(other)


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_question_is_restored_with_its_answer(name: str) -> None:
    kind = kinds.named(name)
    released = kind.bare(KEYS[name])
    answered = fields.fill(released, RIGHT[name])
    assert kind.is_intact(answered + "\n\nmy note", released)
    lost_prompt = answered.split("\n\n", 1)[1]
    assert not kind.is_intact(lost_prompt, released)
    assert kind.restore(released, lost_prompt) == answered
    assert kind.restore(released, "nothing") == released


@pytest.mark.parametrize(
    ("value", "is_right"),
    [
        *(("26.1", True), ("26,1", True), ("26.2", True), ("+26.10", True), ("2.61e1", True)),
        *(("2.61 × 10¹", True), ("261/10", True), ("≈ 26.1", True), ("26.1 times", True)),
        *(("２６．１", True), ("26.21", False), ("-26.1", False), ("261", False), ("26.1%", None)),
        *(("twenty-six", None), ("26.1 kg", None), ("1e999", None), ("1/0", None), ("nan", None)),
    ],
)
def test_a_number_may_be_written_in_any_usual_way(value: str, is_right: bool | None) -> None:
    result = compare("number", value)
    assert (None if result.doubts else result.right) == is_right


def test_a_comma_that_may_be_a_point_is_left_to_a_person() -> None:
    thousands = "How many?\n\n[[1234]]\n\n> So."
    assert compare("number", "1,234", key=thousands).right
    decimal = thousands.replace("1234", "1.234")
    assert compare("number", "1,234", key=decimal).doubts
    assert not compare("number", "9,234", key=decimal).doubts


def test_units_count() -> None:
    key = "How big?\n\n[[2.5 ± 0.1 MB | 2500 ± 100 kB]]\n\n> So."
    kinds.named("number").check_key(key, multiple=False)
    assert all(compare("number", text, key=key).right for text in ("2.45 MB", "2450 kB", "2.5MB"))
    assert not compare("number", "2.5 kB", key=key).right
    assert compare("number", "2.5", key=key).notes == ("The unit is missing.",)
    assert compare("number", "2.5 megabytes", key=key).doubts


def test_exact_spelling_is_required_in_quotes_only() -> None:
    assert compare("text", "S").right
    assert not compare("text", "s").right
    assert compare("text", "THE  Sigmoid Function.").right


def test_a_place_given_twice_counts_for_neither_line() -> None:
    result = compare("order", "2", "2", "3")
    assert result.correct == {2}
    assert result.notes == ("A place is given twice.",)
    assert quiz.credit(result, 3, "each-field") == 1


def test_an_answer_beside_its_field_is_left_to_a_person() -> None:
    for text in (NUMBER.replace("[[26.1 ± 0.1]]", "26.1"), "Answer: [[26.1]] or so"):
        answer = text.split("\n\n> ")[0]
        assert kinds.named("number").compare(answer, NUMBER).doubts
    moved = fields.fill(fields.bare(ORDER), ["2", "1", "3"]).split("\n")
    moved[2], moved[3] = moved[3], moved[2]
    assert kinds.named("order").compare("\n".join(moved), ORDER).right


@pytest.mark.parametrize(
    ("name", "key", "problem"),
    [
        ("number", "[[many]]\n> So.", "isn't a number"),
        ("number", "[[1,234]]\n> So.", "isn't a number"),
        ("number", "[[3 m ± 1]]\n> So.", "unit before the tolerance"),
        ("number", "[[1]] [[2]]\n> So.", "2 fields; at most 1"),
        ("number", "1\n> So.", "has no field"),
        ("number", "[[1]]", "no explanation"),
        ("number", "[[1]]\n> So.\n> [[1.0]] No.", "isn't wrong"),
        ("text", "[[a|b]]\n> So.", "without spaces"),
        ("text", "[[a | /(a/]]\n> So.", "is missing"),
        ("text", "[[a | /(?i)a/]]\n> So.", "aren't supported"),
        ("text", "[[/a/]]\n> So.", "begins with a pattern"),
        ("text", "[[ ]]\n> So.", "needs a key"),
        ("blanks", "[[a]]\n> So.", "one field only"),
        ("order", "- [[1]] a\n- [[2]] b\n- [[3]] c\n> So.", "mix them"),
        ("order", "- [[1]] a\n- [[3]] b\n- [[3]] c\n> So.", "each once"),
        ("order", "- [[2]] a\n- [[1]] b\n> So.", "at least three"),
        ("match", MATCH.replace("C. quantum", "D. quantum"), "write two choices"),
        ("match", MATCH.replace("[[B]]", "[[E]]"), "is none of"),
    ],
)
def test_a_bad_key_is_refused_with_the_reason(name: str, key: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        kinds.named(name).check_key(key, multiple=False)


@pytest.mark.parametrize(
    ("pattern", "matches", "fails"),
    [
        ("a?b*c+", ["c", "abbcc"], ["", "ab", "aac"]),
        ("(ab|c){2}", ["abc", "cc"], ["ab", "ccc"]),
        ("(ab){1,}x{0,2}", ["ab", "ababxx"], ["x", "abxxx"]),
        (r"[^a-c]\d\.", ["x1."], ["a1.", "xx.", "x1"]),
        ("(a*)*", ["", "aaa"], ["b"]),
    ],
)
def test_patterns_match_as_in_python(pattern: str, matches: list[str], fails: list[str]) -> None:
    safe = SafePattern(pattern)
    assert all(safe.fullmatch(text) for text in matches)
    assert not any(safe.fullmatch(text) for text in fails)


@pytest.mark.parametrize("pattern", ["^a", "a**", "[a--b]", r"\1", "a{0}", "(a{20}){20}" * 9, ")"])
def test_an_unsupported_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="can't be used"):
        SafePattern(pattern)


def test_typed_answers_move_into_a_corrected_lesson() -> None:
    def notebook(source: str) -> dict[str, object]:
        course = {"quiz": {"multiple": False, "kind": "blanks"}}
        metadata = {"course": course, "nbgrader": {"grade_id": "q", "solution": True}}
        cell = {"id": "q", "cell_type": "markdown", "metadata": metadata, "source": source}
        return {"cells": [cell], "metadata": {}}

    released = fields.bare(KEYS["blanks"])
    answered = fields.fill(released, RIGHT["blanks"])
    corrected = released.replace("Fill in", "Complete")
    result = carry_over(notebook(corrected), notebook(answered), notebook(released))
    assert result.notebook["cells"][0]["source"] == fields.fill(corrected, RIGHT["blanks"])
    assert result.kept == ["q"]
