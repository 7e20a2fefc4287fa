"""A run begins at once: what takes long to load is loaded only by who needs it."""

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

HEAVY = ("rfc3987_syntax", "tensorflow", "keras", "distributed", "matplotlib", "sklearn")
QUIZ = """# Questions

+++ {"quiz": "single"}

**Which one?**

- [ ] the first
  > Not this one.
- [x] the second
  > This one.
"""
ASKED = f"""
import json, sys
from autograder.__main__ import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code
loaded = [name for name in {HEAVY!r} if sys.modules.get(name)]
print(json.dumps([code, loaded]))
"""


def loaded(*arguments: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", ASKED, *arguments],
        cwd=COURSE,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=True,
    )
    code, found = json.loads(done.stdout.splitlines()[-1])
    return code, found


@pytest.mark.parametrize("words", [["grade", "--help"], ["plan", "--help"], ["--help"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    assert loaded(*words) == (0, [])


class TestRun:
    pytestmark = slow

    def test_a_class_of_questions_loads_nothing_heavy(self, tmp_path: Path) -> None:
        course = open_course(tmp_path / "course", QUIZ)
        assert nbgrader(course, "generate_assignment", LESSON)[0] == 0
        for name in ("ada", "bob"):
            folder = course / "submitted" / name / LESSON
            folder.mkdir(parents=True)
            (folder / "small.ipynb").write_bytes(
                (course / "source" / LESSON / "small.ipynb").read_bytes()
            )
        report = course / "report.json"
        given = ("grade", LESSON, "--root", str(course), "--jobs", "2", "--report", str(report))
        assert loaded(*given) == (0, [])
        told = json.loads(report.read_bytes())
        assert {line["score"] for line in told["submissions"]} == {1}
        assert told["total"]["kernel_mb"] == 0  # no kernel was started
        assert told["total"]["fullest_mb"] > 0
