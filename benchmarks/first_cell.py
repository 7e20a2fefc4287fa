"""Measure how soon a learner runs the first cell: ``python -m benchmarks.first_cell FOLDER``.

Both roads start from a clone of the last commit in FOLDER: ``make lab``, and with ``make install``
everything, as contributors have it. Times are those from the command to the answer of JupyterLab's
server and then to the end of lesson 1's first cell. ``--empty-cache`` downloads all packages again.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
ROADS: Final = {"everything": "install", "learner": ".venv/lab-ready"}
FIRST_CELL: Final = """
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read("release/01-intro/intro.ipynb", as_version=4)
client = NotebookClient(notebook)
number = next(n for n, cell in enumerate(notebook.cells) if cell.cell_type == "code")
with client.setup_kernel():
    client.execute_cell(notebook.cells[number], number)
"""


@dataclass(frozen=True)
class Road:
    """What one way to install costs, in seconds and megabytes."""

    installed: float
    answered: float
    first_cell: float
    megabytes: float


def measure(clone: Path, target: str, variables: dict[str, str]) -> Road:
    """Install, start JupyterLab and run the first cell."""
    environment = os.environ | variables
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    start = time.perf_counter()
    subprocess.run(["make", "-s", target], cwd=clone, env=environment, check=True)
    installed = time.perf_counter() - start
    python = clone / ".venv" / "bin" / "python"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lab = subprocess.Popen(
        [python, "-m", "course", "lab", "--no-browser", f"--ServerApp.port={port}"],
        cwd=clone,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not answers(f"http://127.0.0.1:{port}/login"):
            time.sleep(0.1)
        answered = time.perf_counter() - start
        subprocess.run([python, "-c", FIRST_CELL], cwd=clone, env=environment, check=True)
        first_cell = time.perf_counter() - start
    finally:
        lab.terminate()
        lab.wait()
    files = [path.lstat() for path in (clone / ".venv").rglob("*") if not path.is_dir()]
    return Road(installed, answered, first_cell, sum(file.st_size for file in files) / 1e6)


def answers(url: str) -> bool:
    """Return whether a server replies, in whatever way."""
    try:
        urllib.request.urlopen(url, timeout=60).close()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        return False
    return True


def main() -> None:
    """Measure both roads and print them with their ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_cell", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new folder for the clones")
    parser.add_argument("--empty-cache", action="store_true", help="download all packages again")
    chosen = parser.parse_args()
    folder = chosen.folder.resolve()
    folder.mkdir(parents=True)
    rows = {}
    for name, target in ROADS.items():
        cache = {"UV_CACHE_DIR": str(folder / f"{name}-cache")} if chosen.empty_cache else {}
        rows[name] = measure(folder / name, target, cache)
    whole, part = rows["everything"], rows["learner"]
    print("| | everything | learner | ratio |")
    print("|---|--:|--:|--:|")
    for label, field in (
        ("installed, s", "installed"),
        ("JupyterLab answers, s", "answered"),
        ("first cell has run, s", "first_cell"),
        ("environment, MB", "megabytes"),
    ):
        before, after = getattr(whole, field), getattr(part, field)
        print(f"| {label} | {before:,.0f} | {after:,.0f} | {after / before:.2f} |")


if __name__ == "__main__":
    main()
