"""Find active content in HTML, for the tests of what students can get into a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from autograder.grading.sanitize import markdown

_ACTIVE_TAGS = {
    *("script", "iframe", "object", "embed", "link", "base", "form", "input", "button", "svg"),
    *("video", "audio", "source", "frame", "portal"),
}
_LOADED = {"src", "srcset", "poster", "background", "data", "action", "formaction", "ping"}
_DATA_IMAGE = re.compile("data:image/(png|jpeg|gif|webp);base64,")


def _is_active(target: str) -> bool:
    scheme = re.match(r"[\x00-\x20]*([A-Za-z][\w+.-]*):", target)
    return scheme is not None and scheme[1].lower() not in markdown.SCHEMES


class Page(HTMLParser):
    """The active content of a page, what it loads by itself, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.acts: list[str] = []
        self.says = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.acts += [tag] if tag in _ACTIVE_TAGS else []
        for name, value in attributes:
            if name.startswith("on"):
                self.acts.append(name)
            elif (name in _LOADED and not _DATA_IMAGE.match(value or "")) or (
                name == "href" and _is_active(value or "")
            ):
                self.acts.append(value or "")

    def handle_data(self, data: str) -> None:
        self.says += data
