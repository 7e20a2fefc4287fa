"""Give each question a cell of its own again where a student merged several into one cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from nbformat import NotebookNode

from autograder import cells
from autograder.grading.match_cells import Positions, has_options, option_names
from autograder.grading.submission import Submission, SubmittedCell
from course import quiz
from course.quiz import fields
from course.quiz.boxes import read_box
from course.quiz.text import fenced_lines, split_lines, without_layout

_MAX_CHARS: Final = 100_000  # of a cell; a whole lesson has fewer


class MissingQuestions:
    r"""The instructor's questions that no cell of a submission claims.

    Example:
        >>> from autograder.publish import build
        >>> options = "- [x] True\n  > Yes.\n- [ ] False\n  > No."
        >>> text = "".join(f'+++ {{"quiz": "q-{n}"}}\n\nIs it {n}?\n\n{options}\n\n' for n in "ab")
        >>> source = build.notebook_from_text(text)
        >>> merged = "\n\n".join(quiz.bare(cell.source) for cell in source.cells)
        >>> submission = Submission((SubmittedCell("markdown", merged, grade_id="q-a"),))
        >>> [cell.grade_id for cell in MissingQuestions(source, [0]).split(submission, [0]).cells]
        ['q-a', 'q-b']
    """

    def __init__(self, source_nb: NotebookNode, positions: Positions) -> None:
        self._source_nb = source_nb
        places = {
            position: quiz.parse(cell.source)
            for position, cell in enumerate(source_nb.cells)
            if has_options(cell)
        }
        self._texts = {
            position: fields.bare(cell.source).strip().split("\n")
            for position, cell in enumerate(source_nb.cells)
            if cells.is_quiz(cell) and not has_options(cell) and position not in positions
        }
        self._counts = Counter(map(option_names, places.values()))
        self.places = {place: q for place, q in places.items() if place not in positions}

    def __bool__(self) -> bool:
        """Return whether any question is missing."""
        return bool(self.places or self._texts)

    def split(self, submission: Submission, positions: Positions) -> Submission:
        """Return the submission with a cell of its own for each missing question in another cell.

        A part of a cell is a missing question if it has its options and prompt, or its options
        alone if no other question has the same.
        """
        result: list[SubmittedCell] = []
        for submitted, position in zip(submission.cells, positions, strict=True):
            own_parts: list[str] = []
            cell, split_off = self._without_texts(submitted)
            own = self._source_nb.cells[position] if position is not None else None
            own_question = quiz.parse(own.source) if own is not None and has_options(own) else None
            for part in _parts(cell):
                question = quiz.parse(part)
                if own_question and _is_same(question, own_question):
                    own_question = None
                    own_parts.append(part)
                elif (place := self._find(question)) is None:
                    own_parts.append(part)
                else:
                    del self.places[place]
                    name = cells.grade_id(self._source_nb.cells[place])
                    split_off.append(SubmittedCell("markdown", part, grade_id=name))
            result.append(replace(cell, source="\n".join(own_parts)) if split_off else cell)
            result += split_off
        return replace(submission, cells=tuple(result))

    def _without_texts(self, cell: SubmittedCell) -> tuple[SubmittedCell, list[SubmittedCell]]:
        """Cut the missing questions with fields out of a cell that has their released text."""
        cut: list[SubmittedCell] = []
        if not self._texts or cell.kind == "code" or len(cell.source) > _MAX_CHARS:
            return cell, cut
        lines = split_lines(cell.source)
        empty = fields.emptied(cell.source).split("\n")
        for place, text in list(self._texts.items()):
            starts = range(len(empty) - len(text) + 1)
            start = next((n for n in starts if empty[n : n + len(text)] == text), None)
            if start is None:
                continue
            del self._texts[place]
            name = cells.grade_id(self._source_nb.cells[place])
            part = "\n".join(lines[start : start + len(text)])
            cut.append(SubmittedCell("markdown", part, grade_id=name))
            del lines[start : start + len(text)], empty[start : start + len(text)]
        return (replace(cell, source="\n".join(lines)) if cut else cell), cut

    def undecided(self, submission: Submission, positions: Positions) -> set[int]:
        """Return the places that an answer may belong to, although nothing says which one."""
        parts = [
            quiz.parse(part)
            for cell, position in zip(submission.cells, positions, strict=True)
            for part in _parts(cell)[0 if position is None else 1 :]
        ]
        answered = {option_names(question) for question in parts if question.ticked}
        return {place for place, q in self.places.items() if option_names(q) in answered}

    def _find(self, question: quiz.Question) -> int | None:
        names = option_names(question)
        places = [place for place, q in self.places.items() if option_names(q) == names]
        by_prompt = [place for place in places if _is_same(question, self.places[place])]
        if by_prompt:
            return by_prompt[0]
        return places[0] if places and self._counts[names] == 1 else None


def _is_same(question: quiz.Question, original: quiz.Question) -> bool:
    """Return whether a question has the original's options and prompt, maybe below other text."""
    prompt, original_prompt = without_layout(question.prompt), without_layout(original.prompt)
    has_prompt = bool(original_prompt) and prompt.endswith(original_prompt)
    return has_prompt and option_names(question) == option_names(original)


def _parts(cell: SubmittedCell) -> list[str]:
    """Return the parts of a cell, each with a prompt and options; the last may have no options."""
    if cell.kind == "code" or not cell.source.strip() or len(cell.source) > _MAX_CHARS:
        return [cell.source]
    return ["\n".join(lines) for lines in _split(split_lines(cell.source))]


def _split(lines: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    has_options = False
    for line, is_fenced in zip(lines, fenced_lines(lines), strict=True):
        is_option = not is_fenced and read_box(line) is not None
        is_prompt = not is_option and bool(line.strip()) and not line[0].isspace()
        if has_options and is_prompt and not is_fenced and not line.startswith(">"):
            yield part
            part, has_options = [], False
        part.append(line)
        has_options = has_options or is_option
    yield part
