"""The published comparison of graders matches the corpus."""

from __future__ import annotations

import re

from benchmarks.hostile_peers.table import FILE
from tests.hostile.corpus import entries


def test_the_table_describes_submissions_of_the_corpus() -> None:
    """The peers take hours for all of them, so the newest may be missing."""
    table = FILE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([a-z0-9-]+) \| ([^|]*\.) \|", table, re.MULTILINE))
    corpus = {entry.name: entry.tries for entry in entries()}
    assert rows == {name: corpus.get(name) for name in rows}
    assert f"\n{len(rows)} submissions" in table
    assert len(rows) >= 223


def test_this_course_gives_the_fair_scores() -> None:
    table = FILE.read_text(encoding="utf-8")
    assert re.search(r"^\| this course \| 0 \| 0 \| 0 \| \d+ \| 0 \|$", table, re.MULTILINE)
