"""The ledger of claims: what the lecture says, what is right, and where that stands.

The lessons hold boxes of three paragraphs, and nothing is written twice: the ledger is read
from the boxes.

    > **The lecture says:** "..."
    >
    > **The literature says:** ...
    >
    > **Source:** ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder.publish import build
from autograder.publish.cell_roles import AuthoringError

LEDGER: Final = Path("course", "claims.md")
LABELS: Final = ("The lecture says", "The literature says", "Source")
_BOX: Final = re.compile(r"(?:^>.*\n?)+", re.MULTILINE)
_PART: Final = re.compile(r"\*\*([^*]+):\*\*\s*(.+)", re.DOTALL)
_HEAD: Final = """# What the lecture says, and what the literature says

Made from the boxes in the lessons by `python -m autograder build`; do not edit.

The lecture is a good first hour. Where a sentence of it is wrong or needs a limit, the lessons
say so, and with what source. These are all {count} of them.

| the lecture says | the literature says | source | lesson |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Claim:
    """One box.

    Example:
        >>> text = '''> **The lecture says:** Up.
        ... >
        ... > **The literature says:** Down.
        ... >
        ... > **Source:** Stone 1982.'''
        >>> next(read(text, "lesson.md")).literature
        'Down.'

    Attributes:
        lecture: The lecture's claim.
        literature: The correct statement.
        source: Who says so.
    """

    lecture: str
    literature: str
    source: str


def read(text: str, where: str) -> Iterator[Claim]:
    """Yield the claims of a lesson.

    Args:
        text: The lesson.
        where: What to call it in messages.

    Raises:
        AuthoringError: A box lacks one of its three paragraphs.
    """
    for box in _BOX.findall(text):
        if f"**{LABELS[0]}:**" not in box:
            continue
        lines = [line.removeprefix(">").strip() for line in box.splitlines()]
        parts = [_PART.match(part.strip()) for part in "\n".join(lines).split("\n\n")]
        said = {part[1]: " ".join(part[2].split()) for part in parts if part}
        for label in LABELS:
            if label not in said:
                raise AuthoringError(f"{where}: no '**{label}:**' in the box {box[:90]!r}")
        yield Claim(*(said[label] for label in LABELS))


def ledger(root: Path) -> str:
    """Return the ledger of all lessons, as Markdown."""
    rows = []
    for path in build.texts(root):
        name = path.parent.name
        for claim in read(path.read_text(encoding="utf-8"), f"{name}/{path.name}"):
            cells = [claim.lecture, claim.literature, claim.source]
            link = f"[{name}](../source/{name}/{path.name})"
            rows.append("| " + " | ".join([*map(_cell, cells), link]) + " |")
    return _HEAD.format(count=len(rows)) + "\n".join(rows) + "\n"


def write(root: Path) -> list[Path]:
    """Write the ledger; return its path if it changed."""
    path, text = root / LEDGER, ledger(root)
    if not path.parent.is_dir() or (path.exists() and path.read_text(encoding="utf-8") == text):
        return []
    path.write_text(text, encoding="utf-8")
    return [path]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
