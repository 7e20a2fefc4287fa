"""Hostile and broken submissions, read from the text files in ``corpus/``.

The first line of a file says what the submission tries. The line ``fair:`` gives the points that
each graded cell of the small lesson should get; ``review`` means that a person must decide. Changes
to a perfect submission follow: ``--- CELL`` with the cell's new text below it, or ``=== ACTION
...``, for some actions with text below it; see ``_ACTIONS``. ``{COURSE}`` is the instructor's
folder.
"""

from __future__ import annotations

import copy
import io
import json
import os
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from autograder.student_text import CODE_STUB
from tests.autograder.lessons import submitted_notebook
from tests.autograder.tools import TOOLS

FOLDER: Final = Path(__file__).with_name("corpus")
NOTEBOOK: Final = "small.ipynb"
NOTHING: Final = "nothing"  # as a name: the notebook isn't saved
NAMES: Final = {"title": "c-0c0cdea3b455", "base": "c-3a456839500b"}  # cells without a name
STUB: Final = CODE_STUB.replace("\n", "\n    ")
_SECTION: Final = re.compile(r"^(---|===) (.+)$")

Cell = dict[str, Any]
Fair = dict[str, float | None]


@dataclass
class Submission:
    """A submission under construction."""

    nb: dict[str, Any] = field(default_factory=submitted_notebook)
    files: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    saved: list[str] = field(default_factory=list)
    pipes: list[str] = field(default_factory=list)
    nested_folders: dict[str, int] = field(default_factory=dict)
    sparse: dict[str, int] = field(default_factory=dict)
    raw: Callable[[bytes], bytes] | None = None

    def content(self) -> bytes:
        """Return the notebook as the student's program saves it."""
        cells = [
            {key: value for key, value in cell.items() if key != "names"}
            for cell in self.nb["cells"]
        ]
        content = (json.dumps(self.nb | {"cells": cells}, indent=1) + "\n").encode()
        return self.raw(content) if self.raw else content

    def cell(self, name: str) -> Cell:
        identity = NAMES.get(name, name)
        cell: Cell = next(cell for cell in self.nb["cells"] if identity in cell["names"])
        return cell

    def write(self, folder: Path) -> None:
        """Write the submitted folder."""
        names = [] if self.saved == [NOTHING] else self.saved or [NOTEBOOK]
        files = {**dict.fromkeys(names, self.content()), **self.files}
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        for name, size in self.sparse.items():
            with (folder / name).open("wb") as file:
                file.truncate(size)
        for name, target in self.links.items():
            (folder / name).symlink_to(target)
        for name in self.pipes:
            os.mkfifo(folder / name)
        for name, levels in self.nested_folders.items():
            make_nested_folders(folder, levels, name)


def make_nested_folders(folder: Path, levels: int, name: str = "d") -> None:
    """Make nested folders; their path may be too long for one system call."""
    parent = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=parent)
        child = os.open(name, os.O_RDONLY, dir_fd=parent)
        os.close(parent)
        parent = child
    os.close(parent)


@dataclass(frozen=True)
class Entry:
    """One file of the corpus."""

    name: str
    tries: str
    fair: Fair
    sections: tuple[tuple[str, str, str], ...]  # mark, words, body

    def submission(self, course: Path) -> Submission:
        """Return the submission; ``course`` is the instructor's folder that it attacks."""
        submission = Submission()
        for cell in submission.nb["cells"]:
            cell["names"] = {cell["id"]}  # still found after its id was changed
        for mark, words, body in self.sections:
            arguments, text = (part.replace("{COURSE}", str(course)) for part in (words, body))
            if mark == "---":
                submission.cell(arguments)["source"] = text
            else:
                action, _, rest = arguments.partition(" ")
                _ACTIONS[action](submission, rest, text)
        return submission


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
    parsed = tuple((mark, words, "\n".join(body)) for mark, words, body in sections)
    return Entry(path.stem, tries, points, parsed)


def entries() -> list[Entry]:
    """Return the whole corpus."""
    return [read(path) for path in sorted(FOLDER.glob("*.txt"))]


