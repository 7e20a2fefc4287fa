"""What a notebook asks for: its exercises and questions, with the titles that students know.

Titles come from the instructor's notebook: ``**Exercise 1.** Compute both.`` above an exercise,
else the nearest heading, else the name of the cell. So they also fit notebooks for plain nbgrader.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

from nbformat import NotebookNode

from autograder import cells
from course.quiz import kinds

MAX_TITLE_CHARS: Final = 120  # two lines on a laptop
BEGIN_SOLUTION: Final = "### BEGIN SOLUTION"

_LABEL: Final = re.compile(  # of an exercise, at the start of a paragraph or below an anchor
    r"(?:^|\n\n|</a>\n)(\*\*((?:Exercise|Problem|Task|Question|Part)\b[^*\n]*|\w?\d[^*\n]*)\*\*)"
)
_HEADING: Final = re.compile(r"^(#{1,6}) +(.+?)[ #]*$", re.MULTILINE)
_FENCED: Final = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_POINTS: Final = re.compile(r"\s*\([\d.]+ (?:points?|pts?\.?)\)", re.IGNORECASE)

Kind = Literal["exercise", "question", "manual"]


@dataclass
class Answer:
    """Cells that belong together on the page.

    Attributes:
        kind: An exercise with tests, a quiz question, or what a person grades.
        title: Plain text.
        section: The heading of the part of the notebook it is in, if that isn't the title.
        task: The instructor's text above an exercise, in Markdown.
        names: The `grade_id` of each cell, in the notebook's order.
    """

    kind: Kind
    title: str
    section: str = ""
    task: str = ""
    names: list[str] = field(default_factory=list)


@dataclass
class _Text:
    """The instructor's text up to a cell."""

    title: str  # of the notebook, which says nothing about a part of it
    section: str = ""
    latest: str = ""  # the text cell above, empty if it belongs to an earlier answer
    label: str = ""
    sentence: str = ""
    is_heading: bool = False  # whether the section begins in the latest text

    def add(self, source: str) -> None:
        """Read on."""
        self.latest, self.label, self.sentence, self.is_heading = source.strip(), "", "", False
        plain = _without_code(source)
        for heading in _HEADING.finditer(plain):
            section = _POINTS.sub("", plain_text(heading[2]))
            self.section, self.is_heading = "" if section == self.title else section, True
            self.latest = source[heading.end() :].strip()
        for label in _LABEL.finditer(plain):
            self.label = _POINTS.sub("", plain_text(label[2])).rstrip(".: ")
            self.latest = source[label.start(1) :].strip()
            self.sentence = _first_sentence(plain[label.end() :])

    def add_question(self, cell: NotebookNode) -> None:
        """Read the question in a text cell that a person grades, or a task with its text."""
        question, marker, _ = cell.source.partition(BEGIN_SOLUTION)
        is_question = marker and cell.cell_type == "markdown" and question.strip()
        if cells.is_task(cell) or is_question:
            self.add(question)

    def answer(self, kind: Kind, name: str) -> Answer:
        """Return an answer below the text, and let its text belong to it."""
        title = f"{self.label}: {self.sentence}".rstrip(": ") if self.label else self.section
        section = "" if title == self.section else self.section
        is_told = plain_text(self.latest) == f"{self.label}. {self.sentence}."
        answer = Answer(kind, title or name, section, "" if is_told else self.latest, [name])
        self.latest, self.label, self.is_heading = "", "", False
        return answer


def find_answers(source: NotebookNode) -> list[Answer]:
    """Return what the instructor's notebook asks for, in its order.

    A test belongs to the exercise above it. So do answer cells between the exercise and its first
    test, unless there is a new title.
    """
    answers: list[Answer] = []
    exercise: Answer | None = None
    has_test, question_count, text = False, 0, _Text(_only_title(source))
    for cell in source.cells:
        name = cells.grade_id(cell)
        if cells.is_quiz(cell):
            question_count += 1
            prompt = plain_text(kinds.of(cell).prompt(cell.source).strip().partition("\n\n")[0])
            title = f"Question {question_count}: {prompt}".rstrip(": ")
            answers.append(Answer("question", title, text.section, names=[name]))
            text.latest = text.label = ""
        elif cells.is_task(cell) or cells.is_manual(cell):
            text.add_question(cell)
            answers.append(text.answer("manual", name))
        elif cells.is_answer(cell):
            if exercise is not None and not has_test and not (text.label or text.is_heading):
                exercise.names.append(name)
                continue
            exercise, has_test = text.answer("exercise", name), False
            answers.append(exercise)
        elif cells.is_test(cell):
            if exercise is None:
                exercise = text.answer("exercise", name)
                answers.append(exercise)
            else:
                exercise.names.append(name)
            has_test = True
            text.label, text.is_heading = "", False
        elif cell.cell_type == "markdown":
            text.add(cell.source)
    _distinguish(answers)
    return answers


def _distinguish(answers: list[Answer]) -> None:
    """Shorten long titles, and add the name of the first cell where titles are the same."""
    for answer in answers:
        answer.title = textwrap.shorten(answer.title, MAX_TITLE_CHARS, placeholder=" …")
    counts = Counter(answer.title for answer in answers)
    for answer in answers:
        if counts[answer.title] > 1 and answer.names[0] != answer.title:
            answer.title += f" ({answer.names[0]})"


def plain_text(markdown: str) -> str:
    r"""Return a line of Markdown as plain text.

    Example:
        >>> plain_text("**What** is a [code](#code) of $n$ `int`s?")
        'What is a code of n ints?'
    """
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    text = re.sub(r"[*`]", "", text)
    text = re.sub(r"\$([^$\\]*)\$", r"\1", text)
    return " ".join(re.sub(r"\$[^$]*\$", "…", text).split())  # TeX commands


def notebook_title(source: NotebookNode) -> str:
    """Return the first heading of the highest level as plain text, or an empty string."""
    return next(iter(_titles(source)), "")


def _only_title(source: NotebookNode) -> str:
    titles = _titles(source)
    return _POINTS.sub("", titles[0]) if len(titles) == 1 else ""


def _titles(source: NotebookNode) -> list[str]:
    texts = [_without_code(cell.source) for cell in source.cells if cell.cell_type == "markdown"]
    headings = [heading for text in texts for heading in _HEADING.finditer(text)]
    return [plain_text(heading[2]) for heading in headings if heading[1] == "#"]


def _without_code(markdown: str) -> str:
    """Blank fenced code; positions stay."""
    return _FENCED.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), markdown)


def _first_sentence(text: str) -> str:
    paragraph = plain_text(text.strip().partition("\n\n")[0])
    return re.split(r"(?<=[.:!?]) ", paragraph, maxsplit=1)[0].rstrip(".: ")
