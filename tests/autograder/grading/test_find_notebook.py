"""A student's notebook is found under other names and in folders; what is unclear is said."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from autograder.grading import find_notebook, submission
from autograder.grading.submission import Submission
from tests.autograder.lessons import cell, source_notebook, submitted_notebook
from tests.autograder.tools import TOOLS

SOURCE = source_notebook()
ANSWERED = submitted_notebook()


def blank() -> dict[str, Any]:
    nb = submitted_notebook()
    for name in ("single", "several"):
        cell(nb, name)["source"] = cell(nb, name)["source"].replace("[x]", "[ ]")
    for name in ("double", "half"):
        cell(nb, name)["source"] = (
            f"def {name}(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
        )
    return nb


def write(folder: Path, name: str, content: dict[str, Any] | bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def read(folder: Path) -> Submission:
    return find_notebook.read(folder / "small.ipynb", SOURCE, ["small.ipynb", "other.ipynb"])


@pytest.mark.parametrize(
    "name",
    [
        *("final (2).ipynb", "Small.IPYNB", "small.ipynb.txt", "small.ipynb.json", "small.json"),
        *("small", "small.ipnyb", "small.txt", "01-small/small.ipynb", "a/b/c/my small.ipynb"),
        "Copy of small.ipynb",
    ],
)
@pytest.mark.parametrize("tool", ["old-jupyter", "kaggle"])
def test_a_renamed_or_moved_notebook_is_found(tmp_path: Path, name: str, tool: str) -> None:
    nb = copy.deepcopy(ANSWERED)
    TOOLS[tool](nb)
    write(tmp_path, name, nb)
    write(tmp_path, "scratch.ipynb", {"cells": [], "nbformat": 4})
    write(tmp_path, "data.json", {"cells": 3})
    write(tmp_path, "other.ipynb", ANSWERED)  # another notebook of the assignment
    found = read(tmp_path)
    assert (found.file, found.unreadable, found.undecided) == (name, "", "")
    assert found.notes == (f"The notebook is named “{name}” instead of “small.ipynb”.",)
    assert len(found.cells) == len(ANSWERED["cells"])


@pytest.mark.parametrize(
    "name", ["small-Copy1.ipynb", "small (1).ipynb", "Copy of small.ipynb", "done/small.ipynb"]
)
@pytest.mark.parametrize("tool", [*TOOLS])
def test_an_answered_copy_of_a_blank_notebook_is_left_to_a_person(
    tmp_path: Path, name: str, tool: str
) -> None:
    nb = copy.deepcopy(ANSWERED)
    TOOLS[tool](nb)
    write(tmp_path, "small.ipynb", blank())
    write(tmp_path, name, nb)
    found = read(tmp_path)
    assert found.cells == ()
    assert found.undecided.startswith(f"“{name}” has answers that “small.ipynb” lacks.")


@pytest.mark.parametrize("name", ["single", "double"])
def test_a_copy_with_one_more_answer_is_left_to_a_person(tmp_path: Path, name: str) -> None:
    nb = submitted_notebook()
    cell(nb, name)["source"] = cell(blank(), name)["source"]
    write(tmp_path, "small.ipynb", nb)
    write(tmp_path, "small-Copy1.ipynb", ANSWERED)
    assert read(tmp_path).undecided


def test_code_in_a_new_cell_of_a_copy_counts_as_an_answer(tmp_path: Path) -> None:
    nb = blank()
    code = {"cell_type": "code", "metadata": {}, "id": "mine", "source": "double = lambda x: 2 * x"}
    write(tmp_path, "small.ipynb", nb)
    write(tmp_path, "small-Copy1.ipynb", {"cells": [*nb["cells"], code]})
    assert read(tmp_path).undecided


def test_copies_without_further_answers_change_nothing(tmp_path: Path) -> None:
    other = submitted_notebook()
    cell(other, "single")["source"] = cell(blank(), "single")["source"]
    cell(other, "double")["source"] = "def double(x):\n    return 3 * x"
    write(tmp_path, "small.ipynb", ANSWERED)
    write(tmp_path, "same.ipynb", ANSWERED)
    write(tmp_path, "blank.ipynb", blank())
    write(tmp_path, "other answers.ipynb", other)
    write(tmp_path, ".ipynb_checkpoints/small-checkpoint.ipynb", ANSWERED)
    found = read(tmp_path)
    assert (found.undecided, found.file, found.notes) == ("", "", ())
    assert len(found.cells) == len(ANSWERED["cells"])


def test_blank_notebooks_are_simply_blank(tmp_path: Path) -> None:
    write(tmp_path, "small.ipynb", blank())
    write(tmp_path, "small-Copy1.ipynb", blank())
    found = read(tmp_path)
    assert not found.undecided
    assert found.cells


def test_a_readable_copy_of_a_damaged_notebook_is_named(tmp_path: Path) -> None:
    write(tmp_path, "small.ipynb", b'{"cells": [')
    write(tmp_path, "small-Copy1.ipynb", ANSWERED)
    found = read(tmp_path)
    assert found.undecided.startswith("Not a complete notebook")
    assert found.undecided.endswith("But “small-Copy1.ipynb” can be read.")


def test_two_candidates_for_a_renamed_notebook_are_left_to_a_person(tmp_path: Path) -> None:
    write(tmp_path, "a.ipynb", ANSWERED)
    write(tmp_path, "b.ipynb", ANSWERED)
    assert "several that could be it: “a.ipynb”, “b.ipynb”" in read(tmp_path).undecided


def test_the_expected_name_in_a_folder_is_preferred(tmp_path: Path) -> None:
    write(tmp_path, "01-small/Small.ipynb", ANSWERED)
    write(tmp_path, "old.ipynb", blank())
    assert read(tmp_path).file == "01-small/Small.ipynb"


@pytest.mark.parametrize(
    ("files", "listed"),
    [
        ({}, "The folder is empty."),
        ({"timestamp.txt": b"2026", ".DS_Store": b"x", "__MACOSX/x.ipynb": b"x"}, "is empty."),
        ({"small.zip": b"PK\x03\x04"}, "It has “small.zip” (a ZIP archive). Submit “small.ipynb”"),
        (
            {"a.docx": b"PK\x03\x04", "b.pdf": b"%PDF"},
            "(a Word document), “b.pdf” (a PDF document)",
        ),
        ({"small.ipynb.html": b"<html>"}, "“small.ipynb.html” (a web page)"),
        ({"small.py": b"x = 1"}, "“small.py” (a Python program)"),
        ({"x.ipynb": b'{"cells": []}'}, "“x.ipynb” (not this lesson's notebook)"),
        ({"x.ipynb": b'{"cells": '}, "“x.ipynb” (damaged)"),
        ({f"{name}.csv": b"1" for name in "abcdefgh"}, "“e.csv”, 3 more."),
        ({"two\nlines\x1b[31m.csv": b"1"}, "“two lines[31m.csv”"),
    ],
)
def test_without_a_notebook_the_reason_says_what_was_submitted(
    tmp_path: Path, files: dict[str, bytes], listed: str
) -> None:
    for name, content in files.items():
        write(tmp_path, name, content)
    found = read(tmp_path)
    assert found.unreadable.startswith("The submission has no notebook “small.ipynb”.")
    assert listed in found.unreadable


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "secret.ipynb", ANSWERED)
    folder = tmp_path / "submitted"
    folder.mkdir()
    (folder / "small.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (folder / "copy.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (folder / "folder").symlink_to(tmp_path)
    assert read(folder).unreadable


def test_few_files_are_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(100):
        write(tmp_path, f"copy-{number}.ipynb", {"cells": []})
    parsed: list[Path] = []
    monkeypatch.setattr(find_notebook, "MAX_LISTED", 0)

    def read_file(path: Path) -> Submission:
        parsed.append(path)
        return Submission()

    monkeypatch.setattr(submission, "read_file", read_file)
    read(tmp_path)
    assert len(parsed) == find_notebook.MAX_CANDIDATES
    monkeypatch.setattr(submission, "MAX_BYTES", 100)
    parsed.clear()
    read(tmp_path)
    assert 0 < len(parsed) <= 10
