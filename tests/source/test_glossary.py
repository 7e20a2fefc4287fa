"""A term is linked to its entry in the glossary where the text uses it first.

An entry begins with an anchor, ``- <a id="glossary-1-code"></a>**Code**: ...``; the number is the
lesson's, for JupyterLab looks for the anchor in all notebooks that are open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.publish import build

COURSE = Path(__file__).resolve().parents[2]
LESSONS = build.assignment_names(COURSE)
ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
LINK = re.compile(r"\[([^\]]+)\]\(#([^)]+)\)")


def parts(name: str) -> tuple[str, str]:
    """Return what a lesson's Markdown cells say before the glossary, and the glossary."""
    (text,) = build.lesson_files(COURSE, [name])
    cells = build.notebook_from_text(text.read_text(encoding="utf-8")).cells
    plain = [c.source for c in cells if c.cell_type == "markdown" and "course" not in c.metadata]
    before, _, entries = "\n\n".join(plain).partition("## Glossary\n")
    return before, entries


def prose(text: str) -> Iterator[str]:
    """Yield the paragraphs from the first section on: no headings, no boxes."""
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
    assert all(re.fullmatch(rf"glossary-{int(name[:2])}-[a-z0-9-]+", each) for each in anchors)
    assert not LINK.findall(entries)
    for entry in entries.strip().split("\n- "):
        assert re.match(r'(- )?<a id="', entry), entry
    # In a box it would be a dead link in the ledger of claims.
    assert [each for text in prose(before) for _, each in LINK.findall(text)] == links


@pytest.mark.parametrize("name", LESSONS)
def test_the_link_stands_where_the_term_is_used_first(name: str) -> None:
    before, entries = parts(name)
    told = "\n".join(prose(before))
    for words, target in LINK.findall(told):
        assert f'id="{target}"' in entries
        term = words.strip("*")
        used = re.search(rf"(?<![\w-]){re.escape(term)}(?![\w-])", told, re.IGNORECASE)
        assert used is not None
        link = told.index(f"](#{target})")
        assert link - len(words) <= used.start() < link, (
            term,
            told[max(0, used.start() - 60) : used.end() + 40],
        )
