"""Let three graders grade the same hostile submissions: ``python -m benchmarks.hostile_peers``.

For each submission, stock nbgrader and otter-grader grade a batch of two in a cage: the submission
and then an honest neighbor. This course grades the whole corpus in one batch, as its tests do. The
table is written to ``hostile_peers.md`` beside this folder. The whole run takes over an hour on two
cores, since several submissions use all the time they get. The peers' results are saved in
``.tools/hostile_peers.json``: an interrupted run continues from there, and a later run repeats only
what has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.hostile_peers import cage, otter, stock
from benchmarks.hostile_peers.table import Run, write
from benchmarks.peers import LOCK, ROOT, program
from tests.hostile import batch
from tests.hostile.corpus import FOLDER, Entry, Submission

ATTACKER, NEIGHBOR = "mallory", "zoe"
RESULTS = ROOT / ".tools" / "hostile_peers.json"
PEERS: dict[str, Any] = {"stock nbgrader": stock, "otter-grader": otter}


Runs = dict[str, dict[str, Run]]


def attempt(peer: Any, template: Path, entry: Entry) -> Run:
    """Let a peer grade one submission and its neighbor."""
    with cage.disk() as folder:
        students = {ATTACKER: entry.submission(folder), NEIGHBOR: Submission()}
        ended = peer.grade(template, folder, students)
        points = peer.points(folder, ATTACKER)
        harmed = ended.code is None or peer.harmed(template, folder, NEIGHBOR)
    return Run(points, harmed)


def ours(folder: Path) -> dict[str, Run]:
    """Grade the whole corpus in one run of this course's grader."""
    graded = batch.grade(folder / "course")
    unharmed = all(graded.points(student) == batch.FULL for student in batch.NEIGHBORS)
    return {
        name: Run({test: graded.points(name)[test] for test in stock.TESTS}, not unharmed)
        for name in batch.CORPUS
    }


def load() -> Runs:
    """Return the saved results of the same versions and the same submissions."""
    if not RESULTS.exists():
        return {}
    saved = json.loads(RESULTS.read_bytes())
    return {
        title: {
            name: Run(run["points"], run["harmed"])
            for name, run in runs.items()
            if run["text"] == digest(name)
        }
        for title, runs in saved.items()
    }


def save(runs: Runs) -> None:
    results = {
        title: {name: {**vars(run), "text": digest(name)} for name, run in done.items()}
        for title, done in runs.items()
    }
    RESULTS.write_text(json.dumps(results), encoding="utf-8")


def digest(name: str) -> str:
    """Hash a submission's text, which may be missing, with the peers' versions."""
    path = FOLDER / f"{name}.txt"
    text = path.read_bytes() if path.exists() else b""
    return hashlib.sha256(
        b"\0".join([version("nbgrader").encode(), LOCK.read_bytes(), text])
    ).hexdigest()


def grade(peer: Any, template: Path, entries: list[Entry], jobs: int) -> Iterator[tuple[str, Run]]:
    """Let a peer grade many submissions, some at the same time."""
    with ThreadPoolExecutor(jobs) as pool:
        names = {pool.submit(attempt, peer, template, entry): entry.name for entry in entries}
        for done in as_completed(names):
            yield names[done], done.result()


def main() -> None:
    """Grade the corpus and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="submissions to grade at the same time")
    arguments = parser.parse_args()
    entries = list(batch.CORPUS.values())
    program("otter")  # installs the peers
    runs = load()
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        for title, peer in PEERS.items():
            template = Path(folder, title.replace(" ", "-"))
            template.mkdir()
            peer.prepare(template)
            done = runs.setdefault(title, {})
            left = [entry for entry in entries if entry.name not in done]
            for name, run in tqdm(grade(peer, template, left, arguments.jobs), title, len(left)):
                done[name] = run
                save(runs)
        runs["this course"] = ours(Path(folder))
    write(entries, runs)


if __name__ == "__main__":
    main()
