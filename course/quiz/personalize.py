"""Put a student's own variant of each question pool into their notebook."""

from __future__ import annotations

import getpass
import os
from collections.abc import MutableMapping
from typing import Any

from course.quiz import cells, kinds, pool


def student_name() -> str:
    """Return the name under which this account submits; empty if it has none."""
    try:
        return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (OSError, KeyError):  # a user without an entry in /etc/passwd
        return ""


def personalize(notebook: MutableMapping[str, Any], student: str) -> bool:
    """Let a notebook, as JSON, show the student's variants; return whether anything changed.

    Only questions without an answer change, so it can be repeated at any time.
    `course/labextension/static/pool.js` does the same in the browser.

    Example:
        >>> personalize({"cells": [], "metadata": {}}, "ada")
        False
    """
    has_changed = False
    for question in cells.released_questions(notebook):
        variants = pool.variants_of(question)
        if not variants or not isinstance(question, MutableMapping):
            continue
        name = cells.grade_id(question)
        index = pool.draw(name, student, len(variants))
        own = variants[index]
        if question["source"] != own:
            question["source"] = own
            has_changed = True
        for cell in notebook["cells"]:
            if cells.grade_id(cell) == name and cells.is_quiz(cell):
                text = cells.source(cell)
                new = _with_own(text, kinds.of(question), variants, index)
                if new != text:
                    is_list = isinstance(cell["source"], list)
                    cell["source"] = new.splitlines(keepends=True) if is_list else new
                    has_changed = True
    return has_changed


def _with_own(text: str, kind: kinds.Kind, variants: list[str], own: int) -> str:
    """Return a cell's text with the own variant in place of another one that has no answer."""
    if kind.state(text, multiple=True) != "blank" or kind.is_intact(text, variants[own]):
        return text
    other = next((one.strip() for one in variants if one.strip() and one.strip() in text), "")
    return text.replace(other, variants[own].strip(), 1) if other else text
