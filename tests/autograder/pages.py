"""Find active content in HTML, for the tests of what students can get into a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from autograder.grading.sanitize import markdown


class Page(HTMLParser):
    """The active content of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.acts: list[str] = []
        self.says = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.acts += [tag] if tag in {"script", "iframe"} else []
        for name, value in attributes:
            scheme = re.match(r"[\x00-\x20]*([A-Za-z][\w+.-]*):", value or "")
            if name.startswith("on"):
                self.acts.append(name)
            elif (value or "").startswith(("data:image/png", "data:image/jpeg")):
                continue
            elif name in {"href", "src"} and scheme and scheme[1].lower() not in markdown.SCHEMES:
                self.acts.append(value or "")

    def handle_data(self, data: str) -> None:
        self.says += data
