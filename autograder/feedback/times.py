"""Times on the feedback page: written in UTC, shown in the reader's time zone where scripts run.

Example:
    >>> mark_times("Due March 1, 2026, 12:05 UTC. <b>")
    'Due <time datetime="2026-03-01T12:05Z">March 1, 2026, 12:05 UTC</time>. &lt;b&gt;'

The page's policy allows this one script, by its hash, and nothing else.
"""

from __future__ import annotations

import base64
import calendar
import hashlib
import html
import re
from datetime import datetime
from pathlib import Path
from typing import Final

SCRIPT: Final = Path(__file__).with_name("local_times.js").read_text(encoding="utf-8")
POLICY: Final = f"'sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}'"
_MONTHS: Final = list(calendar.month_name)
_TIME: Final = re.compile(
    rf"({'|'.join(_MONTHS[1:])}) (\d{{1,2}}), (\d{{4}}), (\d{{2}}:\d{{2}}) UTC", re.ASCII
)


def format_time(time: datetime) -> str:
    """Return a time in UTC as people write it.

    Example:
        >>> format_time(datetime(2026, 3, 1, 12, 5))
        'March 1, 2026, 12:05 UTC'
    """
    return f"{_MONTHS[time.month]} {time.day}, {time:%Y, %H:%M} UTC"


def mark_times(text: str) -> str:
    """Return a sentence as HTML, with what `format_time` has written as ``time`` elements."""
    return _TIME.sub(_element, html.escape(text))


def _element(found: re.Match[str]) -> str:
    month, day, year, clock = found.groups()
    date = f"{year}-{_MONTHS.index(month):02}-{int(day):02}"
    return f'<time datetime="{date}T{clock}Z">{found[0]}</time>'
