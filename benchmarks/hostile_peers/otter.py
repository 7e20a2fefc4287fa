"""otter-grader: the same two tests in its own form, run by ``otter run``.

Otter's other way, ``otter grade``, puts the same run into a Docker container. That keeps the
machine safe; it changes nothing about the points, since tests and student share the process.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from benchmarks.hostile_peers import cage
from benchmarks.hostile_peers.stock import TESTS
from benchmarks.peers import program
from tests.hostile.corpus import Fair, Submission

_NEXT = "next"  # made by the loop when it comes to the next student
_CASES = {
    "double-test": [("double(2) == 4", 1), ("double(-3) == -6", 1)],
    "half-test": [("half(1) == 0.5", 3)],
}


def prepare(template: Path) -> None:
    """Make the tests, in one archive."""
    (template / "tests").mkdir(parents=True)
    for name, cases in _CASES.items():
        made = [
            {
                "code": f">>> assert {code}\n",
                "hidden": number > 0,
                "locked": False,
                "points": points,
            }
            for number, (code, points) in enumerate(cases)
        ]
        suite = {"type": "doctest", "scored": True, "setup": "", "teardown": "", "cases": made}
        test = {"name": name, "suites": [suite]}
        text = f"OK_FORMAT = True\ntest = {test!r}\n"
        (template / "tests" / f"{name}.py").write_text(text, encoding="utf-8")
    ended = cage.run([program("otter"), "generate", "-t", "tests", "-o", "tests.zip"], template)
    if ended.code != 0:
        raise SystemExit(f"otter-grader could not make its tests:\n{ended.said}")


def grade(template: Path, place: Path, students: dict[str, Submission]) -> cage.Ended:
    """Let the first hand in, be graded in a loop of the shell's, and see whether it goes on.

    Each ``otter run`` takes ten seconds and more, mostly to begin. The next one is a process of
    its own with the same archive of tests, so it needs no run to know that it can be graded.
    """
    (place / "tests.zip").write_bytes((template / "tests.zip").read_bytes())
    student, submission = next(iter(students.items()))
    folder = place / "submitted" / student
    folder.mkdir(parents=True)
    submission.write(folder)
    (place / "results" / student).mkdir(parents=True)
    notebooks = sorted(folder.glob("*.ipynb"))
    name = str(notebooks[0]) if notebooks else str(folder / "small.ipynb")
    words = [program("otter"), "run", name, "-a", "tests.zip", "--no-logo"]
    words += ["-o", f"results/{student}"]
    return cage.run(["sh", "-c", f"{shlex.join(words)}; echo >{_NEXT}"], place)


def harmed(template: Path, place: Path, _: str) -> bool:
    """Whether the loop ended, or the tests are no longer the instructor's."""
    try:
        same = (place / "tests.zip").read_bytes() == (template / "tests.zip").read_bytes()
    except OSError:
        return True
    return not same or not (place / _NEXT).exists()


def points(place: Path, student: str) -> Fair:
    """What a student's results say."""
    found: Fair = dict.fromkeys(TESTS, 0.0)
    try:
        results = json.loads((place / "results" / student / "results.json").read_bytes())
    except (OSError, ValueError):  # the run did not come so far
        return found
    for test in results["tests"]:
        if test["name"] in found:
            found[test["name"]] = float(test.get("score") or 0)
    return found
