"""Hostile and broken submissions, read from the text files in ``corpus/``.

The first line of a file says what the submission tries. The line ``fair:`` gives the points that
each graded cell of the small lesson should get; ``review`` means that a person must decide. Changes
to a perfect submission follow: ``--- CELL`` and the text that replaces the cell's, or ``===
ACTION ...``, with a text below it for some actions; see ``_ACTIONS``. ``{COURSE}`` is the
instructor's folder.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.autograder.lessons import handed_in

FOLDER: Final = Path(__file__).with_name("corpus")
NOTEBOOK: Final = "small.ipynb"
NAMES: Final = {"title": "c-0c0cdea3b455", "base": "c-3a456839500b"}  # cells without a name
_SECTION: Final = re.compile(r"^(---|===) (.+)$")

Cell = dict[str, Any]
Fair = dict[str, float | None]


@dataclass
class Submission:
    """A submission under construction."""

    nb: dict[str, Any] = field(default_factory=handed_in)
    files: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    saved: list[str] = field(default_factory=list)
    pipes: list[str] = field(default_factory=list)
    pits: dict[str, int] = field(default_factory=dict)
    raw: Callable[[bytes], bytes] | None = None

    def cell(self, name: str) -> Cell:
        identity = NAMES.get(name, name)
        found: Cell = next(each for each in self.nb["cells"] if identity in each["names"])
        return found

    def write(self, folder: Path) -> None:
        """Write the submitted folder."""
        for cell in self.nb["cells"]:
            cell.pop("names", None)
        content = (json.dumps(self.nb, indent=1) + "\n").encode()
        content = self.raw(content) if self.raw else content
        files = {**dict.fromkeys(self.saved or [NOTEBOOK], content), **self.files}
        for name, each in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(each)
        for name, target in self.links.items():
            (folder / name).symlink_to(target)
        for name in self.pipes:
            os.mkfifo(folder / name)
        for name, levels in self.pits.items():
            dig(folder, levels, name)


def dig(folder: Path, levels: int, name: str = "d") -> None:
    """Make nested folders; their path may be too long for one system call."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


@dataclass(frozen=True)
class Entry:
    """One file of the corpus."""

    name: str
    tries: str
    fair: Fair
    sections: tuple[tuple[str, str, str], ...]  # mark, words, body

    def submission(self, course: Path) -> Submission:
        """Return the submission; ``course`` is the instructor's folder that it attacks."""
        made = Submission()
        for cell in made.nb["cells"]:
            cell["names"] = {cell["id"]}  # still found after its id was changed
        for mark, words, body in self.sections:
            about, text = (each.replace("{COURSE}", str(course)) for each in (words, body))
            if mark == "---":
                made.cell(about)["source"] = text
            else:
                action, _, rest = about.partition(" ")
                _ACTIONS[action](made, rest, text)
        return made


def read(path: Path) -> Entry:
    """Read one file."""
    tries, fair, *lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    points: Fair = {}
    for part in fair.removeprefix("fair: ").split(", "):
        name, _, value = part.partition(" ")
        points[name] = None if value == "review" else float(value)
    sections: list[tuple[str, str, list[str]]] = []
    for line in lines:
        if start := _SECTION.match(line):
            sections.append((start[1], start[2], []))
        else:
            sections[-1][2].append(line)
    whole = tuple((mark, words, "\n".join(body)) for mark, words, body in sections)
    return Entry(path.stem, tries, points, whole)


def entries() -> list[Entry]:
    """Return the whole corpus."""
    return [read(path) for path in sorted(FOLDER.glob("*.txt"))]


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _name(words: str) -> str:
    """Return a file's name; one with unusual characters is a JSON string."""
    return str(json.loads(words)) if words.startswith('"') else words


def _copy(made: Submission, name: str, text: str) -> None:
    cell = made.cell(name)
    at = next(index for index, each in enumerate(made.nb["cells"]) if each is cell)
    made.nb["cells"].insert(at + 1, copy.deepcopy(cell) | ({"source": text} if text else {}))


