"""Choose among options: one, or with ``"multiple": true`` all that apply."""

from __future__ import annotations

from collections.abc import Iterator

from course.quiz.compare import Comparison, compare, is_in_words
from course.quiz.kinds.base import ALL_OR_NOTHING, EACH_OPTION, Kind, State
from course.quiz.restore import is_intact, restore
from course.quiz.text import bare, mark, parse


class Choice(Kind):
    """A task list; ``[x]`` is the key, and the answer."""

    name = "choice"
    credit_rules = (ALL_OR_NOTHING, EACH_OPTION)
    unanswered = "No option is ticked."
    deleted = "The options were deleted."
    answer_below = "No option is ticked, but a cell below may have the answer."

    def bare(self, source: str) -> str:
        """Return the list without ticks and explanations."""
        return bare(source)

    def prompt(self, source: str) -> str:
        """Return the text above the list."""
        return parse(source).prompt

    def check_key(self, source: str, *, multiple: bool) -> None:
        """Require two options or more, the right number of ticks, and explanations."""
        question = parse(source)
        ticks = len(question.ticked)
        if len(question.options) < 2:
            raise ValueError(f"a question needs at least two options, got {len(question.options)}")
        if ticks == 0 or (ticks > 1 and not multiple):
            raise ValueError(
                f"{ticks} options are ticked; tick exactly one, or one or more with"
                ' "multiple": true'
            )
        unexplained = [option.text for option in question.options if not option.explanation]
        if unexplained:
            raise ValueError(
                f"the option {unexplained[0]!r} has no explanation; add '> ...' below it"
            )
        compare(question, question)  # raises ValueError if two options look the same

    def explanations(self, source: str) -> Iterator[str]:
        """Yield that of each option."""
        for option in parse(source).options:
            yield option.explanation

    def key_texts(self, source: str) -> Iterator[str]:
        """Yield the ticked options."""
        for option in parse(source).ticked:
            yield f"[x] {option.text}"

    def solved(self, source: str) -> str:
        """Return the list without explanations, with the key's ticks."""
        key = {index for index, option in enumerate(parse(source).options) if option.ticked}
        return mark(bare(source), key)

    def state(self, source: str, *, multiple: bool) -> State:
        """Return how far the learner has come."""
        question = parse(source)
        if question.mixed or question.stray_ticks:
            return "unclear"
        if not question.ticked:
            return "blank"
        return "many" if len(question.ticked) > 1 and not multiple else "answered"

    def is_intact(self, source: str, released: str) -> bool:
        """Return whether a copy has the prompt and exactly the released options."""
        return is_intact(source, released)

    def restore(self, released: str, rest: str) -> str:
        """Return the released list with the ticks of the rest."""
        return restore(released, rest)

    def has_place(self, source: str) -> bool:
        """Return whether there are options to tick."""
        return bool(parse(source).options)

    def compare(self, answer: str, key: str, *, is_part: bool = False) -> Comparison:
        """Compare an answer with its key."""
        return compare(parse(answer), parse(key), is_part=is_part)

    def is_in_words(self, text: str, key: str) -> bool:
        """Return whether a text names an option."""
        return is_in_words(text, parse(key))
