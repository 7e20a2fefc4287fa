"""What every kind of question can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Final, Literal

from course.quiz.compare import Comparison
from course.quiz.field_comparison import FieldComparison

# How far a learner has come with a question that isn't damaged.
State = Literal["answered", "blank", "incomplete", "many", "unclear"]
AnyComparison = Comparison | FieldComparison

ALL_OR_NOTHING: Final = "all-or-nothing"
EACH_OPTION: Final = "each-option"
EACH_FIELD: Final = "each-field"


class Kind(ABC):
    """A kind of question: how its text is parsed, cleared, read, compared and described.

    The methods take the source of a cell: the key's is the one in ``source/``, the released one has
    no answer, and the student's has theirs.
    """

    name: str
    credit_rules: tuple[str, ...]
    unanswered: str  # a sentence about an answer that is empty
    deleted: str  # a sentence about a copy without any place for the answer
    answer_below: str  # a sentence about an empty answer above a cell that may have it

    @abstractmethod
    def bare(self, source: str) -> str:
        """Return the student's version, which depends on neither key nor explanations."""

    @abstractmethod
    def prompt(self, source: str) -> str:
        """Return what is asked, in Markdown, without any answer."""

    @abstractmethod
    def check_key(self, source: str, *, multiple: bool) -> None:
        """Raise a ValueError that says what an author has to fix."""

    @abstractmethod
    def explanations(self, source: str) -> Iterator[str]:
        """Yield each explanation of the key."""

    @abstractmethod
    def key_texts(self, source: str) -> Iterator[str]:
        """Yield what the right answer looks like in a student's cell."""

    @abstractmethod
    def solved(self, source: str) -> str:
        """Return the student's version with the key as its answer."""

    @abstractmethod
    def state(self, source: str, *, multiple: bool) -> State:
        """Return how far the learner has come."""

    @abstractmethod
    def is_intact(self, source: str, released: str) -> bool:
        """Return whether a student's copy still has the released text around the answer."""

    @abstractmethod
    def restore(self, released: str, rest: str) -> str:
        """Return the released question with the answer that can still be read from the rest."""

    @abstractmethod
    def has_place(self, source: str) -> bool:
        """Return whether a copy has a place for an answer."""

    @abstractmethod
    def compare(self, answer: str, key: str, *, is_part: bool = False) -> AnyComparison:
        """Compare an answer with its key."""

    @abstractmethod
    def is_in_words(self, text: str, key: str) -> bool:
        """Return whether a text, such as the cell below a question, may be an answer to it."""
