"""Markdown as XHTML and MathML, for XML formats."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

from autograder.feedback.markup import render_markdown

_MATHML: Final = "http://www.w3.org/1998/Math/MathML"
_XHTML_ATTRIBUTES: Final = {"href", "src", "alt", "class", "title", "width", "height"}


def append_xhtml(parent: ET.Element, markdown: str) -> None:
    """Append Markdown as XHTML and MathML; an unclosed tag of HTML becomes one of XML."""
    html = render_markdown(markdown)
    for tag in ("br", "hr", "img"):
        html = _closed(html, tag)
    fragment = ET.fromstring(f"<div>{html}</div>")  # noqa: S314  (our own, from sanitized Markdown)
    for element in fragment.iter():
        if element.tag == "math":
            element.set("xmlns", _MATHML)
        elif not _is_in_math(element, fragment):
            element.attrib = {k: v for k, v in element.attrib.items() if k in _XHTML_ATTRIBUTES}
    parent.text = fragment.text
    parent.extend(fragment)


def _is_in_math(element: ET.Element, fragment: ET.Element) -> bool:
    return any(element in set(math.iter()) for math in fragment.iter("math"))


def _closed(html: str, tag: str) -> str:
    parts = html.split(f"<{tag}")
    closed = [f"{part.replace('>', '/>', 1)}" for part in parts[1:]]
    return f"<{tag}".join([parts[0], *closed]).replace("//>", "/>")
