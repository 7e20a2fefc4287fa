"""Find lessons whose questions can be guessed from the place or the length of their options."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import nbformat
from nbformat import NotebookNode

from autograder import cells
from autograder.publish.cell_roles import AuthoringError
from course import quiz
from course.quiz import pool

MAX_SHARE: Final = 0.4
MIN_QUESTIONS: Final = 5  # with fewer, chance alone exceeds the share


def check(text: Path) -> None:
    """Check the notebook that was built from a lesson's text.

    Raises:
        AuthoringError: A simple rule guesses too many keys.
    """
    nb = NotebookNode(nbformat.read(text.with_suffix(".ipynb"), as_version=4))
    if rules := find_rules(nb):
        raise AuthoringError(
            f"{text.parent.name}/{text.name}: too many keys can be guessed: {'; '.join(rules)}."
            " Reorder the options, or make their lengths more equal."
        )


def find_rules(nb: NotebookNode) -> list[str]:
    r"""Return a sentence for each rule that guesses too many of a lesson's keys.

    Example:
        >>> from autograder.publish.build import notebook_from_text
        >>> question = '+++ {{"quiz": "q{}"}}\n\nQ\n\n- [x] a{}\n  > Yes.\n- [ ] b\n  > No.\n\n'
        >>> nb = notebook_from_text("".join(question.format(n * "q", n) for n in range(1, 4)))
        >>> find_rules(nb)  # too few questions to tell
        []

    Only questions with one right option count. A rule may be right by chance in one question more
    than `MAX_SHARE` of them. Each variant of a pool counts as a part of a question.
    """
    questions = single_choice_questions(nb)
    if len(questions) < MIN_QUESTIONS:
        return []
    hits: Counter[str] = Counter()
    for variants in questions:
        for rule in (rule for question in variants for rule in successful_rules(question)):
            hits[rule] += 1 / len(variants)  # type: ignore[assignment]  # a share of a question
    return [
        f"“Choose {rule}” is right in {count:g} of {len(questions)} questions"
        for rule, count in hits.items()
        if count > MAX_SHARE * len(questions) + 1
    ]


def single_choice_questions(nb: NotebookNode) -> list[tuple[quiz.Question, ...]]:
    """Return the questions of a notebook that have one right option, each with its variants."""
    return [
        tuple(map(quiz.parse, pool.split(cell.source) if cells.is_pool(cell) else (cell.source,)))
        for cell in nb.cells
        if cells.is_quiz(cell)
        and cells.question_kind(cell) == cells.DEFAULT_KIND
        and not cells.allows_multiple(cell)
    ]


def successful_rules(question: quiz.Question) -> Iterator[str]:
    """Yield the rules that choose the right option."""
    lengths = [len(option.text) for option in question.options]
    key = next(index for index, option in enumerate(question.options) if option.ticked)
    yield f"option {key + 1}"
    if key == len(lengths) - 1:
        yield "the last option"
    if lengths[key] == max(lengths):
        yield "the longest option"
    if lengths[key] == min(lengths):
        yield "the shortest option"
    for first in range(len(lengths)):
        for second in range(first + 1, len(lengths)):
            if key in {first, second} and lengths[key] == max(lengths[first], lengths[second]):
                yield f"the longer of options {first + 1} and {second + 1}"
