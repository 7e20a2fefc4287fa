r"""The keys of typed answers as data that a page without a server compares answers with.

Example:
    >>> key = field_key(kinds.KINDS["number"], "It is [[2.5 ± 0.1 MB]].\n\n> Yes.")
    >>> key["fields"][0]["accepts"]
    {'numbers': [(2.5, 0.1, 'MB')]}

``static/judge.js`` judges by the same rules as `course.quiz.kinds`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from course.quiz import fields, kinds
from course.quiz.kinds.blanks import is_number
from course.quiz.kinds.match import read_choices
from course.quiz.kinds.number import ALTERNATIVE, read_key
from course.quiz.kinds.order import read_place
from course.quiz.text import normalized

SCRIPTS: Final = Path(__file__).resolve().parents[1] / "course" / "labextension" / "static"
JUDGE: Final = Path(__file__).with_name("static") / "judge.js"
_IMPORT: Final = re.compile(r'from "\./([\w.]+)"')


def field_key(kind: kinds.FieldKind, source: str) -> dict[str, Any]:
    """Return what ``judge.js`` needs to know about a question with fields.

    Args:
        kind: The question's kind.
        source: The question as it is in ``source/``; of a pool, one variant.
    """
    choices = read_choices(source) if kind.name == "match" else {}
    return {
        "kind": kind.name,
        "text": kind.bare(source),
        "choices": {letter: normalized(text) for letter, text in choices.items()},
        "fields": [
            {
                "key": field.value,
                "after": field.after,
                "accepts": _accepts(kind, field.value),
                "explanation": field.explanation,
                "remarks": [
                    {"accepts": _accepts(kind, value), "text": text}
                    for value, text in field.remarks
                ],
            }
            for field in fields.parse(source)
        ],
    }


def _accepts(kind: kinds.FieldKind, key: str) -> dict[str, Any]:
    """Return which values are right by a key."""
    if kind.name == "order":
        return {"place": read_place(key)}
    if kind.name == "match":
        return {"letter": key}
    if kind.name == "number" or (kind.name == "blanks" and is_number(key)):
        return {"numbers": [read_key(text) for text in ALTERNATIVE.split(key)]}
    return {"texts": [_text(text) for text in ALTERNATIVE.split(key)]}


def _text(alternative: str) -> dict[str, str]:
    inner = alternative[1:-1]
    if len(alternative) > 2 and alternative[0] == alternative[-1] == '"':
        return {"exact": inner.strip()}
    if len(alternative) > 2 and alternative[0] == alternative[-1] == "/":
        return {"pattern": inner}
    return {"plain": normalized(alternative)}


def copy_scripts(folder: Path) -> None:
    """Copy ``judge.js`` and what draws and reads questions, without what needs JupyterLab."""
    (folder / "quiz").mkdir(parents=True)
    for name in {"kinds.js", *_imported("kinds.js")}:
        shutil.copyfile(SCRIPTS / name, folder / "quiz" / name)
    if not (folder / JUDGE.name).exists():
        shutil.copyfile(JUDGE, folder / JUDGE.name)


def _imported(script: str) -> Iterator[str]:
    for name in _IMPORT.findall((SCRIPTS / script).read_text(encoding="utf-8")):
        yield name
        yield from _imported(name)
