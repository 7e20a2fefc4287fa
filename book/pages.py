r"""Turn an executed lesson into the source of its page.

Example:
    >>> question = quiz.parse("**Even?**\n\n- [ ] one\n- [x] two\n  > Twice one.\n")
    >>> print(question_markup(question, key=None, multiple=False).splitlines()[0])
    ::::::{container} book-question
"""

from __future__ import annotations

import functools
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from nbformat import NotebookNode

from book import execute
from book.field_keys import field_key
from course import quiz
from course.quiz import cells, fields, kinds, pool
from course.widgets.frontend import FOLDER

_VIEW: Final = "application/vnd.jupyter.widget-view+json"
_STATE: Final = "application/vnd.jupyter.widget-state+json"
_FIELD: Final = '<span class="question-field">_____</span>'
_LIST_ITEM: Final = re.compile(r"\s*(?:[-*+]|\d+\.) +")
_ANCHOR: Final = re.compile(r'<a id="([\w-]+)"></a>')


def make_page(
    notebook: NotebookNode, keys: Mapping[str, quiz.Question], states: Path
) -> NotebookNode:
    """Rewrite an executed lesson in place for MyST-NB, and return it.

    Args:
        notebook: The lesson with its outputs.
        keys: The questions with keys and explanations, by name; empty for a book without keys.
        states: A folder for what widgets need in the page.
    """
    widgets = notebook.metadata.pop("widgets", {}).get(_STATE, {}).get("state", {})
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _markdown(cell, keys)
        else:
            cell.outputs = list(_without_open_work(cell.get("outputs", [])))
        for output in cell.get("outputs", []):
            if _VIEW in output.get("data", {}):
                _show_widget(output, widgets, states)
    return notebook


def read_keys(source: NotebookNode) -> dict[str, quiz.Question]:
    """Return the questions of the instructor's notebook by name."""
    return {
        cells.grade_id(cell): quiz.parse(shown_text(cell))
        for cell in source.cells
        if cells.is_quiz(cell)
    }


def shown_text(cell: NotebookNode) -> str:
    """Return a question's text; of a pool, the first variant, which is what a release shows."""
    return pool.split(cell.source)[0] if cells.is_pool(cell) else str(cell.source)


def _markdown(cell: NotebookNode, keys: Mapping[str, quiz.Question]) -> str:
    if cells.is_quiz(cell) or cells.is_prediction(cell):
        kind, question = kinds.named(cells.question_kind(cell)), quiz.parse(cell.source)
        key = keys.get(cells.grade_id(cell))
        if question.options:
            return question_markup(question, key, multiple=cells.allows_multiple(cell))
        if isinstance(kind, kinds.FieldKind) and kind.has_place(cell.source):
            return field_markup(kind, cell.source, key)
    return "\n".join(map(_with_targets, cell.source.split("\n")))


def _with_targets(line: str) -> str:
    """Write the anchors of a line as MyST's targets above its text, in a list inside its item."""
    names = _ANCHOR.findall(line)
    if not names:
        return line
    text = _ANCHOR.sub("", line)
    marker = _LIST_ITEM.match(text)
    start = marker[0] if marker else ""
    parts = [*(f"({name})=" for name in names), text.removeprefix(start)]
    return start + f"\n{' ' * len(start)}".join(parts) if start else "\n".join(["", *parts])


def _without_open_work(outputs: Iterable[NotebookNode]) -> Iterator[NotebookNode]:
    """Yield outputs without what they say about exercises and predictions that are still open."""
    for output in outputs:
        if output.output_type == "stream":
            output.text = execute.OPEN_WORK.sub("", output.text)
            if not output.text.strip():
                continue
        if output.get("ename") != "NotImplementedError":
            yield output


def question_markup(question: quiz.Question, key: quiz.Question | None, *, multiple: bool) -> str:
    """Return a question as nested containers, which ``book.js`` makes a group of buttons."""
    classes = "book-question multiple" if multiple else "book-question"
    lines = [f"::::::{{container}} {classes}", *_container("question-prompt", question.prompt)]
    known = {option.name: option for option in key.options} if key else {}
    for option in question.options:
        answer = known.get(option.name)
        verdict = "" if answer is None else " right" if answer.ticked else " wrong"
        lines += [f":::::{{container}} question-option{verdict}", ""]
        lines += _container("option-text", option.text)
        if answer is not None:
            lines += _container("option-explanation", answer.explanation or "\u00a0")
        lines += [":::::", ""]
    return "\n".join([*lines, "::::::", ""])


def field_markup(kind: kinds.FieldKind, released: str, key: quiz.Question | None) -> str:
    """Return a question with fields as nested containers, in which ``book.js`` draws controls."""
    written = released.splitlines()
    first = next(n for n, line in enumerate(written) if fields.parse(line))
    end = max((n for n in range(first) if not written[n].strip()), default=0)  # of the prompt
    body = [fields.without_fields(line, _FIELD) for line in written[end:]]
    lines = ["::::::{container} book-question book-fields"]
    lines += _container("question-prompt", "\n".join(written[:end]))
    lines += _container("question-body", "\n".join(body))
    known: dict[str, Any] = {"kind": kind.name, "text": released}
    if key:
        known = field_key(kind, key.source)
    for field in known.get("fields", []):
        lines += [":::::{container} field-texts", ""]
        lines += _container("field-explanation", field.pop("explanation") or "\u00a0")
        for remark in field["remarks"]:
            lines += _container("field-remark", remark.pop("text"))
        lines += [":::::", ""]
    data = json.dumps(known).replace("<", "\\u003c")
    script = f'<script type="application/json" class="question-key">{data}</script>'
    return "\n".join([*lines, "::::{raw} html", "", script, "::::", "", "::::::", ""])


def _container(name: str, text: str) -> Iterator[str]:
    yield from (f"::::{{container}} {name}", "", _ANCHOR.sub("", text), "", "::::", "")


@functools.cache
def runs_in_a_page(widget: str) -> bool:
    """Return whether a widget works without a kernel; the others show their picture.

    The digit pad does, because ``book.js`` prepares and reads its drawings.
    """
    script = (FOLDER / f"{widget}.js").read_text(encoding="utf-8")
    return widget == "digit_pad" or "data-needs-kernel" not in script


def _show_widget(output: NotebookNode, widgets: Mapping[str, Any], states: Path) -> None:
    """Replace a widget by its picture, which the page replaces by the widget where it can."""
    data, model = output.data, output.data.pop(_VIEW)["model_id"]
    picture = data.get("image/png")
    facts = output.get("metadata", {}).get("image/png", {})
    if picture is None:
        return
    image = (
        f'<img alt="{html.escape(str(facts.get("alt", "")))}" width="{facts.get("width", 700)}" '
        f'src="data:image/png;base64,{picture.strip()}">'
    )
    state = widgets.get(model, {})
    name = str(state.get("state", {}).get("_anywidget_id", "")).split(".")[-2:-1]
    if name and runs_in_a_page(name[0]):
        traits = {k: v for k, v in state["state"].items() if not k.startswith("_")}
        text = json.dumps({"traits": traits, "buffers": state.get("buffers", [])}, sort_keys=True)
        file = f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
        states.mkdir(parents=True, exist_ok=True)
        (states / file).write_text(text, encoding="utf-8")
        image = (
            f'<div class="book-widget" data-widget="{name[0]}" data-state="{file}">{image}</div>'
        )
    output.data = NotebookNode({"text/html": image})
    output.metadata = NotebookNode()
