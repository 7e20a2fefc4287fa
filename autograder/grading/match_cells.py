"""Find the instructor's cell for each cell of a submission.

By nbgrader's name or the cell's id. Colab, Kaggle, Deepnote and older versions of Jupyter drop ids
or metadata, so a cell that claims no place by them may still fill an empty one:

- a cell with the instructor's text, apart from ticks, and from numbers in a demonstration;
- a question with the instructor's options;
- a code cell that defines what an exercise asks for, where the exercise should be.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Final

from nbformat import NotebookNode

from autograder import cells
from autograder.cells import is_answer, is_demonstration, is_quiz, is_test
from autograder.grading.submission import Submission, SubmittedCell
from autograder.student_text import TEXT_STUB, released_texts, student_text
from course import quiz
from course.quiz import fields, kinds

Positions = list[int | None]  # for each submitted cell, the index of the instructor's cell

_DEFINED: Final = re.compile(
    r"^(?:(?:async +)?def +|class +)(\w++)|^(\w++)(?: *+: *+[^=\n]*+)? *+=(?!=)", re.MULTILINE
)
_STUB: Final = re.compile(r"raise NotImplementedError(?:\(.*\))?|pass|\.\.\.")
_NUMBER: Final = re.compile(r"\d++(?:\.\d++)?")


def match(source_nb: NotebookNode, submission: Submission) -> Positions:
    """Return the position of each submitted cell in the instructor's notebook, None if it has none.

    Several cells may have the same position.
    """
    by_grade_id, by_cell_id = {}, {}
    for index, source_cell in enumerate(source_nb.cells):
        by_cell_id[source_cell["id"]] = index
        if cells.is_managed(source_cell):
            by_grade_id[cells.grade_id(source_cell)] = index
    positions: Positions = [
        by_grade_id.get(cell.grade_id, by_cell_id.get(cell.id)) for cell in submission.cells
    ]
    if None in positions:
        _match_by_text(source_nb, submission, positions)
        _match_by_options(source_nb, submission, positions)
        _match_by_definition(source_nb, submission, positions)
    return positions


def is_of_lesson(source_nb: NotebookNode, submission: Submission) -> bool:
    """Return whether a notebook has any of the lesson's questions, exercises or tests."""
    positions = match(source_nb, submission)
    return any(
        position is not None and cells.is_managed(source_nb.cells[position])
        for position in positions
    )


def has_more_answers(source_nb: NotebookNode, copy: Submission, main: Submission) -> bool:
    """Return whether a copy of a notebook answers something that the notebook leaves open."""
    texts, added = _texts(source_nb, main)
    copied_texts, copied_added = _texts(source_nb, copy)
    is_code_open = False
    for position, cell in enumerate(source_nb.cells):
        text, copied = texts[position], copied_texts[position]
        if not is_answer(cell) or not _is_blank(cell, text):
            continue
        is_code_open |= cell.cell_type == "code"
        released = cell.source if cell.cell_type == "code" else student_text(cell)
        is_new = copied not in {"", text, plain_text(released)}
        if is_new and (is_quiz(cell) or not _is_blank(cell, copied)):
            return True
    return is_code_open and not copied_added <= added


def _texts(
    source_nb: NotebookNode, submission: Submission
) -> tuple[defaultdict[int, str], set[str]]:
    """Return the student's text of each of the instructor's cells, and of added code cells."""
    texts: defaultdict[int, list[str]] = defaultdict(list)
    added = set()
    for cell, position in zip(submission.cells, match(source_nb, submission), strict=True):
        if position is not None:
            texts[position].append(plain_text(cell.source))
        elif cell.kind == "code" and cell.source.strip():
            added.add(plain_text(cell.source))
    joined = {position: "\n".join(copies) for position, copies in texts.items()}
    return defaultdict(str, joined), added


def _is_blank(source_cell: NotebookNode, text: str) -> bool:
    """Return whether an answer is as it was released, whatever version of the lesson that was."""
    if is_quiz(source_cell):
        return kinds.of(source_cell).state(text, multiple=True) == "blank"
    if source_cell.cell_type != "code":
        stubs = (TEXT_STUB, *cells.stubs(source_cell))
        released = map(plain_text, released_texts(source_cell))
        return text in released or any(stub in text for stub in stubs)
    stubs = tuple(cells.stubs(source_cell))
    given = {line.strip() for stub in stubs for line in stub.split("\n")}
    if "BEGIN SOLUTION" in source_cell.source:  # otherwise all of it is the solution
        before = re.sub(r"(?s)[^\n]*BEGIN SOLUTION.*?END SOLUTION[^\n]*", "", source_cell.source)
        given |= {line.strip() for line in before.split("\n")}
    lines = (line.strip() for line in text.split("\n"))
    return all(
        not line or line.startswith("#") or line in given or _STUB.fullmatch(line) for line in lines
    )


