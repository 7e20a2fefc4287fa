"""The grader works for any course: its code names no lesson of this one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def texts(path: Path) -> Iterator[str]:
    """Yield the texts of a file; of a module, without documentation and its examples."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield text
        return
    tree = ast.parse(text)
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in documentation:
            yield str(node.value)


def test_the_grader_names_no_lesson_of_this_course() -> None:
    lessons = [path.name for path in (ROOT / "source").iterdir() if path.is_dir()]
    assert lessons
    files = [path for path in (ROOT / "autograder").rglob("*") if path.suffix in {".py", ".j2"}]
    named = {
        f"{path.relative_to(ROOT)}: {lesson}"
        for path in files
        for text in texts(path)
        for lesson in lessons
        if lesson in text
    }
    assert named == set()
