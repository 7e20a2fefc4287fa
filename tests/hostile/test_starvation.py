"""A submission that burns all processors costs its neighbor no point, at any load."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from autograder.sandbox import host_support
from tests.autograder.runs import grade, make_class
from tests.autograder.small import COURSE, LESSON
from tests.hostile import LENGTH
from tests.hostile.corpus import Submission

MISSING = host_support.missing_features()
pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("starvation"),
    pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING)),
]
RUNS = 2 * LENGTH
BURNING_PROCESSES = (40, 2, 150, 10)  # one after the other
SETTINGS = """
c.Grade.cell_seconds = 4
c.Grade.start_seconds = 3
c.Grade.notebook_seconds = 60
"""
WORKING = """
import time
def double(x):
    end = time.process_time() + 1
    while time.process_time() < end:
        pass
    return 2 * x
"""
BURNING = """
import os, time
for _ in range({processes}):
    if os.fork() == 0:
        os.setsid()
        while True:
            pass
time.sleep(20)
"""


def write(course: Path, student: str, code: str) -> None:
    submission = Submission()
    for cell in submission.nb["cells"]:
        cell["names"] = {cell["id"]}
    submission.cell("double")["source"] = code
    folder = course / "submitted" / student / LESSON
    folder.mkdir(parents=True)
    submission.write(folder)


@pytest.mark.parametrize("cpu_weight", [True, False])
def test_a_neighbor_that_burns_all_processors_costs_no_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpu_weight: bool
) -> None:
    """With a control group for each kernel, and as on a machine that has none."""
    if not cpu_weight:
        sitecustomize = tmp_path / "sitecustomize.py"
        sitecustomize.write_text(
            "from pathlib import Path\nfrom autograder.sandbox import cgroups\n"
            "cgroups.ControlGroup.create.__func__.__defaults__ = (Path('/nowhere'),)\n"
        )
        monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{COURSE}")
    course = make_class(tmp_path, SETTINGS, "late")
    scores = []
    for run in range(RUNS):
        shutil.rmtree(course / "submitted")
        processes = BURNING_PROCESSES[run % len(BURNING_PROCESSES)]
        write(course, f"burning-{run}", BURNING.format(processes=processes))
        write(course, f"working-{run}", WORKING)
        report = tmp_path / "report.json"
        _, output = grade(course, "--jobs", "2", "--report", str(report))
        data = json.loads(report.read_bytes())
        lines = {line["student"]: line for line in data["submissions"]}
        assert cpu_weight or data["total"]["not_enforced"]
        scores.append((processes, lines[f"working-{run}"]["score"]))
        assert lines[f"working-{run}"]["status"] == "graded", output
    assert scores == [(processes, 8.0) for processes, _ in scores]
    assert len(scores) == RUNS
