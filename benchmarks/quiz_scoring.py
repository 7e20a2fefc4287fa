"""Time reading and scoring 1,000 quiz submissions: ``python -m benchmarks.quiz_scoring``.

The gradebook is left out. The table also gives the time in starts of a bare Jupyter kernel, the
minimum cost of grading a submission by running it.
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
from course.quiz import fields

ROOT = Path(__file__).resolve().parents[1]


def quiz_submissions(assignment: str) -> tuple[nbformat.NotebookNode, list[bytes]]:
    """Return the instructor's notebook and 1,000 submissions, each answered at random."""
    (path,) = (ROOT / "source" / assignment).glob("*.ipynb")
    source = nbformat.read(path, as_version=4)
    release = json.loads((ROOT / "release" / assignment / path.name).read_bytes())
    rng = random.Random(1)
    submitted = []
    for _ in range(1000):
        for cell in release["cells"]:
            if cells.is_quiz(cell):
                text = "".join(cell["source"])
                if count := len(quiz.parse(text).options):
                    marked = quiz.mark(text, {rng.randrange(count)})
                else:
                    marked = fields.fill(text, [str(rng.randrange(10))])
                cell["source"] = marked.splitlines(keepends=True)
        submitted.append(json.dumps(release).encode())
    return source, submitted


def score_all(
    source: nbformat.NotebookNode, submitted: list[bytes]
) -> list[list[scoring.CellScore]]:
    """Read, merge and score each submission's questions."""
    questions = [cell for cell in source.cells if cells.is_quiz(cell)]
    results = []
    for content in submitted:
        merged = merge.merge_submission(source, submission.parse(content)).cells
        answers = {cell["id"]: cell for cell in merged}
        results.append([scoring.score(cell, answers[cell["id"]], None) for cell in questions])
    return results


def main() -> None:
    """Print the table."""
    print(f"{'quiz':28} {'questions':>9} {'submissions':>11} {'seconds':>8} {'kernel starts':>14}")
    start = time.perf_counter()
    with Kernel(Path.cwd(), allow_unprotected=True) as kernel:
        kernel.run_cell(new_code_cell("1"), seconds=60)
    kernel_seconds = time.perf_counter() - start
    for assignment in ("01-intro", "04-architecture"):
        source, submitted = quiz_submissions(assignment)
        start = time.perf_counter()
        results = score_all(source, submitted)
        seconds = time.perf_counter() - start
        print(
            f"{assignment:28} {len(results[0]):9} {len(results):11} {seconds:8.2f} "
            f"{seconds / kernel_seconds:13.1f}x"
        )
    print(f"One start of a bare kernel took {kernel_seconds:.2f} s.")


if __name__ == "__main__":
    main()
