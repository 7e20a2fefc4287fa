"""A graded question as the student sees it on the feedback page."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from course import quiz

POLICIES: Final = ("never", "after the due date", "always")


def reveals(policy: str, duedate: datetime | None, now: datetime) -> bool:
    """Whether the right option and the explanations may be shown.

    Example:
        >>> reveals("after the due date", datetime(2026, 3, 1), datetime(2026, 3, 2))
        True

    An assignment without a due date is never past it: somebody may still hand in.
    Both times are in UTC, without a time zone, as nbgrader keeps them.
    """
    if policy == "after the due date":
        return duedate is not None and now > duedate
    return policy == "always"


def show(key: str, verdict: dict[str, Any], *, reveal: bool) -> str:
    r"""Write a question with the student's choice, and perhaps with the key, as Markdown.

    Example:
        >>> print(show("Even?\n- [ ] one\n- [x] two", {"chosen": [0]}, reveal=False))
        Even?
        <BLANKLINE>
        - ☑ one — **your choice**
        - ☐ two

    Only the instructor's text is used: nothing that a student typed gets into the page here.

    Args:
        key: The question's Markdown in ``source/``, with key and explanations.
        verdict: What the judge wrote into the graded notebook.
        reveal: Whether to show the right options and the explanations.
    """
    question = quiz.parse(key)
    lines = [question.prompt, ""]
    for index, option in enumerate(question.options):
        chosen = index in verdict.get("chosen", [])
        words = ["your choice"] if chosen else []
        words += ["right"] if reveal and option.ticked else []
        words += ["not right"] if reveal and chosen and not option.ticked else []
        note = f" — **{', '.join(words)}**" if words else ""
        text = option.text.replace("\n", "\n  ")
        lines.append(f"- {'☑' if chosen else '☐'} {text}{note}")
        if reveal and option.explanation:
            lines += ["", *(f"  > {line}" for line in option.explanation.split("\n")), ""]
    return "\n".join(lines)