def _note(made: Submission, name: str, text: str) -> None:
    at = made.nb["cells"].index(made.cell(name))
    note = {"cell_type": "markdown", "id": "note", "metadata": {}, "source": text}
    note["names"] = {"note"}
    made.nb["cells"].insert(at + 1, note)


def _pad(made: Submission, words: str, text: str) -> None:
    name, size = words.split()
    made.cell(name)["source"] += f"\n{text}" * (int(size) // (len(text) + 1))


def _outputs(made: Submission, words: str, _: str) -> None:
    name, size = words.split()
    output = {"output_type": "stream", "name": "stdout", "text": "x" * 1_000_000}
    made.cell(name)["outputs"] = [output] * (int(size) // 1_000_000)


def _strip(made: Submission, _: str, __: str) -> None:
    for cell in made.nb["cells"]:
        cell["metadata"] = {}
        del cell["id"]


def _format_3(content: bytes) -> bytes:
    nb = json.loads(content)
    for cell in nb["cells"]:
        if cell["cell_type"] == "code":
            cell["input"], cell["language"] = cell.pop("source").splitlines(keepends=True), "python"
    sheets = [{"cells": nb["cells"], "metadata": {}}]
    return json.dumps({"worksheets": sheets, "metadata": {}, "nbformat": 3}).encode()


_RAW: Final[dict[str, Callable[[bytes], bytes]]] = {
    "truncated": lambda content: content[: len(content) // 2],
    "empty": lambda _: b"",
    "nested": lambda _: b"[" * 100_000,
    "utf-16": lambda content: content.decode().encode("utf-16"),
    "byte-order-mark": lambda content: b"\xef\xbb\xbf" + content,
    "windows-lines": lambda content: content.replace(b"\n", b"\r\n").replace(rb"\n", rb"\r\n"),
    "format-3": _format_3,
}


def _raw(made: Submission, how: str, text: str) -> None:
    made.raw = (lambda _: text.encode()) if how == "text" else _RAW[how]


# What follows the action's name, and the text below it.
_ACTIONS: Final[dict[str, Callable[[Submission, str, str], object]]] = {
    "delete": lambda made, name, _: made.nb["cells"].remove(made.cell(name)),
    "copy": _copy,  # of a cell, below it, with the text if there is one
    "note": _note,  # the text as a Markdown cell below
    "order": lambda made, names, _: made.nb.update(cells=list(map(made.cell, names.split()))),
    "retype": lambda made, w, _: made.cell(w.split()[0]).update(cell_type=w.split()[1]),
    "cell": lambda made, w, _: _merge(made.cell(w.split()[0]), json.loads(w.partition(" ")[2])),
    "metadata": lambda made, w, _: _merge(
        made.cell(w.split()[0])["metadata"], json.loads(w.partition(" ")[2])
    ),
    "notebook": lambda made, more, _: _merge(made.nb, json.loads(more)),
    "strip": _strip,  # all metadata and ids
    "pad": _pad,  # CELL SIZE: append the text as lines, repeatedly
    "outputs": _outputs,  # CELL SIZE: outputs of this many characters
    "raw": _raw,  # the whole file as bytes; `text` takes the text, others are in _RAW
    "save": lambda made, name, _: made.saved.append(_name(name)),  # the notebook, under this name
    "file": lambda made, name, text: made.files.update({_name(name): f"{text}\n".encode()}),
    "large": lambda made, w, text: made.files.update(  # NAME SIZE: the text, repeated
        {w.split()[0]: (text * int(w.split()[1])).encode()[: int(w.split()[1])]}
    ),
    "pit": lambda made, w, _: made.pits.update({w.split()[0]: int(w.split()[1])}),  # NAME LEVELS
    "pipe": lambda made, name, _: made.pipes.append(name),
    "link": lambda made, words, _: made.links.update({words.split()[0]: words.split()[1]}),
}
