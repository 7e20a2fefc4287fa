"""The reply to a check: a verdict, a message and explanations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypedDict

from course import quiz
from course.quiz import fields, kinds
from course.server.keys import Key


class Explanation(TypedDict):
    """Why a chosen option is right or wrong, in Markdown."""

    option: str
    text: str
    right: bool


class CheckResult(TypedDict):
    """The reply to a check.

    Attributes:
        verdict: ``right``, ``wrong``, ``blank``, ``unclear``, or ``saved`` without a key.
        message: A sentence for the student, in plain text.
        explanations: Those of the chosen options only; the others would give the answer away.
    """

    verdict: str
    message: str
    explanations: list[Explanation]


SAVED: CheckResult = {
    "verdict": "saved",
    "message": "Your answer is saved; it will be graded after you submit.",
    "explanations": [],
}


FOREIGN: Final = (
    "This isn't your variant of the question, but another student's. Put yours back with Restore."
)


def check_answer(answer: quiz.Question, key: Key) -> CheckResult:
    r"""Compare an answer with its key.

    Example:
        >>> key = Key("01-intro", quiz.parse("Even?\n- [ ] one\n- [x] two\n  > Twice one."), False)
        >>> check_answer(quiz.parse("Even?\n- [ ] one\n- [x] two"), key)["explanations"]
        [{'option': 'two', 'text': 'Twice one.', 'right': True}]

    Raises:
        ValueError: The key has no options, or two that can't be told apart.
    """
    if key.is_foreign:
        return _result("unclear", FOREIGN)
    kind = kinds.named(key.kind)
    if isinstance(kind, kinds.FieldKind):
        return _check_fields(kind, answer.source, key.question.source)
    return _check_options(answer, key)


def _check_options(answer: quiz.Question, key: Key) -> CheckResult:
    comparison = quiz.compare(answer, key.question)
    options = [key.question.options[index] for index in sorted(comparison.chosen)]
    if comparison.doubts:
        return _result("unclear", " ".join(comparison.doubts))
    if comparison.blank:
        return _result("blank", "You haven't selected anything yet.")
    if comparison.right:
        return _result("right", "Correct.", options)
    if not key.multiple and len(options) > 1:
        return _result("unclear", f"You selected {len(options)} options; select only one.")
    incomplete = comparison.chosen < comparison.wanted
    message = "Correct so far, but incomplete." if incomplete else "Not quite."
    if key.multiple and (missing := len(comparison.wanted - comparison.chosen)):
        message += f" {missing} more to find."
    return _result("wrong", message, options)


def _check_fields(kind: kinds.FieldKind, answer: str, key: str) -> CheckResult:
    comparison = kind.compare(answer, key)
    if comparison.doubts:
        return _result("unclear", " ".join(comparison.doubts))
    if comparison.blank:
        return _result("blank", "You haven't filled in anything yet.")
    explanations: list[Explanation] = []
    for index, field in enumerate(fields.parse(key)):
        value, is_right = comparison.answers[index], index in comparison.correct
        text = field.explanation if is_right else kind.remark(value, field, key)
        if value:
            label = kind.shown_answer(value, field)
            explanations.append({"option": label, "text": text, "right": is_right})
    count = len(comparison.answers)
    message = "Correct." if comparison.right else "Not quite."
    if not comparison.right and count > 1:
        message += f" {len(comparison.correct)} of {count} are right."
    verdict = "right" if comparison.right else "wrong"
    message = " ".join([message, *comparison.notes])
    return {"verdict": verdict, "message": message, "explanations": explanations}


def _result(verdict: str, message: str, options: Sequence[quiz.Option] = ()) -> CheckResult:
    explanations: list[Explanation] = [
        {"option": option.text, "text": option.explanation, "right": option.ticked}
        for option in options
    ]
    return {"verdict": verdict, "message": message, "explanations": explanations}
