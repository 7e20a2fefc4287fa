"""``python -m benchmarks.hostile_peers``: three graders, the same hostile submissions.

For each submission stock nbgrader and otter-grader grade a batch of two in a cage: the
submission, and after it an honest neighbor. Ours grades the whole corpus in one batch, as
its tests do. The table goes to ``hostile_peers.md`` beside this folder. It takes an hour or
so on two cores: several submissions use up all the time that they get. What the peers did is kept
in ``.tools/hostile_peers.json``: a run that was interrupted goes on from there, and a later one
gives the peers only the texts that have changed since.
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

ATTACKER, NEIGHBOUR = "mallory", "zoe"
KEPT = ROOT / ".tools" / "hostile_peers.json"
PEERS: dict[str, Any] = {"stock nbgrader": stock, "otter-grader": otter}


Runs = dict[str, dict[str, Run]]


def attempt(peer: Any, template: Path, entry: Entry) -> Run:
    """One submission and its neighbor, graded by a peer."""
    with cage.disk() as place:
        students = {ATTACKER: entry.submission(place), NEIGHBOUR: Submission()}
        ended = peer.grade(template, place, students)
        got = peer.points(place, ATTACKER)
        harmed = ended.code is None or peer.harmed(template, place, NEIGHBOUR)
    return Run(got, harmed)


def ours(folder: Path) -> dict[str, Run]:
    """the whole corpus in one run of this course's grader."""
    graded = batch.grade(folder / "course")
    unharmed = all(graded.points(student) == batch.FULL for student in batch.NEIGHBORS)
    return {
        name: Run({test: graded.points(name)[test] for test in stock.TESTS}, not unharmed)
        for name in batch.CORPUS
    }


def kept() -> Runs:
    """What the peers have done before, with the same versions and the same texts."""
    if not KEPT.exists():
        return {}
    found = json.loads(KEPT.read_bytes())
    return {
        title: {
            name: Run(run["points"], run["harmed"])
            for name, run in runs.items()
            if run["text"] == digest(name)
        }
        for title, runs in found.items()
    }


def keep(runs: Runs) -> None:
    """Keep what the peers have done."""
    found = {
        title: {name: {**vars(run), "text": digest(name)} for name, run in done.items()}
        for title, done in runs.items()
    }
    KEPT.write_text(json.dumps(found), encoding="utf-8")


def digest(name: str) -> str:
    """A hash of a text of the corpus, and of what the peers are; another for one that is gone."""
    path = FOLDER / f"{name}.txt"
    text = path.read_bytes() if path.exists() else b""
    return hashlib.sha256(
        b"\0".join([version("nbgrader").encode(), LOCK.read_bytes(), text])
    ).hexdigest()


def grade(peer: Any, template: Path, entries: list[Entry], jobs: int) -> Iterator[tuple[str, Run]]:
    """Let a peer grade many, some side by side."""
    with ThreadPoolExecutor(jobs) as pool:
        begun = {pool.submit(attempt, peer, template, entry): entry.name for entry in entries}
        for done in as_completed(begun):
            yield begun[done], done.result()


def main() -> None:
    """Grade, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="cages at once")
    told = parser.parse_args()
    entries = list(batch.CORPUS.values())
    program("otter")  # installed before the clock runs
    runs = kept()
    with tempfile.TemporaryDirectory(prefix="peers-") as name:
        for title, peer in PEERS.items():
            template = Path(name, title.replace(" ", "-"))
            template.mkdir()
            peer.prepare(template)
            found = runs.setdefault(title, {})
            left = [entry for entry in entries if entry.name not in found]
            for student, run in tqdm(grade(peer, template, left, told.jobs), title, len(left)):
                found[student] = run
                keep(runs)
        runs["this course"] = ours(Path(name))
    write(entries, runs)


if __name__ == "__main__":
    main()