def _match_by_text(source_nb: NotebookNode, submission: Submission, positions: Positions) -> None:
    """Let cells with the instructor's text fill empty places, in place."""
    filled, longest = set(positions), 0
    empty: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)
    for position, source_cell in enumerate(source_nb.cells):
        key = _source_key(source_cell)
        if position not in filled and key[1]:
            empty[key].append(position)
            longest = max(longest, len(source_cell.source))
    for index, cell in enumerate(submission.cells):
        # A much longer text, which may take long to normalize, can't be the instructor's.
        if positions[index] is None and len(cell.source) <= 2 * longest:
            places = next(filter(None, (empty.get(key) for key in _keys(cell))), None)
            positions[index] = _take(places, source_nb) if places else None


def _take(places: deque[int], source_nb: NotebookNode) -> int:
    """Return the next place; further copies of a question or test share the last one."""
    is_shared = len(places) == 1 and cells.is_managed(source_nb.cells[places[0]])
    return places[0] if is_shared else places.popleft()


def _source_key(cell: NotebookNode) -> tuple[str, str]:
    """Return which text fills the cell's place; none fills that of an exercise.

    Nor of a written answer: several may be released with the same text.
    """
    if cells.is_manual(cell):
        return "manual", ""
    if cell.cell_type == "markdown":
        return "markdown", _without_answer(cell.source)
    if is_answer(cell):
        return "exercise", ""
    if is_test(cell):
        return "test", visible_text(cell.source)
    if is_demonstration(cell):
        return "demonstration", _NUMBER.sub("0", plain_text(cell.source))
    return cell.cell_type, plain_text(cell.source)


def _without_answer(source: str) -> str:
    """Return a text without ticks, without what is in fields, and without explanations."""
    return plain_text(fields.bare(quiz.bare(source)))


def _keys(cell: SubmittedCell) -> Iterator[tuple[str, str]]:
    """Yield the keys of the places that a submitted cell can fill, the best first."""
    if cell.kind == "markdown":
        yield "markdown", _without_answer(cell.source)
    else:
        text = plain_text(cell.source)
        yield cell.kind, text
        yield "test", visible_text(text)
        yield "demonstration", _NUMBER.sub("0", text)


def _match_by_options(
    source_nb: NotebookNode, submission: Submission, positions: Positions
) -> None:
    """Let questions whose text was changed fill empty places by their options, in place.

    If fewer cells than places have the same options, as after True or False was asked twice,
    nobody can say which places they fill.
    """
    filled = set(positions)
    empty: defaultdict[frozenset[str], deque[int]] = defaultdict(deque)
    for position, source_cell in enumerate(source_nb.cells):
        if has_options(source_cell) and position not in filled:
            empty[option_names(quiz.parse(source_cell.source))].append(position)
    if not empty:
        return
    found: defaultdict[frozenset[str], list[int]] = defaultdict(list)
    for index, cell in enumerate(submission.cells):
        if positions[index] is None and cell.source:
            found[option_names(quiz.parse(cell.source))].append(index)
    for names, places in empty.items():
        if len(found[names]) >= len(places):
            for index in found[names]:
                positions[index] = _take(places, source_nb)


def has_options(cell: NotebookNode) -> bool:
    """Return whether a cell is a question with options to tick."""
    return is_quiz(cell) and cells.question_kind(cell) == cells.DEFAULT_KIND


def option_names(question: quiz.Question) -> frozenset[str]:
    """Return what identifies a question by its options."""
    return frozenset(option.name for option in question.options)


def _match_by_definition(
    source_nb: NotebookNode, submission: Submission, positions: Positions
) -> None:
    """Let code between its neighbors that defines an exercise's names fill its place, in place."""
    for position, source_cell in enumerate(source_nb.cells):
        if source_cell.cell_type != "code" or not is_answer(source_cell) or position in positions:
            continue
        wanted = _defined_names(source_cell.source)
        placed = [(index, place) for index, place in enumerate(positions) if place is not None]
        first = max((index + 1 for index, place in placed if place < position), default=0)
        end = min((index for index, place in placed if place > position), default=len(positions))
        for index in range(end - 1, first - 1, -1):
            cell = submission.cells[index]
            if (
                cell.kind == "code"
                and positions[index] is None
                and (wanted & _defined_names(cell.source))
            ):
                positions[index] = position
                break


def _defined_names(source: str) -> set[str]:
    return {name for names in _DEFINED.findall(source) for name in names if name}


def plain_text(source: str) -> str:
    """Return a text without trailing space and empty lines around it."""
    return "\n".join(line.rstrip() for line in source.split("\n")).strip("\n")


def visible_text(test: str) -> str:
    """Return what students see of a test: without its hidden part and without spacing."""
    lines, is_hidden = [], False
    for line in test.split("\n"):
        is_hidden = is_hidden or "BEGIN HIDDEN TESTS" in line
        if not is_hidden:
            lines.append("".join(line.split()))
        is_hidden = is_hidden and "END HIDDEN TESTS" not in line
    return "\n".join(lines).strip()
