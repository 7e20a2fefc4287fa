"""Questions on the feedback page, with or without the key."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from course import quiz

REVEAL_POLICIES: Final = ("never", "after the due date", "always")


def reveals_key(policy: str, due_date: datetime | None, now: datetime) -> bool:
    """Return whether the policy allows showing the key and the explanations.

    Example:
        >>> reveals_key("after the due date", datetime(2026, 3, 1), datetime(2026, 3, 2))
        True

    An assignment without a due date stays open, so its key stays hidden. Both times are in UTC
    without a time zone, as nbgrader stores them.
    """
    if policy == "after the due date":
        return due_date is not None and now > due_date
    return policy == "always"


def question_markdown(key: str, record: dict[str, Any], *, reveal: bool) -> str:
    r"""Format a question with the student's answer as Markdown.

    Example:
        >>> print(question_markdown("Even?\n- [ ] one\n- [x] two", {"chosen": [0]}, reveal=False))
        Even?
        <BLANKLINE>
        - ☑ one — **your answer**
        - ☐ two

    Uses only the instructor's text, so nothing that a student typed gets into the page.

    Args:
        key: The question in ``source/``, with key and explanations.
        record: The score record from the graded notebook.
        reveal: Whether to mark correct options and show the explanations.
    """
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
