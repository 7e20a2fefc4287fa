"""Every lesson, run from top to bottom as it would be graded."""

from __future__ import annotations

import ast
import builtins
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.batch.job import Job
from autograder.batch.job import grade as work
from autograder.cells import is_answer, is_test, lesson_code
from autograder.grading import merge, run_cells, scoring, submission
from autograder.grading.settings import GradingSettings
from autograder.grading.skip import dependencies
from autograder.kernels.kernel import Kernel
from autograder.kernels.time_budget import TimeBudget
from autograder.publish import build
from autograder.test_runner import runner

COURSE = Path(__file__).resolve().parents[2]
LESSONS = build.assignment_names(COURSE)
NO_NETWORK = Path(__file__).with_name("no_network")
WITNESS = "import sitecustomize; print(sitecustomize.ASKED)"

pytestmark = pytest.mark.slow


@pytest.fixture(params=["embedded", "real"])
def data(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The embedded data without any network or cache, then the real data."""
    if request.param == "real" and "COURSE_DATA" not in os.environ:
        pytest.skip("COURSE_DATA names no folder with the real data")
    if request.param == "embedded":
        monkeypatch.delenv("COURSE_DATA", raising=False)
        for cache in ("HOME", "KERAS_HOME", "SCIKIT_LEARN_DATA", "XDG_CACHE_HOME"):
            monkeypatch.setenv(cache, str(tmp_path / "nothing"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "matplotlib"))
    return str(request.param)


def offline(folder: Path) -> Kernel:
    """A kernel that asks no other machine, and tells if it wanted to."""
    variables = {"PYTHONPATH": str(NO_NETWORK)}
    return Kernel(folder, variables, allow_unprotected=True, visible=(NO_NETWORK,))


def grade(name: str, room: str, folder: Path) -> tuple[NotebookNode, dict[str, scoring.CellScore]]:
    """Grade a notebook of the course itself, as if it had been handed in."""
    (path,) = (COURSE / "source" / name).glob("*.ipynb")
    source = nbformat.read(path, as_version=4)
    handed_in = submission.parse((COURSE / room / name / path.name).read_bytes())
    fitted = merge.merge_submission(source, handed_in)
    fitted.cells.append(new_code_cell(WITNESS, id="what-was-asked-of-the-network"))
    budget = TimeBudget(cell_seconds=120, notebook_seconds=400)
    outcomes = run_cells.run(fitted, offline(folder), budget, lesson_code(source))
    verdicts = {}
    cells = {cell["id"]: cell for cell in fitted.cells}
    for cell in source.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            verdict = scoring.score(cell, cells[cell["id"]], outcomes.get(cell["id"]))
            verdicts[verdict.name] = verdict
    return fitted, verdicts


@pytest.mark.parametrize("name", LESSONS)
def test_the_solution_earns_everything_and_nothing_complains(
    name: str, data: str, tmp_path: Path
) -> None:
    fitted, verdicts = grade(name, "source", tmp_path)
    lost = {verdict.name: verdict.reason for verdict in verdicts.values() if verdict.reason}
    assert lost == {}, data
    assert all(verdict.points == verdict.maximum > 0 for verdict in verdicts.values())
    shown = 0
    for cell in fitted.cells:
        for output in cell.get("outputs", []):
            assert output["output_type"] != "error", output.get("evalue")
            assert output.get("name") != "stderr", output.get("text")
            shown += pictures(output)
    assert shown >= 3
    said = "".join(printed(cell) for cell in fitted.cells)
    assert printed(fitted.cells[-1]) == "[]\n", "the network was asked for something"
    if re.search(r"data\.(digits|news|faces)\(\)", "".join(cell.source for cell in fitted.cells)):
        assert ("from the folder COURSE_DATA" in said) == (data == "real")
        assert ("no copy on this computer" in said) == (data == "embedded")


def test_a_cell_that_asks_the_network_is_caught_though_it_hides_the_error(tmp_path: Path) -> None:
    attempts = """
import contextlib, socket, urllib.request
with contextlib.suppress(OSError):
    urllib.request.urlopen("http://example.org/mnist.npz")
for ask in ("connect", "connect_ex"):
    with contextlib.suppress(OSError), socket.socket() as there:
        getattr(there, ask)(("192.0.2.1", 80))
with socket.create_server(("127.0.0.1", 0)) as here, socket.socket() as own:
    assert own.connect_ex(here.getsockname()) == 0  # a kernel may talk to itself
"""
    with offline(tmp_path) as session:
        assert session.run_cell(new_code_cell(attempts), seconds=60).status == "ran"
        witness = new_code_cell(WITNESS)
        session.run_cell(witness, seconds=60)
    asked = ["getaddrinfo example.org", "connect 192.0.2.1", "connect_ex 192.0.2.1"]
    assert printed(witness) == f"{asked}\n"


@pytest.mark.parametrize("name", LESSONS)
def test_warm_and_on_the_short_way_it_earns_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    for room, share in (("source", 1), ("release", 0)):
        submitted = COURSE / room / name
        settings = GradingSettings(allow_unprotected=True, threads=1)
        task = Job(name, "ada", COURSE / "source" / name, submitted, ("*.md",), settings)
        for notebook in work(task)["notebooks"].values():
            for verdict in notebook["verdicts"]:
                assert verdict["points"] == share * verdict["maximum"], verdict
            assert dependencies.SKIPPED[:20] in notebook["notebook"]  # something could be left out


def printed(cell: NotebookNode) -> str:
    """What a cell printed."""
    outputs = cell.get("outputs", [])
    return "".join(output["text"] for output in outputs if output.get("name") == "stdout")


def pictures(output: NotebookNode) -> int:
    """Every picture says in words what it shows; return how many there are."""
    data = output.get("data", {})
    tags = re.findall(r"<img\b[^>]*>", data.get("text/html", ""))
    for tag in tags:
        assert re.search(r'\balt="[^"]{15,}"', tag), tag[:200]
    if "image/png" in data:
        assert len(output["metadata"].get("image/png", {}).get("alt", "")) > 15
    return max(len(tags), "image/png" in data)


def used(source: str) -> set[str]:
    """Names that code takes from outside."""
    names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    loaded = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    return loaded - defined(source) - set(dir(builtins))


def defined(source: str) -> set[str]:
    """Names that code gives a meaning, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
    return found


@pytest.mark.parametrize("name", LESSONS)
def test_a_test_takes_nothing_from_the_student_but_the_answer(name: str) -> None:
    (path,) = (COURSE / "source" / name).glob("*.ipynb")
    source = nbformat.read(path, as_version=4)
    answers = [cell.source for cell in source.cells if cell.cell_type == "code" and is_answer(cell)]
    given = {name for answer in answers for name in defined(answer)}
    given |= set(runner.lesson_imports(lesson_code(source)))
    for cell in source.cells:
        if is_test(cell):
            assert used(cell.source) <= given, cell["id"]


@pytest.mark.parametrize("name", LESSONS)
def test_the_untouched_release_earns_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    _, verdicts = grade(name, "release", tmp_path)
    assert {verdict.name: verdict.points for verdict in verdicts.values()} == dict.fromkeys(
        verdicts, 0.0
    )
    assert all(verdict.reason for verdict in verdicts.values())
