"""Which submissions of an assignment are suspiciously alike: a list of pairs for instructors.

What the release gave to everybody doesn't count, nor does what many students wrote: the more
submissions have a fingerprint, the less it weighs, as words do in information retrieval (K. Spärck
Jones, "A statistical interpretation of term specificity", 1972). A pair's score is the weight of
its common fingerprints, relative to the lighter of the two answers; its weight says how much there
is to copy.

Alike is not copied. The report is a reason to read two answers side by side, never a verdict.
"""

from __future__ import annotations

import csv
import functools
import io
import itertools
import json
import math
import os
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nbformat import NotebookNode

from autograder import cells
from autograder.grading import find_notebook, match_cells
from autograder.grading.submission import Submission
from autograder.nbgrader_plugins.course_paths import CoursePaths
from autograder.reports import fingerprints
from autograder.reports.fingerprints import Fingerprints
from autograder.sandbox import bounded_worker
from autograder.sandbox.bounded_worker import BoundedError
from autograder.student_names import csv_text, printable
from autograder.student_text import student_text

MAX_SHARE: Final = 0.2  # a fingerprint of more students than that says nothing
MIN_COMMON: Final = 3  # in a small class, so many may have it,
MAX_COMMON: Final = 50  # and in a large class so many
SECONDS: Final = 20.0  # of processor time, to read a submission
MEGABYTES: Final = 1000
MAX_PAIRS: Final = 50
MIN_WEIGHT: Final = 5.0
_ADDED: Final = "added code"
_SHOWN: Final = 4  # answers in a row of the table
_UNREADABLE: Final = "can't be compared"
_ADVICE: Final = (
    "Alike isn't copied: read both answers before you ask anybody. Short exercises have few"
    " solutions, so look at the weight, too."
)

Answers = Mapping[str, Fingerprints]  # by the answer's name


@dataclass(frozen=True)
class Pair:
    """Two students whose answers are alike.

    Attributes:
        score: The share of the lighter one's weight that both have, 0 to 1.
        weight: The weight of what both have; a long, rare text weighs much.
        answers: The answers that are alike, the most similar first, with their scores.
    """

    first: str
    second: str
    score: float
    weight: float
    answers: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class SimilarityReport:
    """The pairs, the most suspicious first, and who could not be compared, with the reason."""

    pairs: list[Pair]
    students: int
    left_out: dict[str, str]


def compare_class(paths: CoursePaths) -> SimilarityReport:
    """Compare the submissions of an assignment, each read within limits on time and memory."""
    submissions: dict[str, Answers] = {}
    left_out = {}

    def read(student: str) -> Answers | BoundedError:
        try:
            return _read_bounded(paths, student)
        except BoundedError as error:
            return error

    students = paths.students()
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        for student, answers in zip(students, executor.map(read, students), strict=True):
            if isinstance(answers, BoundedError):
                left_out[student] = f"{_UNREADABLE}: {answers}"
            else:
                submissions[student] = answers
    return SimilarityReport(find_pairs(submissions), len(submissions), left_out)


def find_pairs(submissions: Mapping[str, Answers], limit: int = MAX_PAIRS) -> list[Pair]:
    """Return the most similar pairs, each with the answers that are alike."""
    owners: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for student, answers in submissions.items():
        for name, prints in answers.items():
            for value in prints:
                owners[name, value].append(student)
    common = min(MAX_COMMON, max(MIN_COMMON, int(MAX_SHARE * len(submissions))))
    weights = {
        key: math.log(len(submissions) / len(students)) if len(students) <= common else 0.0
        for key, students in owners.items()
    }
    totals = {
        (student, name): sum(weights[name, value] for value in prints)
        for student, answers in submissions.items()
        for name, prints in answers.items()
    }
    shared: defaultdict[tuple[str, str], defaultdict[str, float]]
    shared = defaultdict(lambda: defaultdict(float))
    for (name, value), students in owners.items():
        if 2 <= len(students) <= common:
            weight = weights[name, value]
            for pair in itertools.combinations(sorted(students), 2):
                shared[pair][name] += weight
    pairs = [_pair(pair, names, totals) for pair, names in shared.items()]
    kept = [pair for pair in pairs if pair.weight >= MIN_WEIGHT]
    return sorted(kept, key=lambda pair: (-pair.score * pair.weight, pair.first))[:limit]


