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
    "for those who do not see": '"The figure shows:", or an alternative text',
    "in words": '"The figure shows:" before a description',
    "standing still": "as a static figure",
    "an honest line": "a caveat",
    "whoever": '"anyone who", "the person who" or an imperative',
    "when you are through": "by the end of this lesson",
    "(that|which|it|they|what) (is|are|was|were) (?-i:none)(?! of)": "not one, or say what it is",
    "(?<!there )(is|are|was|were) no (notebook|digit|text|file|folder|number|autoencoder)s?": (
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
    "till": "until",
    "(brings?|brought) along": '"comes with"',
    "who goes": '"anyone who goes"',
    "of its own kind": "unique",
}
_NOT_PROSE: Final = r'`[^`]*`|\]\([^)]*\)|<[^>]*>|https?://\S+|\$[^$]*\$|"[^"]*"'
_FIELD: Final = re.compile(r"^\w+: ")  # an argument or an attribute, named as in code


def rules() -> Iterator[tuple[re.Pattern[str], str]]:
    for pattern, advice in NUMBERS.items():
        yield re.compile(pattern), advice
    for pattern, advice in (SPELLING | PHRASES).items():
        yield (
            re.compile(rf"(?<![\w./'-])(?:{pattern})(?![\w/-]|\.\w|\(|'(?!s))", re.IGNORECASE),
            advice,
        )


RULES: Final = tuple(rules())


def names(*patterns: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return listed.stdout.split()


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


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


def python_prose(source: str, *, with_messages: bool) -> dict[int, str]:
    """Return a module's docstrings, comments and perhaps messages by line, without quoted code."""
    lines: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0]] = token.string
    tree, rows = ast.parse(source), source.splitlines()
    docstrings = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        if node in docstrings:
            is_example = False
            for number in range(node.lineno, (node.end_lineno or 0) + 1):
                row = rows[number - 1].strip()
                is_example = row.startswith(">>>") or (is_example and row != "")
                if not is_example:
                    lines[number] = _FIELD.sub("", row)
        elif with_messages and node.value.count(" ") >= 2 and "\n" not in node.value:
            lines[node.lineno] = f"{lines.get(node.lineno, '')} · {node.value}"
    return {
        number: re.sub(r"``[^`]*``|`[^`]*`|https?://\S+", "·", line)
        for number, line in lines.items()
    }


def script_prose(text: str) -> dict[int, str]:
    """Return the comments of a script by line."""
    comment = re.compile(r"^\s*(?://|/?\*)(.*)|\s//\s(.*)$")
    found = {number: comment.search(line) for number, line in enumerate(text.splitlines(), 1)}
    return {
        number: re.sub(_NOT_PROSE, "·", match[1] or match[2] or "")
        for number, match in found.items()
        if match
    }


def report(name: str, lines: dict[int, str]) -> list[str]:
    return [f"{name}:{number}: {fault}" for number, fault in faults(lines)]


@pytest.mark.parametrize("name", names("*.md"))
def test_markdown_reads_well(name: str) -> None:
    found = report(name, markdown_prose(read(name)))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", names("*.py"))
def test_docstrings_comments_and_messages_read_well(name: str) -> None:
    prose = python_prose(read(name), with_messages=not name.startswith("tests/"))
    found = report(name, prose)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", names("*.js"))
def test_comments_in_scripts_read_well(name: str) -> None:
    found = report(name, script_prose(read(name)))
    assert not found, "\n".join(found)
