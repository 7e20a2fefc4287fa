"""The reference is complete: it comes from the code, and nothing in it is left unexplained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from book import documents, reference

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("book") / "reference"
    reference.write(ROOT, folder)
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}


def rows(page: str) -> list[list[str]]:
    lines = [line for line in page.splitlines() if line.startswith("| `")]
    return [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in lines]


def test_every_command_and_option_is_explained(pages: dict[str, str]) -> None:
    commands = pages["commands"]
    for name in ("lab", "grade", "adopt", "backup"):
        assert f"### `{name}`\n" in commands
    assert "`--pem`" in commands  # of `lms key`
    assert "| `--only ONLY` | retry submissions that failed" in commands
    assert "| `make book` | build a static site" in commands
    assert [row for row in rows(commands) if len(row) < 2 or not row[1].strip()] == []
    summaries = re.findall(r"(?m)^### `(\w+)`\n\n(.*)$", commands)
    assert [name for name, summary in summaries if not summary.endswith(".")] == []


def test_every_setting_has_its_default_and_its_meaning(pages: dict[str, str]) -> None:
    settings = pages["settings"]
    assert "| `cell_seconds` | `30.0` | Time limit for one cell, in seconds. |" in settings
    assert re.search(r"\| `authenticator` \| `\"pam\"` \| `pam` \(accounts", settings)
    assert '| `username` | `"email"` | Which of the LMS' in settings
    assert "### `c.LtiPlatform`" in settings
    assert "| `attempts` | `3` | How many different answers" in settings
    assert [row for row in rows(settings) if len(row) != 3 or not row[2].strip()] == []
    assert len(rows(settings)) > 30


def test_what_lessons_import_is_documented(pages: dict[str, str]) -> None:
    assert {"course.data", "course.autoencoder", "course.exercises", "course.tables"} <= set(pages)
    assert "automodule:: course.widgets.digit_pad" in pages["course.widgets"]
    for page in set(pages) - {"commands", "settings", "course"}:
        assert page in pages["course"]


def test_links_to_what_the_site_lacks_become_text() -> None:
    text = "[a](../a.py), [b](b.md#c), ![d](d.png), `[e](e.py)`\n```\n[f](f.py)\n```\n"
    adapted = documents.adapt_links(text, Path("docs"), {"docs/b.md"})
    assert adapted == "a, [b](b.md#c), ![d](d.png), `[e](e.py)`\n```\n[f](f.py)\n```\n"
