"""Reading a submission never fails, and an unreadable one has a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading import submission


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


CELL = {
    "cell_type": "markdown",
    "id": "q-one",
    "metadata": {"nbgrader": {"grade_id": "q-one"}},
    "source": ["a\r\n", "b"],
}


def test_a_notebook_becomes_plain_data() -> None:
    read = submission.parse(json.dumps(notebook(CELL)).encode())
    assert read.cells == (submission.SubmittedCell("markdown", "a\nb", "q-one", "q-one"),)
    assert not read.unreadable


def test_colab_keeps_ids_in_the_metadata() -> None:
    cell = {"cell_type": "code", "metadata": {"id": "base"}, "source": ""}
    assert submission.parse(json.dumps(notebook(cell)).encode()).cells[0].id == "base"


def test_a_byte_order_mark_is_ignored() -> None:
    content = json.dumps(notebook(CELL)).encode("utf-8-sig")
    assert len(submission.parse(content).cells) == 1


def test_nbformat_3_worksheets_are_read() -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1"}]}], "nbformat": 3}
    assert submission.parse(json.dumps(old).encode()).cells[0].source == "x = 1"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (json.dumps(notebook(CELL)).encode()[:-20], "cut off or damaged at line 1"),
        (b"", "the file is an empty file"),
        (b"\xff\xfe\x00", "isn't UTF-8 text but UTF-16. Save it as UTF-8."),
        (b'{"cells": "\xe4"}', "isn't UTF-8 text"),
        (json.dumps(json.dumps(notebook(CELL))).encode(), "encoded twice"),
        (b"\n <!DOCTYPE html><html>", "the file is a web page. Submit the .ipynb file"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "the file is a Git LFS pointer"),
        (b"PK\x03\x04", "the file is a ZIP archive"),
        (b"%PDF-1.7", "the file is a PDF document"),
        (
            b"{\n<<<<<<< HEAD\n=======\n>>>>>>> main\n}",
            "merge conflict in Git, the first in line 2",
        ),
        (b"[" * 200_000 + b"]" * 200_000, "the file has 200,000 levels of nesting"),
        (b'{"x": "[[", "cells": ' + b"[" * 50_000, "the file has 50,001 levels of nesting"),
        (b"[" + b"[]," * 4_000_000 + b"[]]", "8,000,002 values, more than 4,000,000."),
        (b'{"cells": [' + b"1," * 100_000 + b"1]}", "100,001 cells, more than 100,000."),
        (b"[1, 2]", "has no list of cells"),
        (b'{"cells": 5}', "has no list of cells"),
        (b'{"nbformat": 4}', "has no list of cells"),
        (b"9" * 6000, "has no list of cells"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_unreadable_content_has_a_reason(content: bytes, reason: str) -> None:
    read = submission.parse(content)
    assert reason in read.unreadable
    assert read.cells == ()


def test_brackets_and_commas_in_outputs_are_not_counted() -> None:
    output = {"output_type": "stream", "name": "stdout", "text": '[1, \\"' * 2_000_000}
    code = {"cell_type": "code", "source": "x = 1", "outputs": [output]}
    assert submission.parse(json.dumps(notebook(code)).encode()).cells[0].source == "x = 1"


def test_a_huge_number_is_ignored_with_a_note() -> None:
    content = (
        json.dumps(notebook(CELL)).encode().replace(b'"nbformat": 4', b'"nbformat": ' + b"4" * 6000)
    )
    read = submission.parse(content)
    assert read.cells[0].source == "a\nb"
    assert read.notes == ("A number with more than 4,300 digits was ignored.",)


def test_a_cell_that_is_too_long_is_left_out_alone() -> None:
    sources = ["first", "x" * 1_500_001, "y" * 1_500_000, "z" * 1_500_000, "w" * 1_000_001, "last"]
    cells = [{"cell_type": "code", "source": source} for source in sources]
    read = submission.parse(json.dumps(notebook(*cells)).encode())
    assert [len(cell.source) for cell in read.cells] == [5, 0, 1_500_000, 1_500_000, 0, 4]
    assert [cell.left_out.partition("it has ")[2] for cell in read.cells if cell.left_out] == [
        "1,500,001 characters, and at most 1,500,000 are read.",
        "1,000,001 characters, and at most 4,000,000 of all cells are read.",
    ]


def test_oversized_content_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "MAX_BYTES", 10)
    assert "too large" in submission.parse(b" " * 11).unreadable


def test_an_unreadable_file_has_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "intro.ipynb").touch()

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    read = submission.read_file(tmp_path / "intro.ipynb")
    assert read.unreadable == "The file can't be read: Permission denied."


def test_an_oversized_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "intro.ipynb").open("wb") as file:
        file.truncate(2**40)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was opened"))
    assert "too large: 1048576 MB" in submission.read_file(tmp_path / "intro.ipynb").unreadable


def test_lone_surrogates_are_replaced() -> None:
    read = submission.parse(b'{"cells": [{"cell_type": "code", "source": "a\\ud800b"}]}')
    assert read.cells[0].source.encode() == b"a?b"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "source", "metadata", "nbgrader", "grade_id", "id", "cell_type"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(JSON | JSON.map(lambda value: {"cells": [value]}))
def test_any_json_is_parsed_without_error(value: Any) -> None:
    read = submission.parse(json.dumps(value).encode())
    assert bool(read.unreadable) or all(isinstance(cell.source, str) for cell in read.cells)
