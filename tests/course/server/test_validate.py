"""Validate runs in a subprocess and leaves the server's working directory alone."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.utils import compute_checksum
from tornado import web

from course.server import validate

pytestmark = pytest.mark.slow


def write_notebook(folder: Path, source: str) -> str:
    cell = new_code_cell(source, id="test")
    cell.metadata["nbgrader"] = {
        "grade": True,
        "solution": False,
        "locked": False,
        "task": False,
        "schema_version": 3,
        "grade_id": "test",
        "points": 1,
        "cell_type": "code",
    }
    nb = new_notebook(cells=[cell])
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    folder.mkdir(exist_ok=True)
    nbformat.write(nb, folder / "one.ipynb")
    return f"{folder.name}/one.ipynb"


async def validate_and_watch(root: Path, path: str) -> tuple[dict[str, object], set[str]]:
    """Validate; return the reply, and the server's working directories in the meantime."""
    directories: set[str] = set()

    async def watch() -> None:
        while True:
            directories.add(os.getcwd())  # noqa: PTH109  (nbgrader calls it, too)
            await asyncio.sleep(0.05)

    watcher = asyncio.create_task(watch())
    reply = await validate.validate_in_subprocess(root, path)
    watcher.cancel()
    return reply, directories


def test_the_reply_is_nbgraders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "course").mkdir()  # a student's folder of the same name
    (tmp_path / "course" / "__init__.py").write_text("raise SystemExit('not mine')")
    (tmp_path / "lesson").mkdir()
    (tmp_path / "lesson" / "data.txt").write_text("42")
    passing = write_notebook(
        tmp_path / "lesson",
        "import os\nos.write(1, b'{')\nassert open('data.txt').read() == '42'",
    )
    reply, directories = asyncio.run(validate_and_watch(tmp_path, passing))
    assert reply == {"success": True, "value": {}}
    assert directories == {str(tmp_path)}
    failing = write_notebook(tmp_path / "other", "assert open('data.txt').read() == '42'")
    reply = asyncio.run(validate.validate_in_subprocess(tmp_path, failing))
    assert reply["success"] is True
    assert "FileNotFoundError" in json.dumps(reply["value"])


BLANK = "**Which?**\n\n- [ ] red\n- [ ] green\n"


@pytest.mark.parametrize(
    ("source", "is_read"),
    [
        (BLANK, True),
        (BLANK.rstrip(), True),
        (BLANK.replace("- [ ] red", "- [✓] red"), True),
        (BLANK.replace("- [ ] red", "- [х] red") + "I guess.", True),
        (BLANK.replace("- [ ] red", "- [*] red"), False),
        (BLANK.replace("- [ ] red", "- [ ] red [x]"), False),
        (BLANK + "Red!", False),
        (BLANK.replace("red", "**red**"), False),
    ],
)
def test_validate_reports_an_answer_that_cannot_be_read(
    tmp_path: Path, source: str, is_read: bool
) -> None:
    cell = new_markdown_cell(BLANK)
    cell.metadata["course"] = {"quiz": {"multiple": True}}
    cell.metadata["nbgrader"] = {"grade": True, "grade_id": "colors", "points": 1}
    cell.metadata["nbgrader"]["checksum"] = compute_checksum(cell)
    cell.source = source
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "one.ipynb")
    failed = validate.unread_answers(tmp_path / "one.ipynb")
    assert [entry["source"] for entry in failed] == ([] if is_read else [source.strip()])


def test_an_answer_that_cannot_be_read_fails_validation(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "lesson", "assert True")
    nb = nbformat.read(tmp_path / path, as_version=4)
    question = new_markdown_cell("Which?\n\n- [*] red\n- [ ] green", id="colors")
    question.metadata["course"] = {"quiz": {}}
    nb.cells.append(question)
    nbformat.write(nb, tmp_path / path)
    reply = asyncio.run(validate.validate_in_subprocess(tmp_path, path))
    assert reply["success"] is True
    assert "Write [x] into the box" in json.dumps(reply["value"]["failed"])


@pytest.mark.parametrize("path", ["../one.ipynb", "/etc/passwd", "a/../../x.ipynb"])
def test_a_path_outside_the_servers_folder_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(web.HTTPError, match="must stay inside the server's folder"):
        validate._root(str(tmp_path), path)


def test_a_missing_notebook_is_an_error(tmp_path: Path) -> None:
    reply = asyncio.run(validate.validate_in_subprocess(tmp_path, "missing.ipynb"))
    assert reply["success"] is False
    assert "missing.ipynb" in str(reply["value"])
