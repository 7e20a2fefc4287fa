r"""Carry a learner's answers over into a corrected version of their notebook.

The new release is the frame: its text, tests and order. Each answer is put into the cell with the
same name or id, and each cell that the learner added stays below the same neighbor.

Example:
    >>> new = {"cells": [{"id": "q", "cell_type": "markdown", "metadata": {"course": {"quiz": {}}},
    ...                   "source": "Even?\n- [ ] one\n- [ ] two"}]}
    >>> own = {"cells": [{**new["cells"][0], "source": "Evn?\n- [ ] one\n- [x] two"}]}
    >>> carried = carry_over(new, own)
    >>> print(carried.notebook["cells"][0]["source"], carried.kept)
    Even?
    - [ ] one
    - [x] two ['q']
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from course import quiz
from course.quiz import cells, kinds, pool

Cell = dict[str, Any]

EARLIER: Final = "**Your earlier version of the cell above:**"
REMOVED: Final = "**Your answer to a question that the new version no longer has:**"


@dataclass
class CarriedOver:
    """The new notebook and what moved, for the report.

    Attributes:
        notebook: The new release with the learner's answers.
        kept: The answers that were carried over, by name.
        choose_again: Questions of which a chosen option is gone or can't be read.
        replaced: How many cells of the lesson have a new text.
        own_cells: How many cells of the learner's own were kept.
        set_aside: How many earlier texts were kept in a cell of their own.
    """

    notebook: Cell
    kept: list[str] = field(default_factory=list)
    choose_again: list[str] = field(default_factory=list)
    replaced: int = 0
    own_cells: int = 0
    set_aside: int = 0


def carry_over(
    new: Mapping[str, Any], own: Mapping[str, Any], old: Mapping[str, Any] | None = None
) -> CarriedOver:
    """Return the new release with the answers in a learner's notebook.

    Args:
        new: The new release.
        own: The learner's notebook, of an earlier release.
        old: That release; without it an untouched cell can't be told from an edited one.
    """
    result = CarriedOver({**copy.deepcopy(dict(new)), "cells": []})
    places = {key: index for index, cell in enumerate(new["cells"]) for key in _keys(cell)}
    originals = {key: cell for cell in (old or {}).get("cells", []) for key in _keys(cell)}
    copies, added = _assign(own.get("cells", []), places)
    earlier_pools = {
        cells.grade_id(question): pool.variants_of(question)
        for question in cells.released_questions(own)
    }
    result.notebook["cells"] += _own_cells(added[-1], originals, result)
    for index, cell in enumerate(new["cells"]):
        texts = copies[index]
        original = next((originals[key] for key in _keys(cell) if key in originals), None)
        result.notebook["cells"] += _merge(
            copy.deepcopy(cell), texts, original, earlier_pools, result
        )
        result.notebook["cells"] += _own_cells(added[index], originals, result)
    _make_ids_unique(result.notebook["cells"])
    return result


def _keys(cell: Mapping[str, Any]) -> list[str]:
    """Return what identifies a cell, the best first."""
    names = {"name": cells.grade_id(cell), "id": cells.cell_id(cell)}
    return [f"{kind} {value}" for kind, value in names.items() if value]


def _assign(
    own: list[Any], places: Mapping[str, int]
) -> tuple[defaultdict[int, list[Cell]], defaultdict[int, list[Cell]]]:
    """Return the learner's copies of each new cell, and their own cells by the cell above."""
    copies: defaultdict[int, list[Cell]] = defaultdict(list)
    added: defaultdict[int, list[Cell]] = defaultdict(list)
    above = -1
    for cell in own:
        if not isinstance(cell, dict):
            continue
        index = next((places[key] for key in _keys(cell) if key in places), None)
        if index is None or (copies[index] and not cells.is_quiz(cell)):
            added[above].append(cell)
        else:
            copies[index].append(cell)
            above = index
    return copies, added


def _merge(
    cell: Cell,
    texts: list[Cell],
    original: Mapping[str, Any] | None,
    earlier_pools: Mapping[str, list[str]],
    result: CarriedOver,
) -> Iterator[Cell]:
    """Yield the new cell with the learner's answer, and what can't be merged below it."""
    if not texts:
        yield cell
        return
    earlier, text = texts[0], _source(texts[0])
    is_untouched = original is not None and _plain(text) == _plain(_source(original))
    name = cells.grade_id(cell) or cells.cell_id(cell)
    if cells.is_quiz(cell) or cells.is_prediction(cell):
        answers = [_source(copied) for copied in texts]
        if _choose_variant(cell, answers, name, earlier_pools, result.notebook):
            _answer_question(cell, answers, name, result)
        else:
            result.choose_again.append(name)
    elif cells.is_answer(cell):
        if not is_untouched and _plain(text) != _plain(_source(cell)):
            cell["source"] = text
            result.kept.append(name)
        _keep_outputs(cell, earlier, text)
    elif _plain(text) == _plain(_source(cell)):
        _keep_outputs(cell, earlier, text)
    elif is_untouched or cells.is_test(cell) or (original is None and not _is_code(cell)):
        result.replaced += 1
    elif original is not None and _plain(_source(original)) == _plain(_source(cell)):
        cell["source"] = text  # the learner's experiment with a cell that hasn't changed
        _keep_outputs(cell, earlier, text)
    else:
        result.replaced += 1
        result.set_aside += 1
        yield cell
        yield _set_aside(earlier, EARLIER)
        return
    yield cell


