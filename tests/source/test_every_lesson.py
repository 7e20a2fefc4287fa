"""Run every lesson from top to bottom, as in grading."""

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
from autograder.batch.job import grade as grade_job
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
LAB = "05-autoencoder-lab"
TRAIN_LONG = {"03-pca-comparison", LAB}
NO_NETWORK = Path(__file__).with_name("no_network")
PRINT_REQUESTS = "import sitecustomize; print(sitecustomize.REQUESTS)"

pytestmark = pytest.mark.slow


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.long)])
def data(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Use the embedded data without network or cache, then the real data."""
    if request.param == "real" and "COURSE_DATA" not in os.environ:
        pytest.skip("COURSE_DATA must name a folder with the real data")
    if request.param == "embedded":
        monkeypatch.delenv("COURSE_DATA", raising=False)
        for cache in ("HOME", "KERAS_HOME", "SCIKIT_LEARN_DATA", "XDG_CACHE_HOME"):
            monkeypatch.setenv(cache, str(tmp_path / "nothing"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "matplotlib"))
    return str(request.param)


def offline_kernel(folder: Path) -> Kernel:
    """Return a kernel that blocks and records access to other machines."""
    variables = {"PYTHONPATH": str(NO_NETWORK)}
    return Kernel(folder, variables, allow_unprotected=True, visible=(NO_NETWORK,))


def read_source(name: str) -> NotebookNode:
    (path,) = (COURSE / "source" / name).glob("*.ipynb")
    return NotebookNode(nbformat.read(path, as_version=4))


def grade(
    name: str, version: str, folder: Path
) -> tuple[NotebookNode, dict[str, scoring.CellScore]]:
    """Grade the source or the release of a lesson as if it had been submitted."""
    (path,) = (COURSE / version / name).glob("*.ipynb")
    source = read_source(name)
    fitted = merge.merge_submission(source, submission.parse(path.read_bytes()))
    fitted.cells.append(new_code_cell(PRINT_REQUESTS, id="print-network-requests"))
    budget = TimeBudget(cell_seconds=120, notebook_seconds=400)
    outcomes = run_cells.run(fitted, offline_kernel(folder), budget, lesson_code(source))
    scores = {}
    cells = {cell["id"]: cell for cell in fitted.cells}
    for cell in source.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell_score = scoring.score(cell, cells[cell["id"]], outcomes.get(cell["id"]))
            scores[cell_score.name] = cell_score
    return fitted, scores


@pytest.mark.parametrize(
    "name",
    [
        # Some train for over a minute. `make test` runs their solutions with what may be skipped.
        pytest.param(
            name,
            marks=[pytest.mark.xdist_group(name), *[pytest.mark.long] * (name in TRAIN_LONG)],
        )
        for name in LESSONS
    ],
)
def test_the_solution_earns_full_points_without_warnings(
    name: str, data: str, tmp_path: Path
) -> None:
    fitted, scores = grade(name, "source", tmp_path)
    lost = {score.name: score.reason for score in scores.values() if score.reason}
    assert lost == {}, data
    assert all(score.points == score.maximum > 0 for score in scores.values())
    picture_count = 0
    for cell in fitted.cells:
        for output in cell.get("outputs", []):
            assert output["output_type"] != "error", output.get("evalue")
            assert output.get("name") != "stderr", output.get("text")
            picture_count += count_pictures(output)
    assert picture_count >= 3
    printed_text = "".join(printed(cell) for cell in fitted.cells)
    assert printed(fitted.cells[-1]) == "[]\n", "a cell tried to reach the network"
    if re.search(r"data\.(digits|news|faces)\(\)", "".join(cell.source for cell in fitted.cells)):
        assert ("from the folder COURSE_DATA" in printed_text) == (data == "real")
        assert ("no copy on this computer" in printed_text) == (data == "embedded")


def test_network_access_is_detected_even_if_the_cell_hides_the_error(tmp_path: Path) -> None:
    attempts = """
import contextlib, socket, urllib.request
with contextlib.suppress(OSError):
    urllib.request.urlopen("http://example.org/mnist.npz")
for method in ("connect", "connect_ex"):
    with contextlib.suppress(OSError), socket.socket() as client:
        getattr(client, method)(("192.0.2.1", 80))
with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
    assert client.connect_ex(server.getsockname()) == 0  # a kernel may connect to itself
"""
    with offline_kernel(tmp_path) as kernel:
        assert kernel.run_cell(new_code_cell(attempts), seconds=60).status == "ran"
        cell = new_code_cell(PRINT_REQUESTS)
        kernel.run_cell(cell, seconds=60)
    requests = ["getaddrinfo example.org", "connect 192.0.2.1", "connect_ex 192.0.2.1"]
    assert printed(cell) == f"{requests}\n"


def test_skipping_cells_of_the_lab_in_a_forked_kernel_gives_the_same_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other lessons, and the untouched lab, are in ``tests/autograder/batch/test_job.py``."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    folder = COURSE / "source" / LAB
    settings = GradingSettings(allow_unprotected=True, threads=1)
    (result,) = grade_job(Job(LAB, "ada", folder, folder, ("*.md",), settings)).notebooks.values()
    assert [score for score in result.scores if score.points != score.maximum] == []
    assert dependencies.SKIPPED[:20] in result.notebook  # some cells were skipped


def printed(cell: NotebookNode) -> str:
    """Return what a cell printed."""
    outputs = cell.get("outputs", [])
    return "".join(output["text"] for output in outputs if output.get("name") == "stdout")


def count_pictures(output: NotebookNode) -> int:
    """Check that every picture has an alternative text; return the number of pictures."""
    data = output.get("data", {})
    tags = re.findall(r"<img\b[^>]*>", data.get("text/html", ""))
    for tag in tags:
        assert re.search(r'\balt="[^"]{15,}"', tag), tag[:200]
    if "image/png" in data:
        assert len(output["metadata"].get("image/png", {}).get("alt", "")) > 15
    return max(len(tags), "image/png" in data)


def used_names(source: str) -> set[str]:
    """Return the names that code uses but does not define."""
    names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    loaded = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    return loaded - defined_names(source) - set(dir(builtins))


def defined_names(source: str) -> set[str]:
    """Return the names that code defines anywhere."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
    return names


@pytest.mark.parametrize("name", LESSONS)
def test_tests_use_only_names_that_answers_define(name: str) -> None:
    source = read_source(name)
    answers = [cell.source for cell in source.cells if cell.cell_type == "code" and is_answer(cell)]
    available = {name for answer in answers for name in defined_names(answer)}
    available |= set(runner.lesson_imports(lesson_code(source)))
    for cell in source.cells:
        if is_test(cell):
            assert used_names(cell.source) <= available, cell["id"]


def trains(name: str) -> bool:
    return any("autoencoder.train(" in cell.source for cell in read_source(name).cells)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=[
                pytest.mark.xdist_group(f"unchanged {name}"),
                *[pytest.mark.long] * trains(name),
            ],
        )
        for name in LESSONS
    ],
)
def test_the_unchanged_release_earns_no_points_and_runs_to_its_end(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    fitted, scores = grade(name, "release", tmp_path)
    failed = {
        cell["id"]: output["evalue"]
        for cell in fitted.cells
        if cell.cell_type == "code" and not is_test(cell)
        for output in cell.outputs
        if output.output_type == "error"
    }
    assert failed == {}  # an open exercise stops its test, and nothing else
    assert {score.name: score.points for score in scores.values()} == dict.fromkeys(scores, 0.0)
    assert all(score.reason for score in scores.values())
