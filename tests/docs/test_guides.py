"""The guides: links lead somewhere, commands exist, and every block of commands has its test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docutils.nodes import make_id

from autograder import __main__ as instructor
from book import reference
from course import __main__ as learner
from deploy import __main__ as administrator
from tests.docs.blocks import ROOT, blocks, command_blocks, guides

PROGRAM = re.compile(
    r"(?m)^\s*(?:\$ )?(?:[A-Z_]+=\S+ )?(?:\.venv/bin/\w+|make|python3?|pip|nbgrader|autoencoders"
    r"|uvx?|pipx|apt-get|kubectl|helm|ssh|git|mkdir|cp|repo2docker)(?: |$)"
)
LINK = re.compile(r"(?<!`)\]\((?!\w+:|<)([^)\s]+)\)")
PROGRAMS = {
    "autograder": instructor.make_parser(),
    "course": learner.make_parser(),
    "deploy": administrator.make_parser(),
}
INLINE = re.compile(
    r"`[^`\n]*?(?:python -m (autograder|course|deploy)|(?<!/)\b(autoencoders)) ([a-z]\w*)"
)
NOT_RUN = {  # by page: blocks that no test can run; each says why
    "deploy/zero-to-jupyterhub/README.md": 1,
    "docs/first-assignment.md": 1,
    "docs/install.md": 2,
}


def prose(page: str) -> str:
    """Return a page without its blocks of code."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in blocks(page):
        text = text.replace(block.text, "")
    return text


@pytest.mark.parametrize("page", [page for page in guides() if not page.startswith("book/texts/")])
def test_links_lead_to_files_and_headings(page: str) -> None:
    broken = []
    for address in LINK.findall(re.sub(r"`[^`\n]*`", "``", prose(page))):
        path, _, anchor = address.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(address)
    assert broken == []


def anchors(page: Path) -> set[str]:
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    return {make_id(re.sub(r"[`*']", "", heading)) for heading in headings}


@pytest.mark.parametrize("page", guides())
def test_blocks_of_commands_say_that_they_are(page: str) -> None:
    unmarked = [
        (block.line, block.text.splitlines()[0])
        for block in blocks(page)
        if block.language not in {"bash", "console"} and PROGRAM.search(block.text)
    ]
    assert unmarked == [], "mark the block as bash, so that a test runs it"


def test_tests_named_above_blocks_exist() -> None:
    named = {block.test for block in command_blocks() if block.test}
    assert len(named) > 5
    missing = []
    for test in named:
        path, _, function = test.partition("::")
        target = ROOT / path
        if not target.exists() or (
            function and f"def {function}(" not in target.read_text(encoding="utf-8")
        ):
            missing.append(test)
    assert missing == []


def test_only_these_blocks_are_not_run() -> None:
    counts: dict[str, int] = {}
    for block in command_blocks():
        if block.reason:
            counts[block.page] = counts.get(block.page, 0) + 1
    assert counts == NOT_RUN


@pytest.mark.parametrize("page", [page for page in guides() if page != "CHANGELOG.md"])
def test_commands_named_in_the_text_exist(page: str) -> None:
    known = {
        program: {name for name, _ in reference.subcommands(parser)}
        for program, parser in PROGRAMS.items()
    }
    unknown = [
        (module or script, name)
        for module, script, name in INLINE.findall((ROOT / page).read_text(encoding="utf-8"))
        if name not in known[module or "course"]
    ]
    targets = set(re.findall(r"(?m)^# make ([\w-]+)", (ROOT / "Makefile").read_text("utf-8")))
    named = re.findall(r"`make ([a-z][\w-]*)", (ROOT / page).read_text(encoding="utf-8"))
    assert (unknown, [name for name in named if name not in targets]) == ([], [])
