"""Data and HTML filter for the feedback page's template."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import nh3
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from autograder import cells
from autograder.feedback import answers, changes, results, times
from autograder.grading import pools
from autograder.score_history import ScoreChange
from course.wording import format_count, format_duration

TEMPLATES: Final = Path(__file__).with_name("templates")
_KINDS: Final = ("exercise", "question", "manual")
_NEXT: Final = re.compile(r"\*\*Next:\*\* *\[([^\]\n]+)\]\(")
_STYLE: Final = Path(__file__).with_name("style.css")
_ALLOWED_TAGS: Final = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "br", "hr", "pre", "span", "div", "blockquote"),
    *("table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "ol", "ul", "li"),
    *("img", "sup", "sub", "del", "details", "summary", "figure", "figcaption", "a"),
    *("abbr", "acronym", "b", "code", "em", "i", "strong"),
}
_ALLOWED_ATTRIBUTES: Final = {
    "*": {"id", "class", "title", "lang", "dir"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
}
_OTHER_TAG: Final = re.compile(
    rf"<(?!/?(?:{'|'.join(sorted(_ALLOWED_TAGS))})(?=[\s/>])|!--)", re.IGNORECASE
)
_HREF: Final = re.compile(r"https?://|mailto:", re.IGNORECASE)
_IMAGE: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*")


def sanitize_html(html: str, id_prefix: str = "") -> str:
    """Escape or remove scripts, event handlers, styles, unsafe links, and what would be loaded.

    Example:
        >>> sanitize_html("<p onclick='steal()'>a<script>b</script><img src='https://x.y/z'></p>")
        '<p>a&lt;script&gt;b&lt;/script&gt;<img></p>'

    Pictures must be part of the page: loading one acts with the reader's cookies, and tells
    another host who reads the page.

    Args:
        html: Any text.
        id_prefix: Put before each id and before the targets of links within the text, to keep them
            apart from the ids of the page.
    """

    def filter_attribute(tag: str, name: str, value: str) -> str | None:
        """Return an attribute's value, or None to remove the attribute."""
        if name == "id":
            return id_prefix + value
        if name == "href":
            value = value.strip()
            if value.startswith("#"):
                return f"#{id_prefix}{value[1:]}"
            return value if _HREF.match(value) else None
        if name == "src":
            return value if tag == "img" and _IMAGE.fullmatch(value) else None
        return value

    return nh3.clean(
        _OTHER_TAG.sub("&lt;", html),
        tags=_ALLOWED_TAGS,
        clean_content_tags=set(),
        attributes=_ALLOWED_ATTRIBUTES,
        attribute_filter=filter_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,  # the page has a referrer policy
    )


@dataclass(frozen=True)
class SubmissionTime:
    """When a notebook was handed in, in UTC without a time zone, and how its score changed."""

    due_date: datetime | None = None  # with the student's extension
    seconds_late: float = 0.0
    history: Sequence[ScoreChange] = ()  # of its score, the oldest change first
    last_open_date: datetime | None = None  # until when anybody can still earn points
    extension: timedelta = timedelta()
    rule: str = ""  # what a late submission costs, as sentences
    late_days: int = 0  # that the submission takes
    days_left: int | None = None  # late days for the rest of the term; None without such a rule


def prepare_page(
    nb: NotebookNode,
    source: NotebookNode,
    submission: SubmissionTime,
    *,
    reveal: bool,
    policy: str,
) -> dict[str, Any]:
    """Return the data that the template reads as ``resources.feedback``.

    Args:
        nb: The graded notebook; its ``nbgrader.score`` is None where manual grading is pending.
        source: The instructor's notebook, for titles and the questions' original text.
        submission: When it was handed in.
        reveal: Whether to show keys and explanations.
        policy: One of `questions.REVEAL_POLICIES`.
    """
    source = pools.as_graded(source, nb)
    asked = answers.find_answers(source)
    records = results.Results(nb, source, reveal=reveal).describe(asked)
    anchors = {record["title"]: record["id"] for record in records}
    changed = changes.describe_changes(submission.history, asked, anchors)
    graded = [record for record in records if record["status"] != "ungraded"]
    kinds = {kind: [item for item in graded if item["kind"] == kind] for kind in _KINDS}
    is_missed = any(item["status"] != "full" for item in kinds["question"])
    dates = {
        "key": "" if reveal or not is_missed else _key_note(policy, submission),
        "due": _due_note(submission),
        "late": _late_note(submission),
    }
    has_times = bool(changed) or any(dates.values())
    return dates | {
        "title": answers.notebook_title(source),
        "answers": records,
        "graded": graded,
        "sums": {kind: results.count_points(items) for kind, items in kinds.items() if items},
        "pending": sum(item["status"] == "pending" for item in graded),
        "again": [item for item in graded if item["status"] in {"open", "zero", "partial"}],
        "places": {str(position): item["id"] for item in records for position in item["cells"]},
        "next": _next_lesson(source),
        "changes": [entry | {"time": times.format_time(entry["time"])} for entry in changed],
        "unreadable": bool(cells.unreadable(nb)),
        "notes": list(filter(None, [cells.unreadable(nb), cells.undecided(nb), *cells.notes(nb)])),
        "style": _STYLE.read_text(encoding="utf-8"),
        "highlighting": _highlighting(),
        "script": times.SCRIPT if has_times else "",
        "script_policy": times.POLICY,
    }


def _next_lesson(source: NotebookNode) -> str:
    """Return the title of the lesson that the instructor's notebook leads to, or an empty string.

    The link itself is one between notebooks and leads nowhere from the page.
    """
    for cell in reversed(source.cells):
        if cell.cell_type == "markdown" and (match := _NEXT.search(cell.source)):
            return answers.plain_text(match[1])
    return ""


def _key_note(policy: str, submission: SubmissionTime) -> str:
    """Say when the right options will be shown."""
    last_date = submission.last_open_date or submission.due_date
    if policy == "after the due date" and last_date is not None:
        is_own = last_date == submission.due_date
        when = (
            "after the due date" if is_own else "when nobody can submit for points any more, after"
        )
        return (
            "The right options and the explanations are shown in feedback that is generated"
            f" {when}{',' if is_own else ''} {times.format_time(last_date)}."
        )
    return ""


def _due_note(submission: SubmissionTime) -> str:
    """Say when the assignment was due, what a late submission costs, and which late days are left.

    Days left are those of the moment: another submission, or more time for one, can change them.
    """
    if submission.due_date is None:
        return ""
    length = submission.extension.total_seconds()
    own = f", with your extension of {format_duration(length, long=True)}" if length > 0 else ""
    sentences = [f"Due {times.format_time(submission.due_date)}{own}.", submission.rule]
    if submission.days_left is not None:
        days = submission.days_left
        left = format_count(days, "late day") if days else "no late days"
        sentences.append(f"When this page was made, you had {left} left.")
    return " ".join(filter(None, sentences))


def _late_note(submission: SubmissionTime) -> str:
    """Say how late the submission was, or return an empty string."""
    if submission.seconds_late <= 0 or submission.due_date is None:
        return ""
    delay = format_duration(submission.seconds_late, long=True)
    text = f"Submitted {delay} after the due date, {times.format_time(submission.due_date)}."
    if submission.late_days:
        days = format_count(submission.late_days, "late day")
        text += f" {days} of yours {'was' if submission.late_days == 1 else 'were'} spent on it."
    return text


@functools.cache
def _highlighting() -> str:
    """Return the CSS for highlighted code, light and dark."""
    light = HtmlFormatter(style="default").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}"
