"""Validate: a process of its own, so that neither the server nor its working folder is touched."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from tornado import web

from course.server import validate

pytestmark = pytest.mark.slow


def notebook(folder: Path, source: str) -> str:
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


async def while_moving(root: Path, path: str) -> tuple[dict[str, object], set[str]]:
    """Validate, and see where the server is in the meantime."""
    seen: set[str] = set()

    async def look() -> None:
        while True:
            seen.add(os.getcwd())  # noqa: PTH109  (as nbgrader asks)
            await asyncio.sleep(0.05)

    looking = asyncio.create_task(look())
    said = await validate.validated(root, path)
    looking.cancel()
    return said, seen


def test_what_it_says_is_what_nbgrader_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "course").mkdir()  # a student's own folder of that name
    (tmp_path / "course" / "__init__.py").write_text("raise SystemExit('not mine')")
    (tmp_path / "lesson").mkdir()
    (tmp_path / "lesson" / "beside.txt").write_text("42")
    right = notebook(
        tmp_path / "lesson",
        "import os\nos.write(1, b'{')\nassert open('beside.txt').read() == '42'",
    )
    said, seen = asyncio.run(while_moving(tmp_path, right))
    assert said == {"success": True, "value": {}}
    assert seen == {str(tmp_path)}
    wrong = notebook(tmp_path / "other", "assert open('beside.txt').read() == '42'")
    said = asyncio.run(validate.validated(tmp_path, wrong))
    assert said["success"] is True
    assert "FileNotFoundError" in json.dumps(said["value"])


@pytest.mark.parametrize("path", ["../one.ipynb", "/etc/passwd", "a/../../x.ipynb"])
def test_nothing_outside_the_servers_folder_is_validated(tmp_path: Path, path: str) -> None:
    with pytest.raises(web.HTTPError, match="leads out of the server's folder"):
        validate._root(str(tmp_path), path)


def test_a_notebook_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    said = asyncio.run(validate.validated(tmp_path, "missing.ipynb"))
    assert said["success"] is False
    assert "missing.ipynb" in str(said["value"])
