"""``python -m benchmarks.nbgrader_samples``: nbgrader's own sample notebooks, in both graders.

Each notebook that comes with nbgrader's tests and user guide is an assignment of two courses: one
with nbgrader's own settings, one with this course's. It is generated, handed in by a student with
all solutions and by one who changed nothing, and graded. The table goes to
``nbgrader_samples.md`` beside this file. Takes some minutes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final

import nbgrader
from nbgrader.api import Gradebook, MissingEntry
from tqdm import tqdm

ROOT: Final = Path(__file__).resolve().parents[1]
FILE: Final = Path(__file__).with_suffix(".md")
PACKAGE: Final = Path(nbgrader.__file__).parent
FOLDERS: Final = ("tests/apps/files", "tests/preprocessors/files", "tests/ui-tests/files")
GUIDE: Final = PACKAGE / "docs/source/user_guide"
AUTOTESTS: Final = GUIDE / "autotests.yml"
SOLVED, BLANK = "solved", "blank"
STOCK_CONFIG: Final = "c = get_config()\n"
OUR_CONFIG: Final = f"""from pathlib import Path
c = get_config()
load_subconfig({str(ROOT / "nbgrader_config.py")!r})
c.CourseDirectory.root = str(Path(__file__).parent)
"""

# Where the graders differ: by sample and student, why this course's points are right.
REASONS: Final[dict[tuple[str, str], str]] = {
    ("apps-submitted-grade-cell-changed", SOLVED): (
        "the handed-in text isn't the one that was released, so a person decides about it"
    ),
}


@dataclass
class Outcome:
    """What one grader did with one sample."""

    released: bool
    message: str = ""  # of a failed release
    points: dict[str, str] = field(default_factory=dict)  # by student


def samples() -> dict[str, list[Path]]:
    """Return the notebooks and other files of each sample, by name."""
    found: dict[str, list[Path]] = {}
    for folder in FOLDERS:
        for path in sorted((PACKAGE / folder).glob("*.ipynb")):
            data = [path.parent / name for name in ("data.txt", "jupyter.png")]
            found[f"{folder.split('/')[1]}-{path.stem}"] = [path, *filter(Path.is_file, data)]
    for folder in ("ps1", "ps1_autotest"):
        found[f"guide-{folder}"] = sorted(
            path
            for path in (GUIDE / "source" / folder).iterdir()
            if path.suffix in {".ipynb", ".png"}
        )
    return found


def nbgrader_command(course: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of nbgrader's commands in a course folder."""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=course, env=env, capture_output=True, text=True, check=False)


def grade(course: Path, config: str, name: str, files: list[Path]) -> Outcome:
    """Generate, hand in and grade one sample in a course of its own."""
    source = course / "source" / name
    source.mkdir(parents=True)
    for path in files:
        shutil.copy(path, source)
    shutil.copy(AUTOTESTS, course)
    (course / "nbgrader_config.py").write_text(config, encoding="utf-8")
    generated = nbgrader_command(course, "generate_assignment", name)
    if generated.returncode != 0:
        return Outcome(released=False, message=_last_error(generated.stderr))
    for student, origin in ((SOLVED, source), (BLANK, course / "release" / name)):
        shutil.copytree(origin, course / "submitted" / student / name)
    nbgrader_command(course, "autograde", name, "--Execute.timeout=20")
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        return Outcome(
            released=True,
            points={student: _points(gradebook, name, student) for student in (SOLVED, BLANK)},
        )


def _points(gradebook: Gradebook, name: str, student: str) -> str:
    """Return a submission's points, and how many cells wait for a person."""
    try:
        submission = gradebook.find_submission(name, student)
    except MissingEntry:
        return "not graded"
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    waiting = sum(bool(grade.needs_manual_grade) for grade in grades)
    points = f"{submission.score:g} of {submission.max_score:g}"
    return f"{points}, {waiting} by hand" if waiting else points


def _last_error(text: str) -> str:
    lines = [line for line in text.splitlines() if "Error" in line or "Exception" in line]
    return lines[-1].strip() if lines else text.strip()[-200:]


def compare(place: Path) -> dict[str, tuple[Outcome, Outcome]]:
    """Return what stock nbgrader and this course's grader do with each sample."""

    def both(name: str, files: list[Path]) -> tuple[Outcome, Outcome]:
        return (
            grade(place / "stock" / name, STOCK_CONFIG, name, files),
            grade(place / "course" / name, OUR_CONFIG, name, files),
        )

    found = samples()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {name: pool.submit(both, name, files) for name, files in found.items()}
        return {name: run.result() for name, run in tqdm(runs.items(), unit="sample")}


def table(outcomes: dict[str, tuple[Outcome, Outcome]]) -> str:
    """Return the page."""
    released = {name: pair for name, pair in outcomes.items() if pair[0].released}
    ours_count = sum(ours.released for _, ours in released.values())
    rows, unexplained = [], 0
    for name, (theirs, ours) in released.items():
        for student in (SOLVED, BLANK):
            cells = [theirs.points[student], ours.points.get(student, "not released")]
            reason = REASONS.get((name, student), "") if cells[0] != cells[1] else ""
            unexplained += cells[0] != cells[1] and not reason
            rows.append(f"| {' | '.join((name, student, *cells, reason))} |")
    summary = (
        f"Stock nbgrader {version('nbgrader')} releases {len(released)} of the {len(outcomes)}"
        " assignments that come with its tests and user guide; this course's settings release"
        f" {ours_count} of these. {unexplained} differences are unexplained. Made by"
        " `python -m benchmarks.nbgrader_samples`."
    )
    return "\n".join(
        (
            "# nbgrader's sample notebooks",
            "",
            summary,
            "",
            "| sample | student | stock nbgrader | this course | why they differ |",
            "|---|---|---|---|---|",
            *rows,
            "",
        )
    )


def main() -> None:
    """Write the table."""
    with tempfile.TemporaryDirectory(prefix="samples-", dir=Path.home()) as place:
        outcomes = compare(Path(place))
    FILE.write_text(table(outcomes), encoding="utf-8")
    print(f"Wrote {FILE.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
