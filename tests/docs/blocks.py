"""The commands in the guides: blocks marked `bash` or `console`, and the comments above them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
_FENCE: Final = re.compile(r"^( *)(`{3,})([^\n`]*)\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
_COMMENT: Final = re.compile(r"<!-- (run by|not run:) (.+?) -->\n\Z")


class Block(NamedTuple):
    """A block of code in a guide.

    Attributes:
        test: The test that a comment above the block names; such a block isn't run again.
        reason: Why no test can run it.
    """

    page: str
    line: int
    language: str
    text: str
    test: str
    reason: str

    @property
    def commands(self) -> list[str]:
        """The commands, without prompts and output."""
        lines = self.text.replace("\\\n", " ").splitlines()
        if self.language == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return [line for line in lines if line.strip() and not line.startswith("#")]


def guides() -> list[str]:
    """Return the paths of all Markdown pages but the lessons' texts."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [name for name in listed.stdout.splitlines() if not name.startswith("source/")]
    return sorted(name for name in paths if (ROOT / name).is_file())


def blocks(page: str) -> Iterator[Block]:
    """Yield the blocks of code of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for fence in _FENCE.finditer(text):
        comment = _COMMENT.search(text, 0, fence.start())
        kind, words = (comment[1], comment[2]) if comment else ("", "")
        yield Block(
            page,
            text.count("\n", 0, fence.start()) + 1,
            fence[3].strip(),
            fence[4],
            words if kind == "run by" else "",
            words if kind == "not run:" else "",
        )


def command_blocks() -> list[Block]:
    return [
        block
        for page in guides()
        for block in blocks(page)
        if block.language in {"bash", "console", "sh"}
    ]
