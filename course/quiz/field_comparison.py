"""The result of comparing the fields of an answer with those of its key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldComparison:
    """What was typed into each of the key's fields, and what is right.

    Attributes:
        answers: The value of each field, in the key's order; empty where nothing was typed.
        correct: The indices of the fields whose value is right.
        doubts: Reasons for manual grading.
        notes: What the student should know about a wrong value, such as a missing unit.
    """

    answers: tuple[str, ...]
    correct: frozenset[int]
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """True if every field is right."""
        return not self.doubts and len(self.correct) == len(self.answers)

    @property
    def blank(self) -> bool:
        """True if nothing was typed."""
        return not any(self.answers) and not self.doubts
