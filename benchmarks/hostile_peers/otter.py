"""otter-grader grades the same two tests in its own format, with ``otter run``.

``otter grade`` puts the same run into a Docker container. That protects the machine but changes no
points, since tests and student code share a process either way.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from benchmarks.hostile_peers import cage
from benchmarks.hostile_peers.stock import TESTS
from benchmarks.peers import program
from tests.hostile.corpus import Fair, Submission

_NEXT = "next"  # created when the loop reaches the next student
_CASES = {
    "double-test": [("double(2) == 4", 1), ("double(-3) == -6", 1)],
    "half-test": [("half(1) == 0.5", 3)],
}


def prepare(template: Path) -> None:
    """Pack the tests into one archive."""
    (template / "tests").mkdir(parents=True)
    for name, cases in _CASES.items():
        doctests = [
            {
                "code": f">>> assert {code}\n",
                "hidden": number > 0,
                "locked": False,
                "points": points,
            }
            for number, (code, points) in enumerate(cases)
        ]
        suite = {"type": "doctest", "scored": True, "setup": "", "teardown": "", "cases": doctests}
        test = {"name": name, "suites": [suite]}
        text = f"OK_FORMAT = True\ntest = {test!r}\n"
        (template / "tests" / f"{name}.py").write_text(text, encoding="utf-8")
    ended = cage.run([program("otter"), "generate", "-t", "tests", "-o", "tests.zip"], template)
    if ended.code != 0:
        raise SystemExit(f"otter-grader could not generate its tests:\n{ended.output}")


def grade(template: Path, folder: Path, students: dict[str, Submission]) -> cage.Ended:
    """Grade the first student's submission in a shell loop and see whether the loop goes on.

    An ``otter run`` takes over ten seconds, most of them to start. The neighbor would be graded by
    another process with the same archive of tests. So the neighbor is unharmed if the loop goes on
    and the archive is intact, and need not be graded.
    """
    (folder / "tests.zip").write_bytes((template / "tests.zip").read_bytes())
    student, submission = next(iter(students.items()))
    submitted = folder / "submitted" / student
    submitted.mkdir(parents=True)
    submission.write(submitted)
    (folder / "results" / student).mkdir(parents=True)
    notebook = next(iter(sorted(submitted.glob("*.ipynb"))), submitted / "small.ipynb")
    command = [program("otter"), "run", str(notebook), "-a", "tests.zip", "--no-logo"]
    command += ["-o", f"results/{student}"]
    return cage.run(["sh", "-c", f"{shlex.join(command)}; echo >{_NEXT}"], folder)


def harmed(template: Path, folder: Path, _: str) -> bool:
    """Return whether the loop ended early or the tests are no longer the instructor's."""
    try:
        is_same = (folder / "tests.zip").read_bytes() == (template / "tests.zip").read_bytes()
    except OSError:
        return True
    return not is_same or not (folder / _NEXT).exists()


def points(folder: Path, student: str) -> Fair:
    """Return the points in a student's results."""
    result: Fair = dict.fromkeys(TESTS, 0.0)
    try:
        results = json.loads((folder / "results" / student / "results.json").read_bytes())
    except (OSError, ValueError):  # the run ended before
        return result
    for test in results["tests"]:
        if test["name"] in result:
            result[test["name"]] = float(test.get("score") or 0)
    return result
