"""What each answer earned and why, as plain data for the feedback page's template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nbformat import NotebookNode

from autograder import cells
from autograder.feedback import questions
from autograder.feedback.answers import Answer
from autograder.grading.comments import escape_markdown, place_of_failure, without_tests
from autograder.grading.scoring import NOT_IMPLEMENTED

BY_HAND: Final = "A person decided about these points."
BY_HAND_INSTEAD: Final = "A person decided about these points. The automatic result was {points}."

_LABELS: Final = {
    "full": "✓ correct",
    "partial": "◐ partially correct",
    "zero": "✗ incorrect",
    "open": "○ not answered",
    "pending": "… awaiting manual grading",
    "ungraded": "not graded",
}
_MANUAL_LABELS: Final = _LABELS | {
    "full": "✓ full credit",
    "partial": "◐ partial credit",
    "zero": "✗ no credit",
}

Record = dict[str, Any]


class Results:
    """The graded notebook's answers.

    Args:
        nb: The graded notebook, with scores and comments from the gradebook.
        source: The instructor's notebook.
        reveal: Whether to show keys and explanations.
    """

    def __init__(self, nb: NotebookNode, source: NotebookNode, *, reveal: bool) -> None:
        self._nb, self._reveal = nb, reveal
        self._positions = {
            name: position
            for position, cell in enumerate(nb.cells)
            if (name := cells.grade_id(cell)) and cells.is_managed(cell)
        }
        self._source_ids = {cell.get("id") for cell in source.cells}
        self._keys = {cells.grade_id(cell): cell for cell in source.cells if cells.is_quiz(cell)}

    def describe(self, answers: list[Answer]) -> list[Record]:
        """Return a record for each answer that the graded notebook has.

        It has the fields of `Answer` and these:

        - ``id``: the anchor on the page; ``cells``: the positions of all its cells;
        - ``status``, ``label``, ``points``: the result as a word, for people, and in numbers;
        - ``comments``: a person's comments, in Markdown; ``notes``: the grader's own, in Markdown;
        - ``question``: a question with the answer, in Markdown;
        - ``code``: the positions of the student's cells; ``tests``: a record for each test.
        """
        named = {name for answer in answers for name in answer.names}
        unnamed = [  # of an earlier version of the notebook
            Answer("manual" if cells.is_manual(cell) else "exercise", name, names=[name])
            for name, position in self._positions.items()
            if name not in named and cells.is_graded(cell := self._nb.cells[position])
        ]
        records: list[Record] = []
        for answer in [*answers, *unnamed]:
            names = [name for name in answer.names if name in self._positions]
            if names:
                records.append(self._describe(answer, names, f"answer-{len(records) + 1}"))
        return records

    def _describe(self, answer: Answer, names: list[str], anchor: str) -> Record:
        members = {name: self._nb.cells[self._positions[name]] for name in names}
        graded = {
            name: _grade(cell, answer.kind)
            for name, cell in members.items()
            if cells.is_graded(cell) or cells.is_task(cell)
        }
        record: Record = {
            "id": anchor,
            "kind": answer.kind,
            "title": answer.title,
            "section": answer.section,
            "task": answer.task,
            "question": "",
            "code": [],
            "text": [],
            "tests": [],
            "comments": [text for cell in members.values() if (text := cells.comments(cell)[0])],
            "cells": self._span(names),
            **_sum(list(graded.values()), answer.kind),
        }
        notes: list[str] = []
        tests = {name: cell for name, cell in members.items() if cells.is_test(cell)}
        scores = {name: cells.score_record(cell) or {} for name, cell in tests.items()}
        complete = {name: score for name, score in scores.items() if score}
        for name, cell in members.items():
            if name in self._keys:
                record["question"] = questions.question_markdown(
                    self._keys[name].source,
                    cells.score_record(cell) or {},
                    reveal=self._reveal,
                    kind=cells.question_kind(self._keys[name]),
                )
                notes += [*map(escape_markdown, cells.notes(cell)), graded[name]["reason"]]
            elif name in tests:
                record["tests"].append(
                    graded[name] | {"title": name, "cell": self._positions[name]}
                )
                notes += map(escape_markdown, cells.notes(cell))
            elif not cells.is_task(cell):
                notes += without_tests(cells.comments(cell)[1], complete)
            if name in graded and name not in tests:
                notes += [graded[name]["decision"]]
        if answer.kind == "manual" and record["status"] == "pending":
            notes += [grade["reason"] for grade in graded.values()]
        record["notes"] = list(dict.fromkeys(filter(None, notes)))
        for position in record["cells"]:
            cell = self._nb.cells[position]
            if answer.task and answer.task in cell.source:
                record["task"] = ""  # part of the answer's cell
            if not cells.is_quiz(cell) and not cells.is_test(cell) and not cells.is_task(cell):
                record["code" if cell.cell_type == "code" else "text"].append(position)
        return record

    def _span(self, names: list[str]) -> list[int]:
        """Return the positions of cells, and of code that the student added between them."""
        own = sorted(self._positions[name] for name in names)
        added = [
            position
            for position in range(own[0] + 1, own[-1])
            if self._nb.cells[position].cell_type == "code"
            and self._nb.cells[position].get("id") not in self._source_ids
        ]
        return sorted([*own, *added])


def _grade(cell: NotebookNode, kind: str) -> Record:
    """Return the result of one graded cell."""
    points, maximum, by_hand = cells.gradebook_score(cell)
    record = cells.score_record(cell) or {}
    reason = str(record.get("reason", ""))
    is_open = not record.get("chosen") and not record.get("answers")
    if cells.is_test(cell):
        is_open = reason == NOT_IMPLEMENTED
    if points is None:
        status = "pending"
    elif points >= maximum and (maximum > 0 or not reason):
        status = "full"
    elif points > 0:
        status = "partial"
    else:
        status = "open" if is_open and kind != "manual" and not by_hand else "zero"
    decision = ""
    if by_hand and kind != "manual":
        automatic = record.get("points")
        decision = BY_HAND
        if automatic is not None and automatic != points:
            earned = f"{automatic:g} of {maximum:g} points"
            decision = BY_HAND_INSTEAD.format(points=earned)
    return {
        "status": status,
        "label": (_MANUAL_LABELS if kind == "manual" or by_hand else _LABELS)[status],
        "score": points,
        "maximum": maximum,
        "points": format_points(points, maximum),
        "reason": escape_markdown(reason),
        "decision": decision,
        "place": place_of_failure(cell) if cells.is_test(cell) and record else "",
    }


def _sum(grades: list[Record], kind: str) -> Record:
    """Return the result of an answer from those of its graded cells."""
    statuses = {grade["status"] for grade in grades}
    if not statuses:
        status = "ungraded"
    elif "pending" in statuses:
        status = "pending"
    elif len(statuses) == 1:
        (status,) = statuses
    else:
        earned = sum(grade["score"] for grade in grades)
        status = "partial" if earned > 0 else "zero"
    labels = {grade["label"] for grade in grades}
    fallback = (_MANUAL_LABELS if kind == "manual" else _LABELS)[status]
    maximum = sum(grade["maximum"] for grade in grades)
    score = None if "pending" in statuses else sum(grade["score"] for grade in grades)
    return {
        "status": status,
        "label": labels.pop() if len(labels) == 1 else fallback,
        "score": score,
        "maximum": maximum,
        "points": format_points(score, maximum) if grades else "",
    }


def format_points(points: float | None, maximum: float) -> str:
    """Return points as people write them.

    Example:
        >>> format_points(0.5, 1), format_points(None, 3)
        ('0.5 of 1 point', '3 points possible')
    """
    unit = "point" if maximum == 1 else "points"
    if points is None:
        return f"{round(maximum, 2):g} {unit} possible"
    return f"{round(points, 2):g} of {round(maximum, 2):g} {unit}"


def count_points(records: list[Record]) -> Mapping[str, float]:
    """Return how many answers there are, how many have full or no points yet, and their points."""
    return {
        "count": len(records),
        "full": sum(record["status"] == "full" for record in records),
        "pending": sum(record["status"] == "pending" for record in records),
        "score": sum(record["score"] or 0 for record in records),
        "maximum": sum(record["maximum"] for record in records),
    }
