"""Question pools in grading: each student's own variant, and answers to somebody else's.

Which variant a student has is worked out from their name, as when the notebook was personalized;
what the submitted notebook says about it is never read.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Final

from nbformat import NotebookNode

from autograder import cells
from course.quiz import kinds, pool
from course.quiz.text import without_layout

FOREIGN: Final = "It answers a variant of this question that another student has."
SEVERAL: Final = "It answers several variants of this question."
MAX_SEARCHED_TEXTS: Final = 5000  # for a pool whose cell is missing; a lesson has some 60
TOO_LONG: Final = "The cell is too long to be read."
UNCLEAR: Final = "The question was changed, so it isn't clear which variant of it this answers."


def for_student(source_nb: NotebookNode, student: str) -> NotebookNode:
    r"""Return the instructor's notebook with the student's variant of each pool.

    Example:
        >>> from autograder.publish import build
        >>> text = '+++ {"quiz": "even", "kind": "number", "pool": true}\n\n'
        >>> text += "| n | twice |\n|---|---|\n| 3 | 6 |\n| 5 | 10 |\n\n"
        >>> source = build.notebook_from_text(text + "Twice {{n}}? [[{{twice}}]]\n\n> Add it.")
        >>> for_student(source, "ada").cells[0].source
        'Twice 5? [[10]]\n\n> Add it.'

    A notebook without pools is returned as it is. Without a name, the first variants are chosen.
    """
    return _with_variants(
        source_nb,
        {
            cells.grade_id(cell): pool.draw(
                cells.grade_id(cell), student, len(pool.split(cell.source))
            )
            for cell in source_nb.cells
            if cells.is_pool(cell)
        },
    )


def as_graded(source_nb: NotebookNode, graded_nb: NotebookNode) -> NotebookNode:
    """Return the instructor's notebook with the variants of a merged or graded notebook."""
    if not any(map(cells.is_pool, source_nb.cells)):
        return source_nb
    return _with_variants(
        source_nb, {cells.grade_id(cell): cells.variant(cell) or 0 for cell in graded_nb.cells}
    )


def as_submitted(source_nb: NotebookNode, texts: Mapping[str, str]) -> NotebookNode:
    """Return the instructor's notebook with the variants that were submitted, by `grade_id`."""
    chosen = {}
    for cell in source_nb.cells:
        if cells.is_pool(cell):
            kind, _, released = _read(cell)
            found = pool.find(kind, texts.get(cells.grade_id(cell), ""), released)
            chosen[cells.grade_id(cell)] = found[0] if len(found) == 1 else 0
    return _with_variants(source_nb, chosen)


def own_variant(source_cell: NotebookNode, variant: int | None) -> NotebookNode:
    """Return a question with one of its variants; other questions stay as they are."""
    if not cells.is_pool(source_cell):
        return source_cell
    variants = pool.split(source_cell.source)
    index = variant if variant is not None and variant < len(variants) else 0
    cell = copy.deepcopy(source_cell)
    cell["source"] = variants[index]
    cells.set_variant(cell, index)
    return cell


def own_text(pool_cell: NotebookNode, own_cell: NotebookNode, text: str) -> str:
    """Return the text of a submitted copy; of the instructor's own pool, the student's variant.

    So an instructor can submit their own notebook to try it out.
    """
    return own_cell.source if text.strip() == pool_cell.source.strip() else text


def own_copies(source_cell: NotebookNode, copies: Sequence[str], own: int) -> tuple[list[str], str]:
    """Return the copies of a pool's cell that answer the student's own variant.

    Unanswered copies of other variants are left out.

    Args:
        source_cell: The pool.
        copies: What was submitted.
        own: The student's variant.

    Returns:
        The copies, and why a person must decide, or an empty string.
    """
    kind, variants, released = _read(source_cell)
    kept = []
    for text in copies:
        if len(text) > pool.MAX_READ_CHARS:
            return [], TOO_LONG
        found = pool.find(kind, text, released)
        is_blank = kind.state(text, multiple=True) == "blank"
        if found == [own] or (is_blank and not found):
            kept.append(text)
        elif is_blank:
            continue
        elif found:
            return [], FOREIGN if len(found) == 1 else SEVERAL
        elif kind.compare(text, variants[own]).right:
            kept.append(text)
        else:
            return [], UNCLEAR
    return kept, ""


def occurs_in(source_cell: NotebookNode, texts: Sequence[str]) -> bool:
    """Return whether any variant of a pool is in a text, answered."""
    kind, _, released = _read(source_cell)
    variants = [without_layout(variant) for variant in released]
    for text in texts[:MAX_SEARCHED_TEXTS]:
        if len(text) > pool.MAX_READ_CHARS or kind.state(text, multiple=True) == "blank":
            continue
        plain = without_layout(kind.bare(text))
        if any(variant in plain for variant in variants):
            return True
    return False


def _read(source_cell: NotebookNode) -> tuple[kinds.Kind, tuple[str, ...], list[str]]:
    """Return the kind of a pool, its variants with their keys, and as they were released."""
    kind = kinds.named(cells.question_kind(source_cell))
    variants = pool.split(source_cell.source)
    return kind, variants, [kind.bare(variant) for variant in variants]


def _with_variants(source_nb: NotebookNode, chosen: dict[str, int]) -> NotebookNode:
    if not any(map(cells.is_pool, source_nb.cells)):
        return source_nb
    own = [own_variant(cell, chosen.get(cells.grade_id(cell))) for cell in source_nb.cells]
    return NotebookNode({**source_nb, "cells": own})
