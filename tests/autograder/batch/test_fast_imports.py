"""The command starts quickly: slow libraries load only where they are needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.autograder.runs import slow
from tests.autograder.small import COURSE, LESSON, open_course
from tests.hostile.batch import nbgrader

SLOW_LIBRARIES = ("rfc3987_syntax", "tensorflow", "keras", "distributed", "matplotlib", "sklearn")
QUIZ = """# Questions

+++ {"quiz": "single"}

**Which one?**

- [ ] the first
  > Not this one.
- [x] the second
  > This one.
"""
REPORT_IMPORTS = f"""
import json, sys
from autograder.__main__ import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code
loaded = [name for name in {SLOW_LIBRARIES!r} if sys.modules.get(name)]
print(json.dumps([code, loaded]))
"""


def run_command(*arguments: str) -> tuple[int, list[str]]:
    """Return the exit code and which slow libraries were loaded."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT_IMPORTS, *arguments],
        cwd=COURSE,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=True,
    )
    code, loaded = json.loads(done.stdout.splitlines()[-1])
    return code, loaded


@pytest.mark.parametrize("arguments", [["grade", "--help"], ["plan", "--help"], ["--help"]])
def test_help_loads_no_slow_library(arguments: list[str]) -> None:
    assert run_command(*arguments) == (0, [])


def test_a_usage_error_loads_no_slow_library(tmp_path: Path) -> None:
    assert run_command("grade", LESSON, "--root", str(tmp_path)) == (2, [])
    open_course(tmp_path / "course")
    assert run_command("grade", "02-none", "--root", str(tmp_path / "course")) == (2, [])


class TestRun:
    pytestmark = slow

    def test_grading_a_quiz_loads_no_slow_library(self, tmp_path: Path) -> None:
        course = open_course(tmp_path / "course", QUIZ)
        assert nbgrader(course, "generate_assignment", LESSON)[0] == 0
        for name in ("ada", "bob"):
            folder = course / "submitted" / name / LESSON
            folder.mkdir(parents=True)
            (folder / "small.ipynb").write_bytes(
                (course / "source" / LESSON / "small.ipynb").read_bytes()
            )
        report = course / "report.json"
        arguments = ("grade", LESSON, "--root", str(course), "--jobs", "2", "--report", str(report))
        assert run_command(*arguments) == (0, [])
        data = json.loads(report.read_bytes())
        assert {line["score"] for line in data["submissions"]} == {1}
        assert data["total"]["kernel_mb"] == 0  # no kernel was started
        assert data["total"]["fullest_mb"] > 0