def _choose_variant(
    cell: Cell,
    texts: list[str],
    name: str,
    earlier_pools: Mapping[str, list[str]],
    notebook: Mapping[str, Any],
) -> bool:
    """Give a pool's cell the variant that the learner had; return whether that is known."""
    question = next(
        (q for q in cells.released_questions(notebook) if cells.grade_id(q) == name), {}
    )
    variants = pool.variants_of(question)
    kind = kinds.of(cell)
    if not variants or all(kind.state(text, multiple=True) == "blank" for text in texts):
        return True
    for known in (variants, earlier_pools.get(name, [])):
        found = {index for text in texts for index in pool.find(kind, text, known)}
        if len(found) == 1 and max(found) < len(variants):
            cell["source"] = variants[found.pop()]
            if isinstance(question, dict):
                question["source"] = cell["source"]
            return True
    return False


def _answer_question(cell: Cell, texts: list[str], name: str, result: CarriedOver) -> None:
    """Tick the options that the learner had ticked, or fill in the fields, in place."""
    kind = kinds.of(cell)
    if isinstance(kind, kinds.FieldKind):
        typed = {value for text in texts for value in kind.values(text)}
        if typed:
            cell["source"] = kind.restore(_source(cell), "\n\n".join(texts))
            is_kept = typed <= set(kind.values(cell["source"]))
            (result.kept if is_kept else result.choose_again).append(name)
        return
    ticked = {option.name for text in texts for option in quiz.parse(text).ticked}
    if not ticked:
        return
    cell["source"] = quiz.restore(_source(cell), "\n\n".join(texts))
    if len(quiz.parse(cell["source"]).ticked) < len(ticked):
        result.choose_again.append(name)
    else:
        result.kept.append(name)


def _own_cells(
    added: list[Cell], originals: Mapping[str, Mapping[str, Any]], result: CarriedOver
) -> Iterator[Cell]:
    """Yield the learner's own cells, and their answers to what the new version doesn't have."""
    for cell in added:
        original = next((originals[key] for key in _keys(cell) if key in originals), None)
        if original is not None and _plain(_source(cell)) == _plain(_source(original)):
            continue  # the lesson's own, which the new version has dropped
        if cells.grade_id(cell):
            result.set_aside += 1
            yield _set_aside(cell, REMOVED)
        elif _source(cell).strip() or original is None:
            result.own_cells += 1
            yield copy.deepcopy(cell)


def _set_aside(cell: Mapping[str, Any], heading: str) -> Cell:
    """Return a text cell that shows an earlier text and takes part in nothing."""
    text = _source(cell)
    if _is_code(cell):
        fence = "`" * max(3, 1 + max(map(len, _runs_of_backticks(text)), default=0))
        text = f"{fence}python\n{text}\n{fence}"
    identity = f"earlier-{cells.cell_id(cell)}"[:64]
    source = f"{heading}\n\n{text}"
    return {"cell_type": "markdown", "id": identity, "metadata": {}, "source": source}


def _is_code(cell: Mapping[str, Any]) -> bool:
    return cell.get("cell_type") == "code"


def _runs_of_backticks(text: str) -> list[str]:
    return ["`" * len(run) for run in "".join(c if c == "`" else " " for c in text).split()]


def _keep_outputs(cell: Cell, earlier: Mapping[str, Any], text: str) -> None:
    """Take over what the cell has shown, if it is still the same code."""
    if _is_code(cell) and _plain(_source(cell)) == _plain(text):
        for key in ("outputs", "execution_count"):
            if key in earlier:
                cell[key] = copy.deepcopy(earlier[key])


def _make_ids_unique(notebook_cells: list[Cell]) -> None:
    seen: set[str] = set()
    for cell in notebook_cells:
        identity, number = cells.cell_id(cell), 2
        while identity and cell.get("id") and cell["id"] in seen:
            cell["id"] = f"{identity[:60]}-{number}"
            number += 1
        seen.add(str(cell.get("id", "")))


def _source(cell: Mapping[str, Any]) -> str:
    text = cell.get("source", "")
    lines = text if isinstance(text, list) else [text]
    return "".join(line for line in lines if isinstance(line, str))


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")
