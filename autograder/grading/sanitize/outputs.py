"""What a student's kernel may leave in a graded notebook.

People look at graded notebooks in formgrader and in feedback pages, with their own
rights. So only what can't act is kept: text, pictures that are pictures, and no more of
it than a person would read. HTML, scripts, widgets and SVG are dropped; each of them
brings a plain text that says what it was. What a student wrote is made safe in `prose`.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from nbformat import NotebookNode

from autograder import cells
from autograder.grading.sanitize import markdown

MAX_IMAGE_CHARS: Final = 4_000_000  # characters of base64
MAX_TEXT_CHARS: Final = 100_000
DEFAULT_ALT: Final = "A picture drawn by this cell."

_SIGNATURES: Final = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


def sanitize_notebook(nb: NotebookNode) -> None:
    """Make a graded notebook safe to look at, in place.

    Outputs are cut down to plain text and pictures; so is the Markdown that a student wrote: their
    answers, and the cells that they added.
    """
    left = markdown.MAX_NOTEBOOK_CHARS
    for cell in nb.cells:
        if cell.cell_type == "code":
            sanitize_outputs(cell)
        elif cell["id"].startswith("extra-") or cells.is_answer(cell):
            kept = markdown.sanitize(cell["source"])
            cell["source"] = kept if len(kept) <= left else markdown.TRUNCATED
            left -= len(cell["source"])


def sanitize_outputs(cell: NotebookNode) -> None:
    """Make a code cell's outputs safe to look at, in place."""
    cell["outputs"] = [kept for output in cell.get("outputs", []) for kept in _keep(output)]


def _keep(output: dict[str, Any]) -> list[NotebookNode]:
    """Return the output as far as it is harmless; nothing if nothing is left."""
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        text = _text(output.get("text"))
        return [NotebookNode(output_type="stream", name=name, text=text)]
    if kind == "error":
        lines = output.get("traceback")
        return [
            NotebookNode(
                output_type="error",
                ename=_text(output.get("ename")),
                evalue=_text(output.get("evalue")),
                traceback=[_text(line) for line in lines] if isinstance(lines, list) else [],
            )
        ]
    data = output.get("data")
    if kind not in {"display_data", "execute_result"} or not isinstance(data, dict):
        return []
    kept: dict[str, str] = {}
    if isinstance(data.get("text/plain"), str):
        kept["text/plain"] = _text(data["text/plain"])
    for mime, signature in _SIGNATURES.items():
        if _is_picture(data.get(mime), signature):
            kept[mime] = data[mime]
    if not kept:
        return []
    metadata = {mime: {"alt": _alt(output, mime)} for mime in kept if mime in _SIGNATURES}
    return [NotebookNode(output_type="display_data", data=kept, metadata=metadata)]


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    value = value.encode("utf-8", "replace").decode("utf-8")  # half a character is none
    return (
        value if len(value) <= MAX_TEXT_CHARS else value[:MAX_TEXT_CHARS] + "\n[More is not kept.]"
    )


def _is_picture(value: object, signature: bytes) -> bool:
    if not isinstance(value, str) or len(value) > MAX_IMAGE_CHARS:
        return False
    try:
        content = base64.b64decode(value.replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return content.startswith(signature)


def _alt(output: dict[str, Any], mime: str) -> str:
    metadata = output.get("metadata")
    about = metadata.get(mime) if isinstance(metadata, dict) else None
    alt = about.get("alt") if isinstance(about, dict) else None
    return alt[:2000] if isinstance(alt, str) and alt else DEFAULT_ALT
