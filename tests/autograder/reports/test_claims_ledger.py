"""The ledger of claims agrees with the boxes in the lessons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.publish import build
from autograder.publish.cell_roles import AuthoringError
from autograder.reports import claims_ledger

COURSE = Path(__file__).resolve().parents[3]
BOX = """Text.

> **The lecture says:** "Time is
> exponential | always".
>
> **The literature says:** Error is.
>
> **Source:** [Stone](https://doi.org/10.1214/aos/1176345969).

> A quote that makes no claim.
"""


def test_a_box_becomes_a_claim() -> None:
    (claim,) = claims_ledger.read(BOX, "lesson.md")
    assert claim.lecture == '"Time is exponential | always".'
    assert claim.literature == "Error is."
    assert claim.source.startswith("[Stone]")


def test_a_box_without_a_source_is_an_error() -> None:
    box = BOX.replace("**Source:**", "Source:")
    with pytest.raises(AuthoringError, match=r"lesson\.md: no '\*\*Source:\*\*'"):
        list(claims_ledger.read(box, "lesson.md"))


def test_a_box_does_not_name_its_own_lesson_as_if_it_were_another() -> None:
    box = BOX.replace("Error is.", "Error is, as lesson 2 shows.")
    assert len(list(claims_ledger.read(box, "01-intro/intro.md"))) == 1
    with pytest.raises(AuthoringError, match="write 'this lesson' in the box"):
        list(claims_ledger.read(box, "02-curse/curse.md"))


def test_few_boxes_are_open_and_the_others_say_what_they_hold() -> None:
    folded = re.compile(r"<details><summary>[^\n]{20,}</summary>\n\n(.+?)</details>", re.DOTALL)
    open_boxes = []
    for path in build.lesson_files(COURSE):
        text = path.read_text(encoding="utf-8")
        open_boxes.append(folded.sub("", text).count("**The lecture says:**"))
        assert open_boxes[-1] < text.count("**The lecture says:**"), path
    assert all(1 <= count <= 2 for count in open_boxes)
    assert sum(open_boxes) <= 1.5 * len(open_boxes)


def test_no_box_comes_before_the_word_autoencoder_is_explained() -> None:
    text = next(build.lesson_files(COURSE)).read_text(encoding="utf-8")
    assert text.index("An **autoencoder** is") < text.index("**The lecture says:**")


def test_the_ledger_is_up_to_date_and_linked() -> None:
    text = (COURSE / claims_ledger.LEDGER).read_text(encoding="utf-8")
    assert text == claims_ledger.format_ledger(COURSE), "run `make build`"
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 8
    assert all(line.count(" | ") == 3 for line in (row.replace("\\|", "") for row in rows))
    assert str(claims_ledger.LEDGER) in (COURSE / "README.md").read_text(encoding="utf-8")


def test_claims_do_not_refer_to_the_surrounding_lesson() -> None:
    reference = re.compile(r"\b((above|below)(?! \d)|section \d+|your own|just measured)\b|\]\(#")
    for text in build.lesson_files(COURSE):
        for claim in claims_ledger.read(text.read_text(encoding="utf-8"), text.name):
            for paragraph in (claim.literature, claim.source):
                match = reference.search(paragraph)
                assert not match, f"{text.name}: {paragraph!r} refers to {match[0]!r}"


def normalize(text: str) -> str:
    """Return the words without Markdown, in lower case, with straight quotes."""
    text = re.sub(r"[*_`]", "", text.replace("’", "'"))
    return " ".join(text.split()).lower()


def test_quotes_are_verbatim() -> None:
    page = (COURSE / "source" / "01-intro" / "lecture.html").read_text(encoding="utf-8")
    lecture = normalize(re.sub(r"<[^>]*>", "", page))
    quotes = [
        quote
        for text in build.lesson_files(COURSE)
        for claim in claims_ledger.read(text.read_text(encoding="utf-8"), text.name)
        for quote in re.findall(r'"([^"]+)"', claim.lecture)
    ]
    assert len(quotes) > 20
    for quote in quotes:
        for piece in quote.split("[...]"):
            assert normalize(piece).strip(" .") in lecture, quote


def test_the_ledger_is_written_only_if_it_changed(tmp_path: Path) -> None:
    lesson = tmp_path / "source" / "01-small" / "small.md"
    lesson.parent.mkdir(parents=True)
    lesson.write_text(BOX, encoding="utf-8")
    assert claims_ledger.write(tmp_path) == []  # a course without the student package
    (tmp_path / "course").mkdir()
    assert claims_ledger.write(tmp_path) == [tmp_path / claims_ledger.LEDGER]
    assert claims_ledger.write(tmp_path) == []
    assert "exponential \\| always" in (tmp_path / claims_ledger.LEDGER).read_text(encoding="utf-8")
