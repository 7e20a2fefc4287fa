"""How long 1,000 submissions of a real quiz take to read and score, without the gradebook.

Run it with ``python -m benchmarks.quiz_scoring``. It prints seconds, and beside them the
seconds that one bare start of a Jupyter kernel takes on the same machine in the same run:
that is the least that grading each submission by running it would cost.
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from autograder import cells
from autograder.grading import merge, scoring, submission
from autograder.kernels.kernel import Kernel
from course import quiz

ROOT = Path(__file__).resolve().parents[1]


def quiz_of(assignment: str) -> tuple[nbformat.NotebookNode, list[bytes]]:
    """Return the instructor's notebook and 1,000 submissions, each answered at random."""
    (path,) = (ROOT / "source" / assignment).glob("*.ipynb")
    source = nbformat.read(path, as_version=4)
    release = json.loads((ROOT / "release" / assignment / path.name).read_bytes())
    chance = random.Random(1)
    submitted = []
    for _ in range(1000):
        for cell in release["cells"]:
            if cells.is_quiz(cell):
                text = "".join(cell["source"])
                count = len(quiz.parse(text).options)
                cell["source"] = quiz.mark(text, {chance.randrange(count)}).splitlines(
                    keepends=True
                )
        submitted.append(json.dumps(release).encode())
    return source, submitted


def score_all(
    source: nbformat.NotebookNode, submitted: list[bytes]
) -> list[list[scoring.CellScore]]:
    """Read, fit and score each submission's questions."""
    framed = [cell for cell in source.cells if cells.is_quiz(cell)]
    results = []
    for content in submitted:
        fitted = {
            cell["id"]: cell
            for cell in merge.merge_submission(source, submission.parse(content)).cells
        }
        results.append([scoring.score(cell, fitted[cell["id"]], None) for cell in framed])
    return results


def main() -> None:
    """Print the table."""
    print(f"{'quiz':28} {'questions':>9} {'submissions':>11} {'seconds':>8} {'kernel starts':>14}")
    start = time.perf_counter()
    with Kernel(Path.cwd(), allow_unprotected=True) as session:
        session.run_cell(new_code_cell("1"), seconds=60)
    kernel = time.perf_counter() - start
    for assignment in ("01-intro", "04-architecture"):
        source, submitted = quiz_of(assignment)
        start = time.perf_counter()
        results = score_all(source, submitted)
        seconds = time.perf_counter() - start
        print(
            f"{assignment:28} {len(results[0]):9} {len(results):11} {seconds:8.2f} "
            f"{seconds / kernel:13.1f}x"
        )
    print(f"One bare kernel start took {kernel:.2f} s.")


if __name__ == "__main__":
    main()
