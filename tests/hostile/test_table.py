"""The table beside the peers is about this corpus, and not about an older one."""

from __future__ import annotations

import re

from benchmarks.hostile_peers.table import FILE
from tests.hostile.corpus import entries


def test_the_table_has_every_text_of_the_corpus() -> None:
    table = FILE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([a-z0-9-]+) \| ([^|]*\.) \|", table, re.MULTILINE))
    corpus = {entry.name: entry.tries for entry in entries()}
    assert rows == corpus
    assert f"The {len(corpus)} submissions" in table


def test_ours_gives_what_is_fair() -> None:
    table = FILE.read_text(encoding="utf-8")
    assert re.search(r"^\| this course \| 0 \| 0 \| 0 \| \d+ \| 0 \|$", table, re.MULTILINE)