def _merge(target: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            target[key] = value


def _name(words: str) -> str:
    """Return a file's name; one with unusual characters is a JSON string."""
    return str(json.loads(words)) if words.startswith('"') else words


def _copy(submission: Submission, name: str, text: str) -> None:
    cell = submission.cell(name)
    at = next(index for index, other in enumerate(submission.nb["cells"]) if other is cell)
    submission.nb["cells"].insert(at + 1, copy.deepcopy(cell) | ({"source": text} if text else {}))


def _note(submission: Submission, name: str, text: str) -> None:
    at = submission.nb["cells"].index(submission.cell(name))
    note = {"cell_type": "markdown", "id": "note", "metadata": {}, "source": text}
    note["names"] = {"note"}
    submission.nb["cells"].insert(at + 1, note)


def _code(submission: Submission, name: str, text: str) -> None:
    _note(submission, name, text)
    submission.cell("note").update(
        {"cell_type": "code", "id": "own", "names": {"own"}, "outputs": [], "execution_count": None}
    )


def _repeat(submission: Submission, words: str, text: str) -> None:
    name, count = words.split()
    submission.cell(name)["source"] += text * int(count)


def _add_cells(submission: Submission, words: str, text: str) -> None:
    cell = {"cell_type": "markdown", "metadata": {}, "source": text, "names": set[str]()}
    submission.nb["cells"] += [{**cell, "id": f"more-{number}"} for number in range(int(words))]


def _values(submission: Submission, count: str, text: str) -> None:
    more = b'"more": [' + text.encode() * int(count) + b'0], "nbformat"'
    submission.raw = lambda content: content.replace(b'"nbformat"', more, 1)


def _pad(submission: Submission, words: str, text: str) -> None:
    name, size = words.split()
    submission.cell(name)["source"] += f"\n{text}" * (int(size) // (len(text) + 1))


def _outputs(submission: Submission, words: str, _: str) -> None:
    name, size = words.split()
    output = {"output_type": "stream", "name": "stdout", "text": "x" * 1_000_000}
    submission.cell(name)["outputs"] = [output] * (int(size) // 1_000_000)


def _strip(submission: Submission, _: str, __: str) -> None:
    for cell in submission.nb["cells"]:
        cell["metadata"] = {}
        del cell["id"]


def _clear(submission: Submission, _: str, __: str) -> None:
    for cell in submission.nb["cells"]:
        cell["source"] = cell["source"].replace("[x]", "[ ]")
        if cell["cell_type"] == "code" and cell["source"].startswith("def "):
            cell["source"] = cell["source"].partition("\n")[0] + f"\n    {STUB}"


def _zip(submission: Submission, name: str, _: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(NOTEBOOK, submission.content())
    submission.files[name] = archive.getvalue()


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
    "encoded-twice": lambda content: json.dumps(content.decode()).encode(),
    "windows-lines": lambda content: content.replace(b"\n", b"\r\n").replace(rb"\n", rb"\r\n"),
    "format-3": _format_3,
}


def _raw(submission: Submission, how: str, text: str) -> None:
    submission.raw = (lambda _: text.encode()) if how == "text" else _RAW[how]


# Each takes the submission, the words after the action's name, and the text below it.
_ACTIONS: Final[dict[str, Callable[[Submission, str, str], object]]] = {
    "delete": lambda submission, name, _: submission.nb["cells"].remove(submission.cell(name)),
    "copy": _copy,  # of a cell, below it, with the text if there is one
    "note": _note,  # the text as a Markdown cell below
    "order": lambda submission, names, _: submission.nb.update(
        cells=list(map(submission.cell, names.split()))
    ),
    "retype": lambda submission, words, _: submission.cell(words.split()[0]).update(
        cell_type=words.split()[1]
    ),
    "cell": lambda submission, words, _: _merge(
        submission.cell(words.split()[0]), json.loads(words.partition(" ")[2])
    ),
    "metadata": lambda submission, words, _: _merge(
        submission.cell(words.split()[0])["metadata"], json.loads(words.partition(" ")[2])
    ),
    "notebook": lambda submission, more, _: _merge(submission.nb, json.loads(more)),
    "strip": _strip,  # all metadata and ids
    "tool": lambda submission, name, _: TOOLS[name](submission.nb),  # as another tool saves it
    "clear": _clear,  # all answers
    "beside": lambda submission, name, _: submission.files.update(
        {_name(name): submission.content()}
    ),  # NAME: the notebook as it is now in a further file
    "zip": _zip,  # NAME: the same, packed
    "hex": lambda submission, name, text: submission.files.update({name: bytes.fromhex(text)}),
    "code": _code,  # the text as a code cell below, which is `own`
    "repeat": _repeat,  # CELL COUNT: append the text so often
    "cells": _add_cells,  # COUNT: as many notes with the text at the end
    "values": _values,  # COUNT: the text so often in a list in the notebook
    "many": lambda submission, words, _: submission.files.update(
        {f"{words.split()[0]}/{number}": b"" for number in range(int(words.split()[1]))}
    ),  # FOLDER COUNT: so many empty files
    "sparse": lambda submission, words, _: submission.sparse.update(
        {words.split()[0]: int(words.split()[1])}
    ),  # NAME SIZE: a file of this size that takes no space
    "pad": _pad,  # CELL SIZE: append the text as lines, repeatedly
    "outputs": _outputs,  # CELL SIZE: outputs of this many characters
    "raw": _raw,  # the whole file as bytes; `text` takes the text, others are in _RAW
    "save": lambda submission, name, _: submission.saved.append(
        _name(name)
    ),  # the notebook, under this name; `nothing` to not save it
    "file": lambda submission, name, text: submission.files.update(
        {_name(name): f"{text}\n".encode()}
    ),
    "large": lambda submission, words, text: (
        submission.files.update(  # NAME SIZE: the text, repeated
            {words.split()[0]: (text * int(words.split()[1])).encode()[: int(words.split()[1])]}
        )
    ),
    "nested-folders": lambda submission, words, _: submission.nested_folders.update(
        {words.split()[0]: int(words.split()[1])}
    ),  # NAME LEVELS
    "pipe": lambda submission, name, _: submission.pipes.append(name),
    "link": lambda submission, words, _: submission.links.update(
        {words.split()[0]: words.split()[1]}
    ),
}
