"""Validate runs in a subprocess and leaves the server's working directory alone."""

from __future__ import annotations

import asyncio
import copy
import json
import os
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.preprocessors import Execute
from nbgrader.utils import compute_checksum
from tornado import web

from course.__main__ import main
from course.server import validate
from course.server.keys import AnswerKeys

pytestmark = pytest.mark.slow
NO_KEYS = AnswerKeys(source="/nonexistent")


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
    folder.mkdir(parents=True, exist_ok=True)
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
    reply = await validate.validate_in_subprocess(root, path, NO_KEYS)
    watcher.cancel()
    return reply, directories


def test_the_reply_is_of_nbgraders_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert (reply["success"], reply["value"]) == (True, {})
    assert directories == {str(tmp_path)}
    failing = write_notebook(tmp_path / "other", "assert open('data.txt').read() == '42'")
    reply = asyncio.run(validate.validate_in_subprocess(tmp_path, failing, NO_KEYS))
    assert reply["success"] is True
    assert "FileNotFoundError" in json.dumps(reply["value"])


RED = "Which?\n\n- [ ] red\n- [ ] green\n"


def question(name: str, source: str) -> NotebookNode:
    cell: NotebookNode = new_markdown_cell(source, id=name)
    cell.metadata["course"] = {"quiz": {"multiple": False}}
    cell.metadata["nbgrader"] = {"grade": True, "solution": True, "grade_id": name, "points": 1}
    return cell


def write_lesson(root: Path, *cells: NotebookNode) -> str:
    """Write a notebook whose three questions were released; one test passes, one fails."""
    passing = write_notebook(root / "01-lesson", "assert True")
    nb = nbformat.read(root / passing, as_version=4)
    failing = copy.deepcopy(nb.cells[0])
    failing.update(id="test-2", source="assert 1 == 2, 'one is <not> two'")
    failing.metadata["nbgrader"]["grade_id"] = "test-2"
    nb.cells += [failing, *cells]
    released = [question(name, RED) for name in ("a", "b", "c")]
    nb.metadata["course"] = {"questions": released}
    nbformat.write(nb, root / passing)
    return passing


def test_the_report_tells_the_truth_with_and_without_keys(tmp_path: Path) -> None:
    wrong, right = RED.replace("[ ] red", "[x] red"), RED.replace("[ ] green", "[x] green")
    twice = [
        question("b", right),
        NotebookNode(question("b", right), id="copy"),
    ]  # nbgrader refuses them
    work = tmp_path / "work"
    path = write_lesson(work, question("a", wrong), *twice, question("c", "three"))
    reply = asyncio.run(validate.validate_in_subprocess(work, path, NO_KEYS))
    told = reply["report"]
    counts = ["Exercises: 1 of 2 pass.", "Quiz: 2 of 3 answered, answers saved."]
    assert told["summary"] == [*counts, "Question 3 is damaged."]
    assert [finding["name"] for finding in told["findings"]] == ["test-2", "c"]
    assert "one is <not> two" in told["findings"][0]["message"]
    assert told["findings"][1]["damaged"]
    assert "one is &lt;not&gt; two" in reply["value"]["failed"][0]["error"]

    key = RED.replace("- [ ] green", "- [x] green\n  > It is.").replace("red\n", "red\n  > No.\n")
    keys = AnswerKeys(source=str(tmp_path / "source"))
    nb = new_notebook(cells=[question(name, key) for name in ("a", "b", "c")])
    (tmp_path / "source" / "01-lesson").mkdir(parents=True)
    nbformat.write(nb, tmp_path / "source" / "01-lesson" / "lesson.ipynb")
    told = asyncio.run(validate.validate_in_subprocess(work, path, keys))["report"]
    assert told["summary"][1] == "Quiz: 2 of 3 answered, 1 correct."
    assert [finding["name"] for finding in told["findings"]] == ["test-2", "a", "c"]
    assert "not correct yet" in told["findings"][1]["message"]
    assert "It is." not in json.dumps(told)


def test_the_report_of_an_unanswered_quiz_says_nothing_of_saved_answers(tmp_path: Path) -> None:
    path = write_lesson(tmp_path, *(question(name, RED) for name in ("a", "b", "c")))
    told = asyncio.run(validate.validate_in_subprocess(tmp_path, path, NO_KEYS))["report"]
    assert told["summary"] == ["Exercises: 1 of 2 pass.", "Quiz: 0 of 3 answered."]


def test_a_changed_test_is_reported(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "lesson", "assert True")
    nb = nbformat.read(tmp_path / path, as_version=4)
    entries = nb.cells[0].metadata["nbgrader"]
    entries |= {"locked": True, "checksum": compute_checksum(nb.cells[0])}
    nb.cells[0].source = "pass"
    nbformat.write(nb, tmp_path / path)
    told = asyncio.run(validate.validate_in_subprocess(tmp_path, path, NO_KEYS))["report"]
    assert told["summary"] == [
        "Exercises: 1 of 1 pass.",
        "1 test was changed; grading runs the original.",
    ]
    assert [finding["name"] for finding in told["findings"]] == ["test"]


@pytest.mark.parametrize("path", ["../one.ipynb", "/etc/passwd", "a/../../x.ipynb"])
def test_a_path_outside_the_servers_folder_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(web.HTTPError, match="must stay inside the server's folder"):
        validate._root(str(tmp_path), path)


def test_a_busy_server_gets_more_time_unless_the_configuration_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[tuple[int, int, int]] = []

    def record(
        execute: Execute, nb: NotebookNode, resources: object
    ) -> tuple[NotebookNode, object]:
        limits.append((execute.timeout, execute.startup_timeout, execute.iopub_timeout))
        return nb, resources

    monkeypatch.setattr(Execute, "preprocess", record)
    monkeypatch.chdir(tmp_path)
    notebook = tmp_path / write_notebook(tmp_path / "lesson", "pass")
    validate.run_notebook(notebook)
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.Execute.timeout = 7\n")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    validate.run_notebook(notebook)
    assert limits == [(120, 120, 60), (7, 120, 60)]


def test_a_missing_notebook_is_an_error(tmp_path: Path) -> None:
    reply = asyncio.run(validate.validate_in_subprocess(tmp_path, "missing.ipynb", NO_KEYS))
    assert reply["success"] is False
    assert "missing.ipynb" in str(reply["value"])


def test_the_command_prints_the_same_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_lesson(tmp_path / "work", question("a", RED.replace("[ ] red", "[x] red")))
    with pytest.raises(SystemExit) as ended:
        main(["validate", f"work/{path}"])
    assert ended.value.code == 1  # something is left to do
    printed = capsys.readouterr()
    counts = "Exercises: 1 of 2 pass. Quiz: 1 of 3 answered, answers saved."
    damaged = "Question 2 is damaged. Question 3 is damaged."
    assert printed.out.startswith(f"{counts} {damaged}\n- test-2: It is not correct yet.")
    assert "one is <not> two" in printed.out
    assert "Success" not in printed.out + printed.err

    assert validate.print_report(Path("missing.ipynb")) == 1
    assert "missing.ipynb does not exist" in capsys.readouterr().err
    done = tmp_path / write_notebook(tmp_path / "done", "assert True")
    assert validate.print_report(done) == 0
    assert capsys.readouterr().out == "Exercises: 1 of 1 pass. Nothing is left to do.\n"
