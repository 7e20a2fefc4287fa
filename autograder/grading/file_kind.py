"""Say what a file is, for students who handed in something other than a notebook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

HEAD_BYTES: Final = 1024  # enough to recognize any of these
_SIGNATURES: Final = {
    b"PK\x03\x04": "a ZIP archive",
    b"PK\x05\x06": "an empty ZIP archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\xd0\xcf\x11\xe0": "an Office document",
    b"{\\rtf": "a text document (RTF)",
    b"\x00\x05\x16\x07": "a macOS leftover without content",
    b"SQLite format 3": "a database",
    b"version https://git-lfs": "a Git LFS pointer",
}
_OFFICE: Final = {".docx": "a Word document", ".xlsx": "an Excel sheet", ".pptx": "slides"}
_OFFICE_MORE: Final = {".odt": "a text document", ".pages": "a Pages document"}
_SUFFIXES: Final = {
    ".html": "a web page",
    ".htm": "a web page",
    ".py": "a Python program",
    ".webloc": "a link to a web page",
    ".url": "a link to a web page",
    ".gdoc": "a link to Google Drive",
}
_WEB_PAGE: Final = re.compile(rb"\s*<(?:!doctype html|html|head|\?xml)", re.IGNORECASE)


def of_content(head: bytes) -> str:
    """Return what content is by its first bytes, such as "a PDF document"; empty if unknown.

    Example:
        >>> of_content(b"%PDF-1.7"), of_content(b'{"cells": []}')
        ('a PDF document', '')
    """
    if not head:
        return "an empty file"
    for signature, kind in _SIGNATURES.items():
        if head.startswith(signature):
            return kind
    return "a web page" if _WEB_PAGE.match(head.removeprefix(b"\xef\xbb\xbf")) else ""


def of_file(path: Path) -> str:
    """Return what a file is by its first bytes or its name's ending; empty if unknown."""
    try:
        with path.open("rb") as file:
            kind = of_content(file.read(HEAD_BYTES))
    except OSError:
        return "unreadable"
    suffix = path.suffix.lower()
    if "ZIP" in kind:
        return (_OFFICE | _OFFICE_MORE).get(suffix, kind)
    return kind or _SUFFIXES.get(suffix, "")
