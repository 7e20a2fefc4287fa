"""The ledger of claims: what the lecture says, and what the literature says about it.

It is generated from boxes of three paragraphs in the lessons:

    > **The lecture says:** "..."
    >
    > **The literature says:** ...
    >
    > **Source:** ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

from autograder.publish import build
from autograder.publish.cell_roles import AuthoringError
from course import atomic_write

LEDGER: Final = Path("course", "claims.md")
LABELS: Final = ("The lecture says", "The literature says", "Source")
_BOX: Final = re.compile(r"(?:^>.*\n?)+", re.MULTILINE)
_PART: Final = re.compile(r"\*\*([^*]+):\*\*\s*(.+)", re.DOTALL)
_LESSON_NUMBER: Final = re.compile(r"0*(\d+)-")
_HEAD: Final = """# What the lecture says, and what the literature says

Generated from the boxes in the lessons by `python -m autograder build`; do not edit.

The lecture is a good first hour. Where one of its statements is wrong or needs qualification, the
lessons say so and cite a source. These are all {count} of them.

| the lecture says | the literature says | source | lesson |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Claim:
    """A box in a lesson.

    Example:
        >>> text = '''> **The lecture says:** Up.
        ... >
        ... > **The literature says:** Down.
        ... >
        ... > **Source:** Stone 1982.'''
        >>> next(read(text, "lesson.md")).literature
        'Down.'
    """

    lecture: str
    literature: str
    source: str


def read(text: str, where: str) -> Iterator[Claim]:
    """Yield the claims of a lesson; `where` names it in error messages.

    Raises:
        AuthoringError: A box lacks one of its three paragraphs, or names its own lesson as if it
            were another.
    """
    own = _LESSON_NUMBER.match(where)
    for box in _BOX.findall(text):
        if f"**{LABELS[0]}:**" not in box:
            continue
        lines = [line.removeprefix(">").strip() for line in box.splitlines()]
        parts = [_PART.match(part.strip()) for part in "\n".join(lines).split("\n\n")]
        paragraphs = {part[1]: " ".join(part[2].split()) for part in parts if part}
        for label in LABELS:
            if label not in paragraphs:
                raise AuthoringError(f"{where}: no '**{label}:**' in the box {box[:90]!r}")
        if own and re.search(rf"\blesson {own[1]}\b", box, re.IGNORECASE):
            raise AuthoringError(f"{where}: write 'this lesson' in the box {box[:90]!r}")
        yield Claim(*(paragraphs[label] for label in LABELS))


def format_ledger(root: Path) -> str:
    """Return the claims of all lessons as a Markdown table."""
    rows = []
    for path in build.lesson_files(root):
        name = path.parent.name
        for claim in read(path.read_text(encoding="utf-8-sig"), f"{name}/{path.name}"):
            cells = [cell.replace("|", "\\|") for cell in astuple(claim)]
            rows.append(f"| {' | '.join(cells)} | [{name}](../source/{name}/{path.name}) |\n")
    return _HEAD.format(count=len(rows)) + "".join(rows)


def write(root: Path) -> list[Path]:
    """Write the ledger; return its path if it changed."""
    path, text = root / LEDGER, format_ledger(root)
    if not path.parent.is_dir() or (path.exists() and path.read_text(encoding="utf-8") == text):
        return []
    atomic_write.write_text(path, text)
    return [path]
