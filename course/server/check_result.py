"""What is said about an answer, in words."""

from __future__ import annotations

from typing import TypedDict

from course import quiz
from course.server.keys import Key


class Explanation(TypedDict):
    """Why a chosen option is right or wrong, in Markdown."""

    option: str
    text: str


class CheckResult(TypedDict):
    """The reply to a check.

    Attributes:
        verdict: ``right``, ``wrong``, ``blank``, ``unclear``, or ``saved`` without a key.
        message: The same for a reader, in plain text.
        explanations: Of the chosen options alone; the others are not given away.
    """

    verdict: str
    message: str
    explanations: list[Explanation]


SAVED: CheckResult = {
    "verdict": "saved",
    "message": "Your answer is saved. It is graded when you submit the assignment.",
    "explanations": [],
}


def judge(answer: quiz.Question, key: Key) -> CheckResult:
    r"""Hold an answer against its key and say how it stands.

    Example:
        >>> key = Key("01-intro", quiz.parse("Even?\n- [ ] one\n- [x] two\n  > Twice one."), False)
        >>> judge(quiz.parse("Even?\n- [ ] one\n- [x] two"), key)["explanations"]
        [{'option': 'two', 'text': 'Twice one.'}]

    Raises:
        ValueError: The key has no options, or two that cannot be told apart.
    """
    held = quiz.compare(answer, key.question)
    options = [key.question.options[index] for index in sorted(held.chosen)]
    said: list[Explanation] = [
        {"option": option.text, "text": option.explanation} for option in options
    ]
    if held.doubts:
        return {"verdict": "unclear", "message": " ".join(held.doubts), "explanations": []}
    if held.blank:
        return {"verdict": "blank", "message": "Nothing is ticked yet.", "explanations": []}
    if held.right:
        return {"verdict": "right", "message": "That is right.", "explanations": said}
    if not key.multiple and len(options) > 1:
        many = f"{len(options)} options are ticked; tick only one."
        return {"verdict": "unclear", "message": many, "explanations": []}
    so_far = held.chosen < held.wanted
    message = "Right so far, but something is missing." if so_far else "That is not right."
    return {"verdict": "wrong", "message": message, "explanations": said}
