"""Questions on the feedback page, with or without the key."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from autograder import cells
from autograder.grading.comments import escape_markdown
from course import quiz
from course.quiz import fields, kinds

REVEAL_POLICIES: Final = ("never", "after the due date", "always")


def reveals_key(policy: str, due_date: datetime | None, now: datetime) -> bool:
    """Return whether the policy allows showing the key and the explanations.

    Example:
        >>> reveals_key("after the due date", datetime(2026, 3, 1), datetime(2026, 3, 2))
        True

    The due date is that of the student with the longest extension, who could otherwise learn the
    key from others. An assignment without one stays open, so its key stays hidden. Both times are
    in UTC without a time zone, as nbgrader stores them.
    """
    if policy == "after the due date":
        return due_date is not None and now > due_date
    return policy == "always"


def question_markdown(
    key: str, record: dict[str, Any], *, reveal: bool, kind: str = cells.DEFAULT_KIND
) -> str:
    r"""Format a question with the student's answer as Markdown.

    Example:
        >>> print(question_markdown("Even?\n- [ ] one\n- [x] two", {"chosen": [0]}, reveal=False))
        Even?
        <BLANKLINE>
        - ☑ one — **your answer**
        - ☐ two

    Uses the instructor's text; what a student typed into a field is escaped.

    Args:
        key: The question in ``source/``, with key and explanations.
        record: The score record from the graded notebook.
        reveal: Whether to mark correct answers and show the explanations.
        kind: The name of the question's kind.
    """
    form = kinds.named(kind)
    if isinstance(form, kinds.FieldKind):
        return _fields_markdown(key, form, record, reveal=reveal)
    question = quiz.parse(key)
    lines = [question.prompt, ""]
    for index, option in enumerate(question.options):
        chosen = index in record.get("chosen", [])
        labels = ["your answer"] if chosen else []
        if reveal and option.ticked:
            labels.append("correct")
        elif reveal and chosen:
            labels.append("incorrect")
        suffix = f" — **{', '.join(labels)}**" if labels else ""
        text = option.text.replace("\n", "\n  ")
        lines.append(f"- {'☑' if chosen else '☐'} {text}{suffix}")
        if reveal and option.explanation:
            lines += ["", *(f"  > {line}" for line in option.explanation.split("\n")), ""]
    return "\n".join(lines)


def _fields_markdown(
    key: str, kind: kinds.FieldKind, record: dict[str, Any], *, reveal: bool
) -> str:
    """Format a question whose answer is in fields: each holds what the student typed."""
    keys = fields.parse(key)
    typed = [*record.get("answers", []), *[""] * len(keys)][: len(keys)]
    shown = []
    for index, (value, field) in enumerate(zip(typed, keys, strict=True)):
        is_right = index in record.get("chosen", [])
        labels = ["your answer"] if value else []
        if reveal:
            right = escape_markdown(kind.shown_key(field))
            labels.append("correct" if is_right else f"correct: {right}")
        answer = f"**{escape_markdown(value)}**" if value else "____"
        shown.append(f"{answer} ({', '.join(labels)})" if labels else answer)
    text, *rest = fields.bare(key).split(fields.EMPTY)
    text += "".join(f"{answer}{part}" for answer, part in zip(shown, rest, strict=False))
    explanations = [field.explanation for field in keys if field.explanation] if reveal else []
    quoted = ["> " + explanation.replace("\n", "\n> ") for explanation in explanations]
    return "\n\n".join([text.strip(), *quoted])
