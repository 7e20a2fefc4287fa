"""Write ``course/lessons.json``, the map of the course, from the lessons' texts.

A lesson's header says what one needs to know before, and what one can do afterward; a text without
it isn't on the map:

    lesson:
      needs: Lesson 1; matrix products
      gives: write PCA yourself

The title is the text's heading, and the minutes are those that its text states.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import jupytext

from autograder.publish import build
from autograder.publish.cell_roles import AuthoringError
from course import atomic_write

MAP: Final = Path("course", "lessons.json")
_TITLE: Final = re.compile(r"^# (.+)$", re.MULTILINE)
_TIME: Final = re.compile(r"\btake\s+(?:about\s+)?(\d+)(?:\s+to\s+(\d+))?\s+minutes\.")
_KEYS: Final = ("needs", "gives")


def read(text: str, where: str) -> dict[str, Any] | None:
    r"""Return a lesson's entry on the map; None if its text has no header for it.

    Example:
        >>> header = "---\nlesson:\n  needs: Lesson 1\n  gives: count\n---\n"
        >>> read(header + "# Counting\n\nSolving takes, and may take 20 minutes.\n", "count.md")
        {'title': 'Counting', 'minutes': [20, 20], 'needs': 'Lesson 1', 'gives': 'count'}

    Raises:
        AuthoringError: The header lacks an entry, or the text states no title or time.
    """
    entry = jupytext.reads(text, fmt="md:myst").metadata.get("lesson")
    if entry is None:
        return None
    if not isinstance(entry, dict) or sorted(entry) != sorted(_KEYS):
        raise AuthoringError(f"{where}: `lesson` in the header must hold {' and '.join(_KEYS)}")
    title, time = _TITLE.search(text), _TIME.search(text)
    if title is None or time is None:
        raise AuthoringError(
            f"{where}: the map needs a heading such as '# PCA', and a sentence such as"
            " 'Reading and solving take about 90 minutes.'"
        )
    minutes = [int(time[1]), int(time[2] or time[1])]
    return {"title": title[1], "minutes": minutes, **{key: str(entry[key]) for key in _KEYS}}


def write(root: Path) -> list[Path]:
    """Write the map; return its path if it changed."""
    path, lessons = root / MAP, []
    if not path.parent.is_dir():
        return []
    for text in build.lesson_files(root):
        name = text.parent.name
        entry = read(text.read_text(encoding="utf-8-sig"), f"{name}/{text.name}")
        if entry is not None:
            lessons.append({"name": name, **entry})
    content = json.dumps(lessons, indent=1, ensure_ascii=False) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == content:
        return []
    atomic_write.write_text(path, content)
    return [path]
