"""Grade nbgrader's samples with both graders: ``python -m benchmarks.nbgrader_samples``.

Each notebook that comes with nbgrader's tests and user guide becomes an assignment of two courses:
one with nbgrader's default settings, one with this course's. It is generated, submitted by one
student who solved everything and one who changed nothing, and graded. The table is written to
``nbgrader_samples.md`` beside this file. All samples take half an hour on two cores. Results are
saved in ``.tools/nbgrader_samples.json``: an interrupted run continues from there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final

import nbgrader
from nbgrader.api import Gradebook, MissingEntry
from tqdm import tqdm

from autograder.batch import fingerprint

ROOT: Final = Path(__file__).resolve().parents[1]
FILE: Final = Path(__file__).with_suffix(".md")
RESULTS: Final = ROOT / ".tools" / "nbgrader_samples.json"
PACKAGE: Final = Path(nbgrader.__file__).parent
FOLDERS: Final = ("tests/apps/files", "tests/preprocessors/files", "tests/ui-tests/files")
GUIDE: Final = PACKAGE / "docs/source/user_guide"
AUTOTESTS: Final = GUIDE / "autotests.yml"
SOLVED, BLANK = "solved", "blank"
STOCK, OURS = "stock nbgrader", "this course"
STOCK_CONFIG: Final = "c = get_config()\n"
OUR_CONFIG: Final = f"""from pathlib import Path
c = get_config()
load_subconfig({str(ROOT / "nbgrader_config.py")!r})
c.CourseDirectory.root = str(Path(__file__).parent)
"""
CONFIGS: Final = {STOCK: STOCK_CONFIG, OURS: OUR_CONFIG}

# Where the graders differ: by sample and student, why this course's points are right.
NOT_INSTALLED: Final = (
    "its tests import `nose`, which isn't installed: no fault of the student's, so a person decides"
)
REASONS: Final = {
    (sample, student): NOT_INSTALLED
    for sample in ("preprocessors-test", "preprocessors-test_taskcell")
    for student in (SOLVED, BLANK)
}


@dataclass
class Outcome:
    """What one grader did with one sample.

    Attributes:
        released: Whether it generated the assignment.
        message: Why not.
        points: By student.
    """

    released: bool
    message: str = ""
    points: dict[str, str] = field(default_factory=dict)


Outcomes = dict[str, dict[str, Outcome]]  # by sample and grader


def samples() -> dict[str, list[Path]]:
    """Return the notebooks and other files of each sample, by name."""
    result: dict[str, list[Path]] = {}
    for folder in FOLDERS:
        for path in sorted((PACKAGE / folder).glob("*.ipynb")):
            data = [path.parent / name for name in ("data.txt", "jupyter.png")]
            result[f"{folder.split('/')[1]}-{path.stem}"] = [path, *filter(Path.is_file, data)]
    for folder in ("ps1", "ps1_autotest"):
        result[f"guide-{folder}"] = sorted(
            path
            for path in (GUIDE / "source" / folder).iterdir()
            if path.suffix in {".ipynb", ".png"}
        )
    return result


def nbgrader_command(course: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of nbgrader's commands in a course folder."""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=course, env=env, capture_output=True, text=True, check=False)


def grade(course: Path, config: str, name: str, files: list[Path]) -> Outcome:
    """Generate, submit and grade one sample in its own course."""
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


def compare(sample: str, files: list[Path]) -> dict[str, Outcome]:
    """Grade a sample with stock nbgrader and, if that releases it, with this course's grader."""
    outcomes = {}
    with tempfile.TemporaryDirectory(prefix="samples-", dir=Path.home()) as folder:
        for grader, config in CONFIGS.items():
            outcomes[grader] = grade(Path(folder, grader), config, sample, files)
            if not outcomes[grader].released:
                break
    return outcomes


def compare_all(outcomes: Outcomes) -> None:
    """Compare the graders on the samples that have no outcome yet; save each as soon as it has."""
    left = {sample: files for sample, files in samples().items() if sample not in outcomes}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {pool.submit(compare, sample, files): sample for sample, files in left.items()}
        for run in tqdm(as_completed(runs), total=len(runs), unit="sample"):
            outcomes[runs[run]] = run.result()
            data = {
                sample: {grader: asdict(outcome) for grader, outcome in by_grader.items()}
                for sample, by_grader in outcomes.items()
            }
            RESULTS.write_text(json.dumps({"version": _version(), "outcomes": data}))


def load() -> Outcomes:
    """Return the saved outcomes of the same versions of both graders."""
    if not RESULTS.exists():
        return {}
    saved = json.loads(RESULTS.read_bytes())
    if saved["version"] != _version():
        return {}
    return {
        sample: {grader: Outcome(**outcome) for grader, outcome in by_grader.items()}
        for sample, by_grader in saved["outcomes"].items()
    }


def _version() -> str:
    parts = (version("nbgrader"), fingerprint.current(), *CONFIGS.values())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def table(outcomes: Outcomes) -> str:
    """Return the page."""
    released = {name: outcomes[name] for name in sorted(outcomes) if outcomes[name][STOCK].released}
    our_count = sum(by_grader[OURS].released for by_grader in released.values())
    rows, unexplained = [], 0
    for name, by_grader in released.items():
        for student in (SOLVED, BLANK):
            stock, ours = (
                by_grader[grader].points.get(student, "not released") for grader in CONFIGS
            )
            reason = REASONS.get((name, student), "") if stock != ours else ""
            unexplained += stock != ours and not reason
            rows.append(f"| {name} | {student} | {stock} | {ours} | {reason} |")
    summary = (
        f"Stock nbgrader {version('nbgrader')} releases {len(released)} of the {len(outcomes)}"
        " assignments that come with its tests and user guide; this course's settings release"
        f" {our_count} of these. {unexplained} differences are unexplained. Made by"
        " `python -m benchmarks.nbgrader_samples`."
    )
    head = f"| sample | student | {STOCK} | {OURS} | why they differ |"
    lines = ["# nbgrader's sample notebooks", "", summary, "", head, "|---|---|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table."""
    outcomes = load()
    compare_all(outcomes)
    FILE.write_text(table(outcomes), encoding="utf-8")
    print(f"Wrote {FILE.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