def _pair(
    pair: tuple[str, str], common: Mapping[str, float], totals: Mapping[tuple[str, str], float]
) -> Pair:
    lighter = {name: min(totals[student, name] for student in pair) for name in common}
    weight = sum(common.values())
    scores = {name: value / max(lighter[name], value, 1e-9) for name, value in common.items()}
    answers = sorted(scores.items(), key=lambda answer: (-answer[1], answer[0]))
    score = weight / max(sum(lighter.values()), weight, 1e-9)
    return Pair(*pair, score, weight, tuple(answers))


def _read_bounded(paths: CoursePaths, student: str) -> Answers:
    """Return the fingerprints of a student's answers.

    Raises:
        BoundedError: Reading exceeded a limit or failed.
    """
    data = {
        "sources": [str(path) for path in sorted(paths.source.glob("*.ipynb"))],
        "folder": str(paths.submitted(student)),
    }
    text = bounded_worker.run_bounded(_read, data, seconds=SECONDS, megabytes=MEGABYTES)
    return {name: frozenset(values) for name, values in json.loads(text).items()}


def _read(data: dict[str, Any]) -> str:
    """Return the fingerprints of the answers in a folder, as JSON; runs in the worker."""
    prints: dict[str, list[int]] = {}
    names = [Path(source).name for source in data["sources"]]
    for source in data["sources"]:
        source_nb, base = _source(source)
        submission = find_notebook.read(Path(data["folder"], Path(source).name), source_nb, names)
        for name, values in answer_fingerprints(source_nb, base, submission).items():
            prints[f"{Path(source).stem}: {name}"] = sorted(values)
    return json.dumps(prints)


@functools.lru_cache(maxsize=8)
def _source(path: str) -> tuple[NotebookNode, Fingerprints]:
    """Return an instructor's notebook and the fingerprints of what its release gives everybody."""
    source_nb = cells.read_source(Path(path))
    return source_nb, release_fingerprints(source_nb)


def release_fingerprints(source_nb: NotebookNode) -> Fingerprints:
    """Return the fingerprints of all that students get with the release."""
    base: set[int] = set()
    for cell in source_nb.cells:
        if not cells.is_quiz(cell):
            base |= _fingerprints(cell.cell_type, student_text(cell))
    return frozenset(base)


def answer_fingerprints(
    source_nb: NotebookNode, base: Fingerprints, submission: Submission
) -> dict[str, Fingerprints]:
    """Return the fingerprints of each written answer, and of the code that the student added."""
    prints: defaultdict[str, set[int]] = defaultdict(set)
    positions = match_cells.match(source_nb, submission)
    for cell, position in zip(submission.cells, positions, strict=True):
        source_cell = source_nb.cells[position] if position is not None else None
        if source_cell is None:
            name = _ADDED if cell.kind == "code" else ""
        elif cells.is_answer(source_cell) and not cells.is_quiz(source_cell):
            name = cells.grade_id(source_cell)
        else:
            name = ""
        if name:
            prints[name] |= _fingerprints(cell.kind, cell.source)
    return {name: frozenset(values) - base for name, values in prints.items()}


def _fingerprints(kind: str, text: str) -> Fingerprints:
    if kind == "code":
        return fingerprints.code_fingerprints(text)
    return fingerprints.prose_fingerprints(text)


def format_table(report: SimilarityReport) -> str:
    """Return the report as a Markdown table."""
    lines = ["| students | alike | weight | most similar answers |", "|---|---:|---:|---|"]
    for pair in report.pairs:
        answers = ", ".join(f"{name} {score:.0%}" for name, score in pair.answers[:_SHOWN])
        people = f"{printable(pair.first)}, {printable(pair.second)}"
        lines.append(f"| {people} | {pair.score:.0%} | {pair.weight:.0f} | {answers} |")
    lines += ["", f"{report.students} students compared. {_ADVICE}"]
    lines += [f"{printable(name)} {reason}" for name, reason in report.left_out.items()]
    return "\n".join(lines)


def to_csv(report: SimilarityReport) -> str:
    """Return the report as CSV, one row for each pair."""
    file = io.StringIO(newline="")
    table = csv.writer(file)
    table.writerow(("first", "second", "alike", "weight", "answers"))
    for pair in report.pairs:
        answers = "; ".join(f"{name} {score:.2f}" for name, score in pair.answers)
        people = (csv_text(pair.first), csv_text(pair.second))
        table.writerow((*people, f"{pair.score:.3f}", f"{pair.weight:.1f}", answers))
    return file.getvalue()
