"""Planted copies rank on top, honest pairs don't, and hostile code is only read."""

from __future__ import annotations

import copy
import json
import random
import time
from pathlib import Path
from typing import Any, Final

import pytest

from autograder.grading.submission import parse
from autograder.reports import fingerprints, similarity
from autograder.reports.similarity import Answers, SimilarityReport
from tests.autograder import lessons
from tests.autograder.lessons import cell, source_notebook, submitted_notebook

SOURCE = source_notebook()
BASE = similarity.release_fingerprints(SOURCE)

# The same task, solved by different people in ways of their own.
HONEST: Final = (
    """def half(x):
    total = [value for value in x if value is not None]
    assert total, "no values"
    return sum(total) / (2 * len(total))
""",
    """def half(x):
    import numpy as np
    array = np.asarray(x, dtype=float)
    keep = ~np.isnan(array)
    return 0.5 * np.mean(array[keep])
""",
    """def half(x):
    result = 0
    count = 0
    for item in x:
        if item is None:
            continue
        result = result + item
        count += 1
    return result / count / 2
""",
    """def half(x):
    from statistics import fmean
    try:
        return fmean(filter(None, x)) * 0.5
    except ValueError as error:
        raise RuntimeError("empty") from error
""",
    """def half(x):
    numbers = list(x)
    while None in numbers:
        numbers.remove(None)
    middle, n = divmod(len(numbers), 2)
    return (sum(numbers[:middle]) + sum(numbers[middle:])) / len(numbers) / 2.0
""",
)
ORIGINAL: Final = """def half(x):
    # keep what is there
    kept = {}
    for index, value in enumerate(x):
        if value is not None and value == value:
            kept[index] = float(value)
    weights = [1.0 / (1 + index) for index in kept]
    scale = max(weights, default=1.0) or 1.0
    total = sum(w * kept[i] for w, i in zip(weights, kept)) / scale
    return total / sum(weights) * scale / 2
"""
COPY: Final = '''def half(x):
    """My own idea."""
    data = {}
    for n, v in enumerate(x):          # walk
        if v is not None and v == v:
            data[n] = float(v)         # store
    ws = [1.0 / (1 + n) for n in data]

    top = max(ws, default=1.0) or 1.0
    result = sum(a * data[b] for a, b in zip(ws, data)) / top
    return result / sum(ws) * top / 2
'''


def answers(half: str, double: str = "def double(x):\n    return 2 * x") -> Answers:
    nb = submitted_notebook()
    cell(nb, "half")["source"] = half
    cell(nb, "double")["source"] = double
    return similarity.answer_fingerprints(SOURCE, BASE, lessons.read(nb))


def test_a_planted_copy_ranks_on_top_and_honest_pairs_do_not() -> None:
    submissions = {f"honest-{n}": answers(code) for n, code in enumerate(HONEST)}
    submissions |= {"ada": answers(ORIGINAL), "eve": answers(COPY)}
    pairs = similarity.find_pairs(submissions)
    assert (pairs[0].first, pairs[0].second) == ("ada", "eve")
    assert pairs[0].answers[0][0] == "half"
    assert pairs[0].score > 0.5
    assert [pair for pair in pairs[1:] if pair.score * pair.weight > pairs[0].weight / 4] == []


def test_what_the_release_gives_or_everybody_wrote_does_not_count() -> None:
    given = "\n".join(one.source for one in SOURCE.cells if one.cell_type == "code")
    stub = cell(submitted_notebook(), "half")["source"]
    assert not answers(stub)["half"] - fingerprints.code_fingerprints(given)
    same = {f"s{n}": answers(ORIGINAL) for n in range(20)}
    assert similarity.find_pairs(same) == []


def test_written_answers_are_compared_without_case_and_punctuation() -> None:
    text = (
        "An autoencoder learns the identity, but through a bottleneck it has to choose what counts."
    )
    first = fingerprints.prose_fingerprints(text)
    assert first == fingerprints.prose_fingerprints(text.upper().replace(",", " —"))
    assert not first & fingerprints.prose_fingerprints("PCA finds the directions of most variance.")


@pytest.mark.parametrize(
    "source",
    ['"' * 50_000, "'''" + "\\" * 50_000, "(" * 50_000, "a." * 50_000, "#" * 50_000, "\ud800\0é"],
)
def test_hostile_code_takes_linear_time(source: str) -> None:
    started = time.process_time()
    fingerprints.code_fingerprints(source)
    assert time.process_time() - started < 5  # a quadratic scanner takes minutes


@pytest.mark.slow
def test_the_class_is_read_from_its_submissions(
    graded_course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from autograder.__main__ import main

    assert main(["similarity", "01-small", "--root", str(graded_course)]) == 0
    assert "students compared" in capsys.readouterr().out


def test_names_are_inert_in_the_report() -> None:
    pair = similarity.Pair("=cmd", "b\x1b[2J", 0.9, 12.0, (("half", 0.9),))
    report = SimilarityReport([pair], 2, {})
    assert "'=cmd" in similarity.to_csv(report)
    assert "\x1b" not in similarity.format_table(report)


def test_a_submission_that_is_no_notebook_has_no_answers() -> None:
    assert similarity.answer_fingerprints(SOURCE, BASE, parse(b"{")) == {}
    many: dict[str, Any] = copy.deepcopy(submitted_notebook())
    random.Random(0).shuffle(many["cells"])
    assert similarity.answer_fingerprints(SOURCE, BASE, parse(json.dumps(many).encode()))
