"""The map of the start page and the README list every lesson, as its text describes it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from course.lessons import LESSONS, Lesson

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "source"


def test_the_map_lists_every_lesson_in_order() -> None:
    assert [lesson.name for lesson in LESSONS] == sorted(
        path.name for path in SOURCE.iterdir() if any(path.glob("*.md"))
    )


def test_the_readme_lists_every_lesson_in_order() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| \[([\w-]+)\]\((source/[\w./-]+\.md)\) \| .{10,} \|$", text)
    assert [name for name, _ in rows] == [lesson.name for lesson in LESSONS]
    assert all((ROOT / path).is_file() for _, path in rows)


@pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.name for lesson in LESSONS])
def test_a_lesson_has_the_title_and_the_time_of_its_text(lesson: Lesson) -> None:
    (path,) = (SOURCE / lesson.name).glob("*.md")
    text = path.read_text(encoding="utf-8")
    assert f"\n# {lesson.title}\n" in text
    time = re.search(r"\btake (?:about )?(\d+)(?: to (\d+))? minutes\.", text)
    assert time
    least, most = time[1], time[2] or time[1]
    assert lesson.minutes == (int(least), int(most))
    assert not lesson.gives.endswith(".")  # the page makes it a sentence


def test_the_package_of_answers_lists_every_lesson() -> None:
    with (ROOT / "selfstudy" / "pyproject.toml").open("rb") as file:
        target = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["wheel"]
    notebooks = {f"../{path.relative_to(ROOT).as_posix()}" for path in SOURCE.glob("*/*.ipynb")}
    assert set(target["shared-data"]) == notebooks
