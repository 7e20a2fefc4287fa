"""Remove from a graded notebook whatever could act when somebody looks at it.

Instructors open graded notebooks in formgrader, with their own rights. So only text and genuine
bitmap images of limited size are kept. HTML, scripts, widgets and SVG are dropped; each comes with
a plain text that says what it was. A student's Markdown is handled by `markdown`.
"""

from __future__ import annotations

import base64
import re
from typing import Any, Final

from nbformat import NotebookNode

from autograder import cells
from autograder.grading.sanitize import markdown

MAX_IMAGE_CHARS: Final = 4_000_000  # of base64
MAX_TEXT_CHARS: Final = 100_000
MAX_ALT_CHARS: Final = 2000
MAX_PHOTOGRAPHS: Final = 100  # in one picture
DEFAULT_ALT: Final = "An image drawn by this cell."

_LONG_SPACE: Final = re.compile(r"\s{201,}")
_SIGNATURES: Final = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


def sanitize_notebook(nb: NotebookNode) -> None:
    """Sanitize the outputs and the student's text of a graded notebook, in place."""
    chars_left = markdown.MAX_NOTEBOOK_CHARS
    for cell in nb.cells:
        is_code = cell.cell_type == "code"
        if is_code:
            sanitize_outputs(cell)
        if cell["id"].startswith("extra-") or cells.is_answer(cell) or is_unlocked_code(cell):
            text = shorten_code(cell["source"]) if is_code else markdown.sanitize(cell["source"])
            note = f"# {markdown.TRUNCATED}" if is_code else markdown.TRUNCATED
            cell["source"] = text if len(text) <= chars_left else note
            chars_left -= len(cell["source"])


def is_unlocked_code(cell: NotebookNode) -> bool:
    """Return whether a cell is lesson code that students may change."""
    return cell.cell_type == "code" and not cells.is_managed(cell)


def shorten_code(source: str) -> str:
    r"""Return a student's code, cut off where no lesson's code is that long.

    Example:
        >>> shorten_code("x = 1\n" + "\n" * 1000 + "y = 2") == "x = 1" + "\n" * 200 + "y = 2"
        True

    Formgrader highlights it at each look, which takes the square of its length, or of the length of
    empty space.
    """
    source = _LONG_SPACE.sub(lambda match: match[0][:100] + match[0][-100:], source)
    if len(source) > markdown.MAX_CELL_CHARS:
        source = f"{source[: markdown.MAX_CELL_CHARS]}\n# {markdown.TRUNCATED}"
    return source


def sanitize_outputs(cell: NotebookNode) -> None:
    """Sanitize the outputs of a code cell, in place."""
    outputs = map(_sanitize_output, cell.get("outputs", []))
    cell["outputs"] = [output for output in outputs if output is not None]


def _sanitize_output(output: dict[str, Any]) -> NotebookNode | None:
    kind, data = output.get("output_type"), output.get("data")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return NotebookNode(output_type="stream", name=name, text=_text(output.get("text")))
    if kind == "error":
        lines = output.get("traceback")
        names = {key: _text(output.get(key)) for key in ("ename", "evalue")}
        traceback = list(map(_text, lines)) if isinstance(lines, list) else []
        return NotebookNode(output_type="error", **names, traceback=traceback)
    if kind not in {"display_data", "execute_result"} or not isinstance(data, dict):
        return None
    images = {mime: data[mime] for mime in _SIGNATURES if _is_image(data.get(mime), mime)}
    text = data.get("text/plain")
    texts = {"text/plain": _text(text)} if isinstance(text, str) else {}
    if not images and not texts:
        return None
    metadata = {mime: _look(output, mime) for mime in images}
    return NotebookNode(output_type="display_data", data=texts | images, metadata=metadata)


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    value = value.encode("utf-8", "replace").decode("utf-8")  # lone surrogates
    if len(value) <= MAX_TEXT_CHARS:
        return value
    return f"{value[:MAX_TEXT_CHARS]}\n{markdown.TRUNCATED}"


def _is_image(value: object, mime: str) -> bool:
    if not isinstance(value, str) or len(value) > MAX_IMAGE_CHARS:
        return False
    try:
        content = base64.b64decode(value.replace("\n", ""), validate=True)
    except ValueError:
        return False
    return content.startswith(_SIGNATURES[mime])


def _look(output: dict[str, Any], mime: str) -> dict[str, Any]:
    """Return the alternative text and, for the course's figures, where photographs are in them."""
    entries = cells.metadata_entries(output, mime)
    alt, boxes = entries.get("alt"), entries.get("photographs")
    look = {"alt": alt[:MAX_ALT_CHARS] if isinstance(alt, str) and alt else DEFAULT_ALT}
    if isinstance(boxes, list):
        return look | {"photographs": list(filter(_is_box, boxes))[:MAX_PHOTOGRAPHS]}
    return look


def _is_box(value: object) -> bool:
    """Return whether a value is left, top, width and height, as shares of a picture."""
    return (
        isinstance(value, list)
        and len(value) == 4
        and all(isinstance(side, int | float) and 0 <= side <= 1 for side in value)
    )
