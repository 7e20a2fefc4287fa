"""The pages for instructors: one for each lesson, in step with the lesson, and without answers."""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

import pytest

from autograder.publish import answer_leaks
from autograder.publish.build import notebook_from_text
from tests.docs.blocks import ROOT

INDEX: Final = ROOT / "docs" / "teaching.md"
FOLDER: Final = INDEX.with_suffix("")
LESSONS: Final = {path.parent.name: path for path in sorted(ROOT.glob("source/*/*.md"))}
HEADINGS: Final = [
    "Before class",
    "Timing",
    "Misconceptions",
    "Discuss",
    "Shorter",
    "What your class did",
]
GRADED: Final = re.compile(r'(?m)^exercise: ([\w-]+)$|\+\+\+ \{"quiz": "([\w-]+)"')
# Integers are counts of things on the page; these come from the lesson.
MEASURED: Final = re.compile(r"\d[\d,]*\.\d+|\d+(?:\.\d+)?%|\d{1,3},\d{3}")


class Section(NamedTuple):
    """A part of a lesson, up to the next heading of the second level."""

    title: str
    text: str

    @property
    def graded(self) -> list[str]:
        """The names of exercises with points and of questions, in order."""
        checks = set(re.findall(r"(?m)^:check: ([\w-]+)-check$", self.text))
        names = [exercise or question for exercise, question in GRADED.findall(self.text)]
        return [name for name in names if name not in checks]

    @property
    def minutes(self) -> float:
        """The estimate that docs/teaching.md explains."""
        code = re.findall(r"(?ms)^```.*?^```", self.text)
        prose = re.sub(r"(?ms)^```.*?^```|<details>.*?</details>", "", self.text)
        first, *rest = re.split(r"(?m)^(\+\+\+.*)$", prose)
        marked = zip(rest[::2], rest[1::2], strict=True)
        parts = [first, *(text for mark, text in marked if mark == "+++")]
        points = sum(map(int, re.findall(r"(?m)^:points: (\d+)", self.text)))
        return (
            sum(len(part.split()) for part in parts) / 130
            + 4 * points
            + 1.5 * self.text.count('+++ {"quiz"')
            + self.text.count('+++ {"prediction"')
            + 3 * len(re.findall(r"from course\.widgets\.\w+ import [A-Z]", self.text))
            + 0.5 * len(code)
        )


@cache
def sections(lesson: str) -> list[Section]:
    text = LESSONS[lesson].read_text(encoding="utf-8").split("\n---\n", 1)[1]
    opening, *parts = re.split(r"(?m)^## ", text)
    split = [part.split("\n", 1) for part in parts]
    return [Section("Opening", opening), *(Section(title, body) for title, body in split)]


@cache
def page(lesson: str) -> str:
    return (FOLDER / f"{lesson}.md").read_text(encoding="utf-8")


def part(lesson: str, heading: str) -> str:
    return re.split(r"(?m)^## ", page(lesson).split(f"## {heading}\n", 1)[1])[0]


def table(text: str) -> list[list[str]]:
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip(" |") for cell in row] for row in rows[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([\w-]+)`", cell)


def test_every_lesson_has_a_page() -> None:
    pages = {path.stem for path in FOLDER.glob("*.md")}
    assert set(LESSONS) - pages == set(), "write a page for it in docs/teaching, like the others"
    assert pages - set(LESSONS) == set(), "there is a page in docs/teaching without a lesson"
    text = INDEX.read_text(encoding="utf-8")
    assert [name for name in LESSONS if f"(teaching/{name}.md)" not in text] == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_page_has_the_lessons_title_and_all_parts(lesson: str) -> None:
    title = re.findall(r"(?m)^# (.+)$", sections(lesson)[0].text)[0]
    assert page(lesson).startswith(f"# Teach lesson {int(lesson[:2])}: {title}\n")
    assert re.findall(r"(?m)^## (.+)$", page(lesson)) == HEADINGS
    for length in ("90 minutes", "45 minutes", "What later parts need"):
        assert f"**{length}**: " in part(lesson, "Shorter")
    assert part(lesson, "Misconceptions").count('\n- **"') >= 5
    assert part(lesson, "Discuss").count("\n- *") >= 3


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_timing_follows_the_lessons_sections(lesson: str) -> None:
    parts = [section for section in sections(lesson) if section.title != "Glossary"]
    rows = table(part(lesson, "Timing"))
    assert [row[0] for row in rows] == [section.title for section in parts]
    assert [sorted(names(row[-1])) for row in rows] == [sorted(section.graded) for section in parts]
    for row, section in zip(rows, parts, strict=True):
        allowed = max(3.5, 0.2 * section.minutes)
        assert abs(int(row[1]) - section.minutes) <= allowed, (
            f"{section.title}: {row[1]} minutes, but its size says {section.minutes:.0f}"
        )
    stated = re.search(r"take (?:about )?(?:(\d+) to )?(\d+) minutes", parts[0].text)
    assert stated
    total = sum(int(row[1]) for row in rows)
    assert int(stated[1] or stated[2]) - 10 <= total <= int(stated[2]) + 10


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_question_is_explained_once(lesson: str) -> None:
    listed = names(" ".join(row[0] for row in table(part(lesson, "What your class did"))))
    questions = re.findall(r'\+\+\+ \{"quiz": "([\w-]+)"', LESSONS[lesson].read_text("utf-8"))
    assert sorted(listed) == sorted(questions)


@pytest.mark.parametrize("lesson", LESSONS)
def test_numbers_are_the_lessons(lesson: str) -> None:
    text = LESSONS[lesson].read_text(encoding="utf-8")
    prose = "\n".join(line for line in page(lesson).splitlines() if not line.startswith("# "))
    numbers = set(MEASURED.findall(prose))
    assert [number for number in sorted(numbers) if number not in text] == []
    seconds = re.findall(r"about (\d+) seconds", part(lesson, "Before class"))
    assert seconds == re.findall(r"about (\d+) seconds in total", sections(lesson)[0].text)


def test_the_table_of_lessons_is_the_lessons() -> None:
    rows = table(INDEX.read_text(encoding="utf-8"))
    expected = []
    for lesson, path in LESSONS.items():
        text, opening = path.read_text(encoding="utf-8"), sections(lesson)[0].text
        title = re.findall(r"(?m)^# (.+)$", opening)[0]
        needs = re.findall(r"\d", re.search(r"(?m)^ +needs: (.+)$", text)[1])  # type: ignore[index]
        points = re.findall(r'(?m)(?:^:points:|"points":) (\d+)', text)
        expected.append(
            [
                f"[{int(lesson[:2])}. {title}](teaching/{lesson}.md)",
                re.search(r"take (?:about )?([\d to]+) minutes", opening)[1],  # type: ignore[index]
                re.search(r"about (\d+) seconds in total", opening)[1],  # type: ignore[index]
                str(len(re.findall(r"(?m)^:test: ", text))),
                str(text.count('+++ {"quiz"')),
                str(sum(map(int, points))),
                ", ".join(needs) or "–",
            ]
        )
    assert rows == expected


def test_no_page_holds_an_answer() -> None:
    secrets = [
        secret
        for path in LESSONS.values()
        for secret in answer_leaks.find_secrets(notebook_from_text(path.read_text("utf-8")))
    ]
    assert len(secrets) > 500
    pages = [INDEX, *FOLDER.glob("*.md")]
    leaks = [
        (path.name, leak)
        for path in pages
        for leak in answer_leaks.find_leaks(path.read_text(encoding="utf-8"), secrets)
    ]
    assert leaks == []
