"""The kinds of question; a new one is a module here and one in ``course/labextension/static``.

Example:
    >>> of({"metadata": {"course": {"quiz": {"kind": "number"}}}}).bare("It is [[30]].")
    'It is [[ ]].'
    >>> sorted(KINDS)
    ['blanks', 'choice', 'match', 'number', 'order', 'text']
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from course.quiz import cells
from course.quiz.kinds.base import (
    ALL_OR_NOTHING,
    EACH_FIELD,
    EACH_OPTION,
    AnyComparison,
    Kind,
    State,
)
from course.quiz.kinds.blanks import Blanks
from course.quiz.kinds.choice import Choice
from course.quiz.kinds.fields import FieldKind
from course.quiz.kinds.match import Match
from course.quiz.kinds.number import Number
from course.quiz.kinds.order import Order
from course.quiz.kinds.pool import Pool
from course.quiz.kinds.text import Text

KINDS: Final[dict[str, Kind]] = {
    kind.name: kind for kind in (Choice(), Number(), Text(), Blanks(), Order(), Match())
}

__all__ = [
    "ALL_OR_NOTHING",
    "EACH_FIELD",
    "EACH_OPTION",
    "KINDS",
    "AnyComparison",
    "FieldKind",
    "Kind",
    "Pool",
    "State",
    "named",
    "of",
]


def named(name: str) -> Kind:
    """Return the kind with this name; students can edit it, so an unknown one is a choice."""
    return KINDS.get(name, KINDS["choice"])


def of(cell: Mapping[str, Any]) -> Kind:
    """Return the kind of a question's cell; of a pool with all its variants, a `Pool`."""
    kind = named(cells.question_kind(cell))
    return Pool(kind) if cells.is_pool(cell) else kind
