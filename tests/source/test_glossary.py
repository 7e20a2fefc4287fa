"""The first use of each term in a lesson links to its glossary entry.

An entry begins with an anchor, ``- <a id="glossary-1-code"></a>**Code**: ...``. The anchor contains
the lesson's number because JupyterLab looks for it in all open notebooks.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.publish import build

COURSE = Path(__file__).resolve().parents[2]
LESSONS = build.assignment_names(COURSE)
ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
LINK = re.compile(r"\[([^\]]+)\]\(#(glossary-[^)]+)\)")

pytestmark = pytest.mark.xdist_group("glossary")  # which reads each lesson once


@functools.cache
def parts(name: str) -> tuple[str, str]:
    """Return the text of a lesson's Markdown cells before the glossary, and the glossary."""
    (path,) = build.lesson_files(COURSE, [name])
    cells = build.notebook_from_text(path.read_text(encoding="utf-8")).cells
    plain = [c.source for c in cells if c.cell_type == "markdown" and "course" not in c.metadata]
    before, _, entries = "\n\n".join(plain).partition("## Glossary\n")
    return before, entries


def prose(text: str) -> Iterator[str]:
    """Yield the paragraphs from the first section on, without headings and boxes."""
    for paragraph in text[text.index("\n## ") :].split("\n\n"):
        if not paragraph.lstrip().startswith(("#", ">")):
            yield " ".join(paragraph.split())


@pytest.mark.parametrize("name", LESSONS)
def test_each_term_has_one_anchor_and_one_link(name: str) -> None:
    before, entries = parts(name)
    anchors, links = ANCHOR.findall(entries), [target for _, target in LINK.findall(before)]
    assert len(anchors) >= 8
    assert sorted(links) == sorted(anchors)
    assert len(set(anchors)) == len(anchors)
    assert all(re.fullmatch(rf"glossary-{int(name[:2])}-[a-z0-9-]+", anchor) for anchor in anchors)
    assert not LINK.findall(entries)
    for entry in entries.strip().split("\n- "):
        assert re.match(r'(- )?<a id="', entry), entry
    # Links in boxes would be dead links in the ledger of claims.
    assert [target for text in prose(before) for _, target in LINK.findall(text)] == links


@pytest.mark.parametrize("name", LESSONS)
def test_the_first_use_of_a_term_is_the_link(name: str) -> None:
    before, entries = parts(name)
    text = "\n".join(prose(before))
    for words, target in LINK.findall(text):
        assert f'id="{target}"' in entries
        term = words.strip("*")
        first_use = re.search(rf"(?<![\w-]){re.escape(term)}(?![\w-])", text, re.IGNORECASE)
        assert first_use is not None
        link = text.index(f"](#{target})")
        assert link - len(words) <= first_use.start() < link, (
            term,
            text[max(0, first_use.start() - 60) : first_use.end() + 40],
        )
