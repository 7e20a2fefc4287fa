"""Everything that Jupyter runs, the grader runs: the same points as under Validate."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import cells
from autograder.sandbox import host_support, landlock
from tests.autograder import idioms
from tests.autograder.small import LESSON, NOTEBOOK, open_course
from tests.hostile import users
from tests.hostile.batch import nbgrader

STUDENT = "ada"
PROGRAMS = Path(sys.executable).parent
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("idioms")]
# If root's Python lies in a closed folder, the command runs where all users can start it.
PREFIX = (
    users.command_prefix(0)
    if landlock.closed_folder() is not None and not users.unavailable_reason(0)
    else []
)
UNAVAILABLE = {
    "Bubblewrap": " ".join(host_support.missing_features()),
    "Landlock": "" if PREFIX else landlock.unavailable_reason(),
}
USUAL = ("warm", "Bubblewrap", "grade")
COMBINATIONS = [
    pytest.param(
        combination,
        marks=[
            pytest.mark.skipif(bool(reason := UNAVAILABLE[combination[1]]), reason=reason),
            *([] if combination == USUAL else [pytest.mark.long]),
        ],
        id="-".join(combination),
    )
    for combination in itertools.product(
        ("warm", "cold"), ("Bubblewrap", "Landlock"), ("grade", "autograde")
    )
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose lesson has an exercise for each idiom, and one submission."""
    course = open_course(tmp_path_factory.mktemp("idioms") / "course", idioms.TEXT)
    code, output = nbgrader(course, "generate_assignment", LESSON)
    assert code == 0, output
    idioms.write(course / "submitted" / STUDENT / LESSON, NOTEBOOK)
    return course


@pytest.fixture(scope="session")
def path_without_bubblewrap(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A search path with links to all programs but ``bwrap``."""
    folder = tmp_path_factory.mktemp("programs")
    for path in os.environ["PATH"].split(os.pathsep):
        for program in Path(path).glob("*"):
            link = folder / program.name
            if program.name != "bwrap" and not link.is_symlink():
                link.symlink_to(program.absolute())
    return str(folder)


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_honest_idioms_get_full_points(
    template: Path,
    tmp_path: Path,
    path_without_bubblewrap: str,
    combination: tuple[str, str, str],
) -> None:
    start, protection, command = combination
    course = Path(shutil.copytree(template, tmp_path / "course"))
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as settings:
        settings.write(f"c.Grade.warm = {start == 'warm'}\n")
    env = {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    arguments = [sys.executable, "-m", "autograder", "grade", LESSON, "--jobs", "1"]
    if command == "autograde":
        arguments = [str(PROGRAMS / "nbgrader"), "autograde", LESSON]
    if protection == "Landlock":
        arguments = [*PREFIX, *arguments]
        arguments[0] = shutil.which(arguments[0]) or arguments[0]  # before it is hidden
        env["PATH"] = f"{PROGRAMS}{os.pathsep}{path_without_bubblewrap}"
    run = subprocess.run(
        arguments, cwd=course, env=env, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    nb = json.loads((course / "autograded" / STUDENT / LESSON / NOTEBOOK).read_bytes())
    records = {cells.grade_id(cell): cells.score_record(cell) for cell in nb["cells"]}
    scores = {name: record for name, record in records.items() if record}
    missed = {name: record["reason"] for name, record in scores.items() if record["points"] != 1}
    assert missed == {}
    assert len(scores) == len(idioms.IDIOMS) >= 100


@pytest.mark.long
def test_the_idioms_pass_validate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the kernel that Jupyter starts."""
    monkeypatch.setenv("HOME", str(tmp_path))
    idioms.write(tmp_path, NOTEBOOK)
    code, output = nbgrader(tmp_path, "validate", NOTEBOOK)
    assert (code, "Success! Your notebook passes all the tests." in output) == (0, True), output
