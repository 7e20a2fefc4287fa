"""How long the similarity report takes for a class: ``python -m benchmarks.similarity``.

Each student submits lesson 5 with the instructor's solutions, in which lines of the student's own
are inserted at random; every hundredth student copies a neighbor, with other names and comments.
Prints the seconds and how many of the copies rank on top.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from traitlets.config import Config

from autograder import cells
from autograder.nbgrader_plugins.course_paths import CoursePaths
from autograder.reports import similarity

ROOT: Final = Path(__file__).resolve().parents[1]
LESSON: Final = "05-autoencoder-lab"
_WORDS: Final = ("alpha", "beta", "gamma", "delta", "rate", "size", "step", "value")


def vary(source: str, rng: random.Random) -> str:
    """Return code with some lines of the student's own, other numbers and another order."""
    lines = [line for line in source.split("\n") if "SOLUTION" not in line]
    for _ in range(rng.randint(6, 12)):
        name, other, third = rng.sample(_WORDS, 3)
        small, large, share = rng.randint(2, 9), rng.randint(3, 99), rng.random()
        choices = (
            f"{name} = [{other} ** {small} for {other} in range({large})]",
            f"{name} = max({other}.{third}, {share:.4f}) or {large}",
            f"if {name} > {share:.4f} and not {other}: {name} -= {small}",
            f"{name} = {{'{other}': {share:.4f}, '{third}': {large}}}",
        )
        lines.insert(rng.randint(0, len(lines)), rng.choice(choices))
    return "\n".join(lines)


def rename(source: str) -> str:
    """Return a copy as a copier disguises it."""
    for number, word in enumerate(_WORDS):
        source = re.sub(rf"\b{word}\b", f"my_{number}", source)
    return re.sub(r"(?m)$", "  # mine", source)


def write_class(folder: Path, students: int) -> set[tuple[str, str]]:
    """Write everybody's submission; return the planted pairs."""
    rng = random.Random(1)
    (path,) = (ROOT / "source" / LESSON).glob("*.ipynb")
    content: dict[str, Any] = json.loads(path.read_bytes())
    answers = [
        cell for cell in content["cells"] if cells.is_answer(cell) and cell["cell_type"] == "code"
    ]
    texts = ["".join(cell["source"]) for cell in answers]
    planted = set()
    for number in range(students):
        is_copy = number % 100 == 1
        for cell, text in zip(answers, texts, strict=True):
            cell["source"] = rename(cell["source"]) if is_copy else vary(text, rng)
        if is_copy:
            planted.add((f"s{number - 1:05}", f"s{number:05}"))
        target = folder / "submitted" / f"s{number:05}" / LESSON / path.name
        target.parent.mkdir(parents=True)
        target.write_text(json.dumps(content), encoding="utf-8")
    return planted


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    students = parser.parse_args().students
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        (root / "source").symlink_to(ROOT / "source")
        planted = write_class(root, students)
        config = Config()
        config.CourseDirectory.root = str(root)
        started = time.perf_counter()
        report = similarity.compare_class(CoursePaths.from_config(config, LESSON))
        seconds = time.perf_counter() - started
    best = report.pairs[: len(planted)]
    found = len(planted.intersection((pair.first, pair.second) for pair in best))
    print(f"{students:,} students: {seconds:.1f} s; {found} of {len(planted)} copies on top.")


if __name__ == "__main__":
    main()
