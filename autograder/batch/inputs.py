"""What decides about a result, part by part: so a run knows what changed and what it can keep."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

import nbformat
from pydantic import BaseModel, ConfigDict

from autograder import cells, untrusted_folders
from autograder.batch import fingerprint
from autograder.grading import shared_tests
from autograder.kernels.other_kernels import python_module
from autograder.score_history import Cause, CauseKind
from autograder.student_text import student_text
from course.quiz import kinds


class GradingInputs(BaseModel):
    """Hashes of everything that decides about the points of a submission.

    Example:
        >>> old = GradingInputs(program="1", settings="", lesson="", submission="", keys={"a": "1"})
        >>> new = old.model_copy(update={"keys": {"a": "2"}})
        >>> old.key == new.key, old.run_key == new.run_key, new.changed_keys(old)
        (False, True, frozenset({'a'}))

    Attributes:
        program: The grader's fingerprint.
        settings: The grading settings.
        lesson: The instructor's files without keys and tests.
        submission: The student's files.
        keys: Each question with its key, by notebook and name: ``intro/dice``.
        tests: The code of each test, likewise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: str
    settings: str
    lesson: str
    submission: str
    keys: dict[str, str] = {}
    tests: dict[str, str] = {}

    @property
    def key(self) -> str:
        """A hash of all parts: the same key gives the same result."""
        return hash_text(json.dumps(self.model_dump(), sort_keys=True))

    @property
    def run_key(self) -> str:
        """A hash of all parts but the keys, which no student's code is run with."""
        return hash_text(json.dumps(self.model_dump(exclude={"keys"}), sort_keys=True))

    def changed_keys(self, older: GradingInputs) -> frozenset[str]:
        """Return the questions whose key isn't what it was."""
        return _changed(older.keys, self.keys)

    def causes(self, older: GradingInputs | None, changed: AbstractSet[str]) -> list[Cause]:
        """Return why the points of some cells changed; empty if nothing differs."""
        if older is None:
            return [Cause(kind="unknown")]
        named = {"key": (older.keys, self.keys), "test": (older.tests, self.tests)}
        causes: list[Cause] = []
        for kind, parts in named.items():
            if names := sorted(_changed(*parts) & changed):
                cells_ = tuple(name.rpartition("/")[2] for name in names)
                causes.append(Cause.model_validate({"kind": kind, "cells": cells_}))
        others: tuple[CauseKind, ...] = ("submission", "lesson", "settings", "program")
        differing = (kind for kind in others if getattr(older, kind) != getattr(self, kind))
        causes += [Cause(kind=kind) for kind in differing]
        if not causes and _changed(older.tests, self.tests):
            causes.append(Cause(kind="lesson"))  # another test's side effects
        return causes


def read_lesson(
    folder: Path, ignore: Iterable[str] = ()
) -> tuple[str, dict[str, str], dict[str, str]]:
    """Return the hash of the instructor's files, and the hashes of keys and tests, by name.

    Files that match the patterns to ignore, such as the lesson's text, are never graded with.
    """
    lines: list[str] = []
    keys: dict[str, str] = {}
    tests: dict[str, str] = {}
    for path in untrusted_folders.walk(folder, ignore):
        if path.suffix == ".ipynb" and len(path.parts) == 1:
            content, own_keys, own_tests = _read_notebook((folder / path).read_bytes())
            keys |= {f"{path.stem}/{name}": key for name, key in own_keys.items()}
            tests |= {f"{path.stem}/{name}": test for name, test in own_tests.items()}
        else:
            content = fingerprint.hash_file(folder / path)
        lines.append(f"{_hex(path)} {content}")
    return hash_text("\n".join(lines)), keys, tests


def kernel_modules(folder: Path) -> list[str]:
    """Return the modules that are the kernels of an assignment's notebooks in other languages."""
    names = {_other_kernel_name(path.read_bytes()) for path in folder.glob("*.ipynb")}
    return sorted({module for name in names if name and (module := python_module(name))})


def read_submission(folder: Path) -> str:
    """Return the hash of a student's files; links are never followed.

    Files beyond the limits on copying are told apart by size and time.
    """
    copied = set(untrusted_folders.list_copied(folder).paths)
    lines = []
    for path in untrusted_folders.walk(folder):
        if path in copied:
            lines.append(f"{_hex(path)} {fingerprint.hash_file(folder / path)}")
        else:
            status = (folder / path).lstat()
            lines.append(f"{_hex(path)} {status.st_size} {status.st_mtime_ns}")
    return hash_text("\n".join(lines))


def hash_text(text: str) -> str:
    """Return the hash of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


@functools.lru_cache(maxsize=64)
def _read_notebook(content: bytes) -> tuple[str, dict[str, str], dict[str, str]]:
    """Return the hash of a notebook without keys and tests, and theirs."""
    nb = nbformat.reads(content.decode("utf-8"), as_version=4)
    keys, tests = {}, {}
    for cell in nb.cells:
        if cells.is_quiz(cell):
            keys[cells.grade_id(cell)] = hash_text(cell["source"])
            kind = kinds.of(cell)
            if isinstance(kind, kinds.Pool):
                texts = kind.released(cell["source"])
            else:
                texts = [kind.bare(cell["source"])]
            cell["source"] = "\n".join(texts)
        elif cells.is_manual(cell) and cell["cell_type"] == "markdown":
            # A rubric is edited while people grade by it; no score depends on it.
            cell["source"] = student_text(cell)
        elif cells.is_test(cell):
            tests[cells.grade_id(cell)] = hash_text(cell["source"])
            cell["source"] = ""
    return hash_text(nbformat.writes(nb)), keys, tests


@functools.lru_cache(maxsize=64)
def _other_kernel_name(content: bytes) -> str:
    """Return the name of a notebook's kernel if it runs another language than Python."""
    nb = nbformat.reads(content.decode("utf-8"), as_version=4)
    return shared_tests.kernel_name(nb) if shared_tests.is_other_language(nb) else ""


def _changed(older: dict[str, str], newer: dict[str, str]) -> frozenset[str]:
    return frozenset(name for name, _ in older.items() ^ newer.items())


def _hex(path: Path) -> str:
    return str(path).encode(errors="surrogateescape").hex()
