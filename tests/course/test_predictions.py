from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course import predictions
from tests.autograder.tools import TOOLS

ASKED = "**Which error is larger?**\n\n- [ ] of the mean image\n- [x] of $k = 30$ numbers\n"


@pytest.fixture(autouse=True)
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)


def save(path: Path, *sources: str, name: str = "predict-error") -> Path:
    cells = [new_code_cell("1 + 1")]
    for number, source in enumerate(sources):
        cell = new_markdown_cell(source, id=name if number == 0 else f"copy-{number}")
        cell.metadata["course"] = {"prediction": {"multiple": False}}
        cells.append(cell)
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_a_prediction_is_read_from_the_saved_notebook(tmp_path: Path) -> None:
    save(tmp_path / "lesson.ipynb", ASKED)
    assert predictions.predicted("predict-error", tmp_path) == ["of $k = 30$ numbers"]


def test_no_tick_and_no_option_are_distinguished(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "lesson.ipynb", ASKED.replace("[x]", "[ ]"))
    predictions.show("predict-error", tmp_path)
    assert "You haven't predicted yet" in capsys.readouterr().out
    predictions.show("predict-other", tmp_path)
    assert "Save the notebook" in capsys.readouterr().out


def test_a_plain_program_gets_plain_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "lesson.ipynb", ASKED)
    predictions.show("predict-error", tmp_path)
    expected = "**Which error is larger?**\nYou predicted:\n  of $k = 30$ numbers\n"
    assert capsys.readouterr().out == expected


def test_the_notebooks_path_comes_from_jupyter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    save(elsewhere / "lesson.ipynb", ASKED)
    assert predictions.predicted("predict-error", tmp_path) is None
    monkeypatch.setenv("JPY_SESSION_NAME", str(elsewhere / "lesson.ipynb"))
    assert predictions.predicted("predict-error", tmp_path) == ["of $k = 30$ numbers"]


def test_a_renamed_notebook_is_found_and_the_newest_copy_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "old-name.ipynb"))
    new = save(tmp_path / "a-new-name.ipynb", ASKED)
    old = save(tmp_path / "b-copy.ipynb", ASKED.replace("[x]", "[ ]"))
    os.utime(old, (1_000_000_000, 1_000_000_000))
    assert predictions.predicted("predict-error", tmp_path) == ["of $k = 30$ numbers"]
    os.utime(new, (900_000_000, 900_000_000))
    assert predictions.predicted("predict-error", tmp_path) == []


def test_broken_files_are_skipped(tmp_path: Path) -> None:
    for number, text in enumerate(["", "{", "[]", '{"cells": 3}', '{"cells": [3]}']):
        (tmp_path / f"broken-{number}.ipynb").write_text(text)
    (tmp_path / "folder.ipynb").mkdir()
    assert predictions.predicted("predict-error", tmp_path) is None


def test_a_prediction_is_shown_in_a_real_kernel(tmp_path: Path) -> None:
    """Run as nbconvert runs it, where nobody tells the notebook's place."""
    path = save(tmp_path / "lesson.ipynb", ASKED)
    notebook = nbformat.read(path, as_version=4)
    code = "from course import predictions\npredictions.show('predict-error')"
    notebook.cells.append(new_code_cell(code))
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--execute", "--inplace", str(path)]
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    (output,) = nbformat.read(path, as_version=4).cells[-1].outputs
    assert output.data["text/markdown"] == (
        "> **Which error is larger?**\n>\n> **You predicted:**\n>\n> of $k = 30$ numbers"
    )
    assert output.data["text/plain"] == (
        "**Which error is larger?**\nYou predicted:\n  of $k = 30$ numbers"
    )


ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("tool", [*TOOLS])
@pytest.mark.parametrize("path", sorted((ROOT / "release").glob("*/*.ipynb")), ids=lambda p: p.stem)
def test_predictions_are_found_in_notebooks_that_other_tools_saved(
    tmp_path: Path, path: Path, tool: str
) -> None:
    nb = json.loads(path.read_bytes())
    expected = {}
    for cell in nb["cells"]:
        cell["source"] = "".join(cell["source"])
        if "prediction" in cell["metadata"].get("course", {}):
            options = cell["source"].split("- [ ] ")
            expected[cell["id"]] = " ".join(options[2].split())
            cell["source"] = "- [ ] ".join(options[:2]) + "- [x] " + "- [ ] ".join(options[2:])
    assert len(expected) >= 2
    TOOLS[tool](nb)
    (tmp_path / path.name).write_text(json.dumps(nb), encoding="utf-8")
    found = {name: predictions.predicted(name, tmp_path) or [""] for name in expected}
    assert {name: " ".join(options[0].split()) for name, options in found.items()} == expected


def test_a_deleted_prediction_is_not_confused_with_another(tmp_path: Path) -> None:
    """The ids are those of the lesson, so the missing one is missing."""
    path = save(tmp_path / "lesson.ipynb", ASKED)
    nb = nbformat.read(path, as_version=4)
    nb.cells.append(new_code_cell("predictions.show('predict-error')"))
    nb.cells.append(new_code_cell("predictions.show('predict-deleted')"))
    nbformat.write(nb, path)
    assert predictions.predicted("predict-deleted", tmp_path) is None
    assert predictions.predicted("predict-error", tmp_path) == ["of $k = 30$ numbers"]


@pytest.mark.parametrize("source", ["show(" * 1000, "predictions.show('predict-error')", ""])
def test_code_that_shows_a_prediction_without_a_question_finds_none(
    tmp_path: Path, source: str
) -> None:
    nb = {"cells": [{"cell_type": "code", "source": [source], "metadata": {}}]}
    (tmp_path / "lesson.ipynb").write_text(json.dumps(nb), encoding="utf-8-sig")
    assert predictions.predicted("predict-error", tmp_path) is None
