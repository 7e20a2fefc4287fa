"""What Validate tells a learner about a notebook that has just been run."""

from __future__ import annotations

import html
from typing import Any, TypedDict

from course import quiz
from course.server.check_result import check_answer
from course.server.keys import AnswerKeys, UnknownQuestionError
from course.server.progress import ExerciseProgress, Progress, QuestionProgress


class ValidationFinding(TypedDict):
    """Something to do before the notebook is submitted.

    Attributes:
        name: The ``grade_id`` of the test or question.
        title: ``Exercise 2``, or ``Question 5`` with the beginning of its text.
        message: What is wrong, and what to do about it.
        damaged: True for a question that can be restored.
    """

    name: str
    title: str
    message: str
    damaged: bool


class ValidationReport(TypedDict):
    """The sentences of the summary, and what remains to be done, in the notebook's order."""

    summary: list[str]
    findings: list[ValidationFinding]


_EXERCISE_MESSAGES = {
    "open": "It is still open.",
    "failed": "It is not correct yet.",
}
_QUESTION_MESSAGES = {
    "blank": "It is not answered. Tick an option, or write [x] into its box.",
    "incomplete": "A part of it is not answered. Fill in every place.",
    "many": "Several options are ticked; choose only one.",
    "unclear": "Not all marks can be read. Write [x] into the box of each option that you choose.",
    "damaged": "It is damaged: its text or its options are not as they were. Restore it.",
}


def report(progress: Progress, keys: AnswerKeys, path: str, changed: list[str]) -> ValidationReport:
    """Return the report on a notebook.

    Args:
        progress: That of the notebook after it was run.
        keys: The answer keys, which only a self-learner's server has.
        path: The notebook's path on the server.
        changed: The ``grade_id`` of each test whose text was changed.
    """
    findings = [
        _finding(exercise.name, exercise.title, message)
        for exercise in progress.exercises
        if (message := _exercise_message(exercise, exercise.name in changed))
    ]
    results = [_is_correct(question, keys, path) for question in progress.questions]
    for question, is_correct in zip(progress.questions, results, strict=True):
        message = _QUESTION_MESSAGES.get(question.state, "")
        if is_correct is False:
            message = "Its answer is not correct yet. Check tells you more."
        if message:
            title = f"Question {question.number}: {question.prompt}"
            is_damaged = question.state == "damaged"
            findings.append(_finding(question.name, title, message, damaged=is_damaged))
    summary = _summary(progress, results, changed)
    if not findings and (progress.exercises or progress.questions):
        summary.append("Nothing is left to do.")
    return {"summary": summary, "findings": findings}


def _summary(progress: Progress, results: list[bool | None], changed: list[str]) -> list[str]:
    sentences = []
    if progress.exercises:
        sentences.append(f"Exercises: {progress.passed} of {len(progress.exercises)} pass.")
    if progress.questions:
        parts = [f"Quiz: {progress.answered} of {len(progress.questions)} answered"]
        if any(result is not None for result in results):
            parts.append(f"{results.count(True)} correct")
        elif progress.answered:
            parts.append("answers saved")
        sentences.append(f"{', '.join(parts)}.")
    sentences += [f"Question {question.number} is damaged." for question in progress.damaged]
    if changed:
        tests = "1 test was" if len(changed) == 1 else f"{len(changed)} tests were"
        sentences.append(f"{tests} changed; grading runs the original.")
    return sentences or ["This notebook has no exercises and no questions."]


def _exercise_message(exercise: ExerciseProgress, is_changed: bool) -> str:
    parts = [_EXERCISE_MESSAGES.get(exercise.state, ""), exercise.message]
    if is_changed:
        parts.append("Its test was changed; grading runs the original.")
    return " ".join(filter(None, parts))


def _is_correct(question: QuestionProgress, keys: AnswerKeys, path: str) -> bool | None:
    """Return whether an answer is right; None if it isn't answered or there is no key."""
    if question.state != "answered" or not keys.available:
        return None
    answer = quiz.parse(question.source)
    try:
        return check_answer(answer, keys.find(path, question.name, answer))["verdict"] == "right"
    except (UnknownQuestionError, ValueError):
        return None


def _finding(name: str, title: str, message: str, *, damaged: bool = False) -> ValidationFinding:
    return {"name": name, "title": title, "message": message, "damaged": damaged}


def as_text(result: ValidationReport) -> str:
    """Return the report for a terminal.

    Example:
        >>> finding = _finding("half-test", "Exercise 1", "It is still open.")
        >>> print(as_text({"summary": ["Exercises: 0 of 1 pass."], "findings": [finding]}))
        Exercises: 0 of 1 pass.
        - Exercise 1: It is still open.
    """
    findings = [f"- {finding['title']}: {finding['message']}" for finding in result["findings"]]
    return "\n".join([" ".join(result["summary"]), *findings])


def nbgraders_value(result: ValidationReport) -> dict[str, Any]:
    """Return the report in the form that nbgrader's pages show: as cells that failed."""
    failed = [
        {
            "source": finding["title"],
            "error": html.escape(finding["message"]),
            "raw_error": finding["message"],
        }
        for finding in result["findings"]
    ]
    return {"failed": failed} if failed else {}
