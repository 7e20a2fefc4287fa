"""What the kinds of question have in common whose answer is typed into fields of the text."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from course.quiz import fields
from course.quiz.compare import explain_change
from course.quiz.field_comparison import FieldComparison
from course.quiz.fields import Field
from course.quiz.kinds.base import ALL_OR_NOTHING, EACH_FIELD, Kind, State
from course.quiz.text import normalized

_MAX_DOUBTS: Final = 3
_MAX_WORDS_CHARS: Final = 2_000
_FILLERS: Final = ("my answer is", "the answer is", "my answer:", "answer:", "it is", "=")

Judgement = tuple[bool | None, str]  # right, wrong or None for a doubt; and a note or the doubt


class FieldKind(Kind):
    """A text with fields; a kind says what is right in one of them."""

    credit_rules = (ALL_OR_NOTHING, EACH_FIELD)
    unanswered = "Nothing is filled in."
    deleted = "The place for the answer was deleted."
    answer_below = "Nothing is filled in, but a cell below may have the answer."
    max_fields = fields.MAX_FIELDS

    @abstractmethod
    def judge(self, value: str, key: Field, question: str) -> Judgement:
        """Judge what was typed into one field; ``question`` is the source of the key."""

    def check_fields(self, keys: Sequence[Field], source: str) -> None:
        """Raise a ValueError if the kind can't use these keys."""

    def bare(self, source: str) -> str:
        """Return the text with empty fields and without explanations."""
        return fields.bare(source)

    def prompt(self, source: str) -> str:
        """Return the text with an ellipsis for each field."""
        return fields.without_fields(fields.bare(source), "…").strip()

    def check_key(self, source: str, *, multiple: bool) -> None:
        """Require keys that their own kind takes for right, and an explanation."""
        if multiple:
            raise ValueError('"multiple" is for questions with options; remove it')
        keys = fields.parse(source)
        if not keys:
            raise ValueError("the question has no field; write the key as [[key]]")
        if len(keys) > self.max_fields:
            raise ValueError(
                f"{self.name}: {len(keys)} fields; at most {self.max_fields} are allowed"
            )
        for key in keys:
            if not key.value or len(key.value) > fields.MAX_VALUE_CHARS:
                raise ValueError(
                    f"the field in {_line(key)!r} needs a key of 1 to {fields.MAX_VALUE_CHARS}"
                    f" characters, got {len(key.value)}"
                )
        if not any(key.explanation for key in keys):
            raise ValueError("the answer has no explanation; add '> ...' below it")
        self.check_fields(keys, source)
        if not self.compare(self.solved(source), source).right:
            raise ValueError("the key doesn't solve its own question; check each field")
        for key in keys:
            self._check_remarks(key, source)

    def _check_remarks(self, key: Field, source: str) -> None:
        for value, _ in key.remarks:
            typed = self.shown_key(Field(value, key.before, key.after))
            if self.judge(typed, key, source)[0] is not False:
                raise ValueError(f"the remark on [[{value}]] is about a value that isn't wrong")

    def explanations(self, source: str) -> Iterator[str]:
        """Yield that of each field, and each remark on a wrong answer."""
        for key in fields.parse(source):
            yield key.explanation
            yield from (text for _, text in key.remarks)

    def key_texts(self, source: str) -> Iterator[str]:
        """Yield the fields with their keys."""
        for key in fields.parse(source):
            yield f"[[{key.value}]]"

    def shown_key(self, key: Field) -> str:
        """Return a value of a key as a student would type it."""
        return key.value

    def solved(self, source: str) -> str:
        """Return the text without explanations, with a right value in each field."""
        return fields.fill(fields.bare(source), list(map(self.shown_key, fields.parse(source))))

    def state(self, source: str, *, multiple: bool) -> State:  # noqa: ARG002  of choices only
        """Return how far the learner has come."""
        values = [field.value for field in fields.parse(source)]
        if not any(values):
            return "blank"
        return "answered" if all(values) else "incomplete"

    def is_intact(self, source: str, released: str) -> bool:
        """Return whether a copy has the released text, with its fields, somewhere."""
        return fields.skeleton(released) in fields.skeleton(source)

    def restore(self, released: str, rest: str) -> str:
        """Return the released text with the values that can still be assigned."""
        originals = fields.parse(released)
        values = _assign(fields.parse(rest), originals)
        return fields.fill(released, values or [""] * len(originals))

    def values(self, source: str) -> list[str]:
        """Return what was typed into the fields."""
        return [field.value for field in fields.parse(source) if field.value]

    def has_place(self, source: str) -> bool:
        """Return whether there are fields."""
        return bool(fields.parse(source))

    def compare(self, answer: str, key: str, *, is_part: bool = False) -> FieldComparison:
        """Compare an answer with its key, field by field."""
        keys = fields.parse(key)
        found = fields.parse(answer)
        values = _assign(found, keys)
        doubts: list[str] = []
        if values is None:
            typed = [field.value for field in found if field.value]
            values = [""] * len(keys)
            if typed:
                doubts.append(
                    f"The text around the answer “{_shorten(typed[0])}” was changed, so it isn't"
                    " clear what it answers."
                )
        if not any(values) and not doubts:
            change = explain_change(
                fields.emptied(answer), fields.bare(key), "Nothing is filled in", is_part=is_part
            )
            doubts += [change] if change else []
        if any(len(value) > fields.MAX_VALUE_CHARS for value in values):
            doubts.append(f"An answer is longer than {fields.MAX_VALUE_CHARS} characters.")
            values = [value[: fields.MAX_VALUE_CHARS] for value in values]
        correct, notes = set(), []
        for index, (value, field) in enumerate(zip(values, keys, strict=True)):
            verdict, note = self._judge_value(value, field, key)
            if verdict:
                correct.add(index)
            elif verdict is None and len(doubts) < _MAX_DOUBTS:
                doubts.append(note)
            elif note:
                notes.append(note)
        return FieldComparison(
            tuple(values), frozenset(correct), tuple(doubts), tuple(dict.fromkeys(notes))
        )

    def _judge_value(self, value: str, key: Field, question: str) -> Judgement:
        if value == key.value:  # also with the tolerance, as in the instructor's own notebook
            return True, ""
        return self.judge(value, key, question) if value else (False, "")

    def is_in_words(self, text: str, key: str) -> bool:
        """Return whether a text is right in one of the fields, maybe after "The answer is"."""
        value = fields.cleaned(text[:_MAX_WORDS_CHARS])
        for filler in _FILLERS:
            if normalized(value).startswith(filler):
                value = value[len(filler) :].strip()
        return bool(value) and any(self.judge(value, field, key)[0] for field in fields.parse(key))

    def shown_answer(self, value: str, _key: Field) -> str:
        """Return how an answer is named when it is explained."""
        return value

    def remark(self, value: str, key: Field, question: str) -> str:
        """Return what the author says about a wrong value, or an empty string."""
        for wrong, text in key.remarks:
            as_key = Field(wrong, key.before, key.after)
            if self.judge(value, as_key, question)[0]:
                return text
        return ""


def _assign(found: Sequence[Field], keys: Sequence[Field]) -> list[str] | None:
    """Return the value of each of the key's fields; None if that isn't clear.

    Fields are found by the text around them, or by their place if all have their places.
    """
    labels = [field.label for field in found]
    wanted = [key.label for key in keys]
    if labels == wanted:
        return [field.value for field in found]
    counts = Counter(labels)
    is_unique = len(set(wanted)) == len(wanted) and all(counts[label] == 1 for label in wanted)
    if not is_unique:
        return None
    by_label = {field.label: field.value for field in found}
    return [by_label[label] for label in wanted]


def _line(field: Field) -> str:
    return f"{field.before}[[{field.value}]]{field.after}".strip()


def _shorten(text: str, max_chars: int = 80) -> str:
    return text if len(text) <= max_chars else text[: max_chars - 1] + "…"
