"""A question of any kind with several variants, as it is in ``source/``; see `course.quiz.pool`."""

from __future__ import annotations

from collections.abc import Iterator

from course.quiz import pool
from course.quiz.kinds.base import AnyComparison, Kind, State


class Pool(Kind):
    """All variants of a question in one text; students get the first, until theirs is drawn.

    A pool clears and checks all its variants. Choose one before comparing an answer.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.name, self.credit_rules = kind.name, kind.credit_rules
        self.unanswered, self.deleted = kind.unanswered, kind.deleted
        self.answer_below = kind.answer_below

    def released(self, source: str) -> list[str]:
        """Return each variant as students may see it."""
        return [self.kind.bare(variant) for variant in pool.split(source)]

    def bare(self, source: str) -> str:
        """Return the first variant as it is released."""
        return self.kind.bare(pool.split(source)[0])

    def prompt(self, source: str) -> str:
        """Return what the first variant asks."""
        return self.kind.prompt(pool.split(source)[0])

    def check_key(self, source: str, *, multiple: bool) -> None:
        """Require variants that are questions by themselves and can be told apart."""
        variants, released = pool.split(source), self.released(source)
        for number, variant in enumerate(variants, 1):
            try:
                self.kind.check_key(variant, multiple=multiple)
            except ValueError as error:
                raise ValueError(f"variant {number}: {error}") from error
            for copy in (released[number - 1], self.kind.solved(variant)):
                if others := [
                    n + 1 for n in pool.find(self.kind, copy, released) if n + 1 != number
                ]:
                    raise ValueError(
                        f"variant {number} can't be told from variant {others[0]}; change the text"
                        " above the answer"
                    )

    def explanations(self, source: str) -> Iterator[str]:
        """Yield those of all variants."""
        for variant in pool.split(source):
            yield from self.kind.explanations(variant)

    def key_texts(self, source: str) -> Iterator[str]:
        """Yield those of all variants."""
        for variant in pool.split(source):
            yield from self.kind.key_texts(variant)

    def solved(self, source: str) -> str:
        """Return the first variant with its key as the answer."""
        return self.kind.solved(pool.split(source)[0])

    def state(self, source: str, *, multiple: bool) -> State:
        """Return how far the learner has come with one variant."""
        return self.kind.state(source, multiple=multiple)

    def is_intact(self, source: str, released: str) -> bool:
        """Return whether a copy still has the text of one variant."""
        return self.kind.is_intact(source, released)

    def restore(self, released: str, rest: str) -> str:
        """Return one variant with the answer that can still be read."""
        return self.kind.restore(released, rest)

    def has_place(self, source: str) -> bool:
        """Return whether a copy has a place for an answer."""
        return self.kind.has_place(source)

    def compare(self, answer: str, key: str, *, is_part: bool = False) -> AnyComparison:
        """Compare an answer with the first variant."""
        return self.kind.compare(answer, pool.split(key)[0], is_part=is_part)

    def is_in_words(self, text: str, key: str) -> bool:
        """Return whether a text may be an answer to one of the variants."""
        return any(self.kind.is_in_words(text, variant) for variant in pool.split(key))
