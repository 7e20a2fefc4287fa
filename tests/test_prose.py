"""The project's prose: American spelling, plain number formats, and none of the phrases below."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
NUMBERS: Final = {
    r"\d %(?![\w(])(?! *\d)": "no space before the percent sign: 8%",
    r"(?<![\d.,:/-])\d{1,3}(?: \d{3})+(?![\d:%])": "a comma between thousands: 10,000",
}
SPELLING: Final = {
    "amongst": "among",
    "analys(e|ed|es|ing|er)": "analyze",
    "artefacts?": "artifact",
    "behaviours?": "behavior",
    "burnt": "burned",
    "cancell(ed|ing)": "canceled",
    "catalogues?": "catalog",
    "cent(re|res|red|ring)": "center",
    "colour(s|ed|ing|less)?": "color",
    "defence": "defense",
    "enrol(s|ment|ments)?": "enroll",
    "favour(s|ed|ing|able|ite|ites)?": "favor",
    "fulfil": "fulfill",
    "gr[e]y(s|er|scale)?": "gray",
    "honour(s|ed|ing)?": "honor",
    "judgements?": "judgment",
    "labell(ed|ing)": "labeled",
    "learnt": "learned",
    "licences?": "license",
    "modell(ed|ing)": "modeled",
    "neighbour(s|ing|hood|hoods)?": "neighbor",
    "programmes?": "program",
    "spelt": "spelled",
    "spoilt": "spoiled",
    "travell(ed|ing)": "traveled",
    "whilst": "while",
    r"(\w*[a-z](?:al|im|or|er|ar|an|on|in|at|il|ol|um|ib|it|ys|et|ut|ot|ph|og)is)"
    r"(e|es|ed|ing|ation|ations|er|ers)": "-ize",
}
PHRASES: Final = {
    "rightly": "correctly",
    "for those who do not see": '"In words:", or an alternative text',
    "standing still": "as a static figure",
    "an honest line": "a caveat",
    "whoever": '"anyone who", "the person who" or an imperative',
    "when you are through": "by the end of this lesson",
    "(that|which|it|they|what) (is|are|was|were) (?-i:none)(?! of)": "not one, or say what it is",
    "(is|are|was|were) no (notebook|digit|text|file|folder|number|autoencoder|generator)s?": (
        "is not a ..."
    ),
    "without end": '"endless" or "infinite"',
    "hangs? on (luck|chance)": "depends on luck",
    "turned round": "reversed",
    ", for (it|they|there|we|that|these|those) (is|are|was|were|has|have|can|will|do|does|must)": (
        "because ..."
    ),
    "dear(er)?": "expensive",
    "mend(s|ed|ing)?": "fix or repair",
    "shall": '"should", "must" or "will"',
    "lest": "so that ... not",
    "nowise": "not at all",
}
_NOT_PROSE: Final = r'`[^`]*`|\]\([^)]*\)|<[^>]*>|https?://\S+|\$[^$]*\$|"[^"]*"'


def rules() -> Iterator[tuple[re.Pattern[str], str]]:
    for pattern, advice in NUMBERS.items():
        yield re.compile(pattern), advice
    for pattern, advice in (SPELLING | PHRASES).items():
        yield re.compile(rf"(?<![\w./-])(?:{pattern})(?![\w/-]|\.\w|\()", re.IGNORECASE), advice


RULES: Final = tuple(rules())


def files(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split()]


def faults(lines: dict[int, str]) -> Iterator[tuple[int, str]]:
    """Yield line numbers and what is wrong there, in text without code."""
    for number, line in lines.items():
        for rule, advice in RULES:
            for found in rule.finditer(line):
                yield number, f"{found[0]!r}: write {advice}"


def markdown_prose(text: str) -> dict[int, str]:
    """Return the lines of a page without code, formulas, addresses and quotations."""
    lines, is_code = {}, False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith(("```", "+++")):
            is_code = line.lstrip().startswith("```") and not is_code
        elif not is_code and "**The lecture says:**" not in line:
            lines[number] = re.sub(_NOT_PROSE, "·", line)
    return lines


def python_prose(source: str) -> dict[int, str]:
    """Return the lines of a module's docstrings and comments, without code in backquotes."""
    lines: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0]] = token.string
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        for child in body if isinstance(body, list) else []:
            is_text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if is_text and isinstance(child.value.value, str):
                for number in range(child.lineno, (child.end_lineno or child.lineno) + 1):
                    lines[number] = source.splitlines()[number - 1]
    return {
        number: re.sub(r"``[^`]*``|`[^`]*`|https?://\S+", "·", line)
        for number, line in lines.items()
        if not line.lstrip().startswith((">>>", "..."))
    }


def report(path: Path, lines: dict[int, str]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{number}: {fault}" for number, fault in faults(lines)]


@pytest.mark.parametrize(
    "path",
    files("*.md", ":!benchmarks/hostile_peers.md"),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_markdown_reads_well(path: Path) -> None:
    found = report(path, markdown_prose(path.read_text(encoding="utf-8")))
    assert not found, "\n".join(found)


# Packages whose docstrings and comments have been reviewed.
REVIEWED: Final = ("tests/source", "benchmarks", "tests/test_prose.py")


@pytest.mark.parametrize(
    "path",
    [path for name in REVIEWED for path in files(name) if path.suffix == ".py"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_docstrings_and_comments_read_well(path: Path) -> None:
    found = report(path, python_prose(path.read_text(encoding="utf-8")))
    assert not found, "\n".join(found)
