"""Put lines in order: ``- [[2]] the second step``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from course.quiz.field_comparison import FieldComparison
from course.quiz.fields import Field
from course.quiz.kinds.fields import FieldKind, Judgement

_PLACE: Final = re.compile(r"#?\s*(\d{1,2})\s*(?:[.):]|st|nd|rd|th)?")
LIST_ITEM: Final = re.compile(r"\s*(?:[-*+]|\d{1,2}[.)])\s+")


def read_place(value: str) -> int | None:
    """Return a place, such as 2 of "2." or "2nd"; None if it is something else."""
    match = _PLACE.fullmatch(value.casefold().strip())
    return int(match[1]) if match else None


class Order(FieldKind):
    """A list whose items get the numbers from 1 on."""

    name = "order"
    max_fields = 10

    def judge(self, value: str, key: Field, _question: str) -> Judgement:
        """Judge the place of one item."""
        place = read_place(value)
        if place is None:
            return None, f"“{value[:40]}” isn't a place in the order."
        return place == int(key.value), ""

    def shown_answer(self, value: str, key: Field) -> str:
        """Return the place with its item."""
        return item_answer(value, key)

    def compare(self, answer: str, key: str, *, is_part: bool = False) -> FieldComparison:
        """Compare the places; one that is given twice counts for neither item."""
        result = super().compare(answer, key, is_part=is_part)
        counts = Counter(map(read_place, result.answers))
        correct = {i for i in result.correct if counts[read_place(result.answers[i])] == 1}
        is_twice = len(correct) < len(result.correct)
        notes = ("A place is given twice.",) if is_twice else ()
        return replace(result, correct=frozenset(correct), notes=(*result.notes, *notes))

    def check_fields(self, keys: Sequence[Field], _source: str) -> None:
        """Require each place once, in another order than written."""
        check_items(keys)
        places = [read_place(key.value) or 0 for key in keys]
        if sorted(places) != list(range(1, len(keys) + 1)):
            raise ValueError(
                f"the places must be 1 to {len(keys)}, each once; got"
                f" {', '.join(key.value for key in keys)}"
            )
        if places in (sorted(places), sorted(places, reverse=True)):
            raise ValueError("the items are written in their order; mix them")


def item_answer(value: str, key: Field) -> str:
    """Return what an item of a list got, with its text."""
    return f"{value.rstrip('.)')}: {key.after.strip()}"


def check_items(keys: Sequence[Field]) -> None:
    """Require a list of three items or more, each with its field at the start."""
    if len(keys) < 3:
        raise ValueError(f"a list needs at least three items, got {len(keys)}")
    for key in keys:
        if not LIST_ITEM.fullmatch(key.before) or not key.after.strip():
            line = f"{key.before}[[{key.value}]]{key.after}"
            raise ValueError(f"write an item as '- [[key]] text', got {line!r}")
    labels = [key.label for key in keys]
    if len(set(labels)) < len(labels):
        raise ValueError("two items look the same; change one of them")
