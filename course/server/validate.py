"""Run nbgrader's Validate in a subprocess, so it doesn't block the student's server.

``python -m course.server.validate FOLDER NOTEBOOK`` validates one notebook and prints the reply as
JSON. nbgrader changes its process's working directory meanwhile. In the server that would affect
every request; a submission at the same time, for example, would look in the wrong folder.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import nbformat
from jupyter_server.utils import url_path_join
from nbformat import NotebookNode
from nbgrader.server_extensions.validate_assignment.handlers import ValidateAssignmentHandler
from nbgrader.utils import compute_checksum
from tornado import web

from course import quiz
from course.quiz import cells

_LOCK: Final = asyncio.Lock()  # one notebook at a time
_MAX_ERROR_CHARS: Final = 2000
_UNREAD: Final = (
    "No answer can be read here. Write [x] into the box of each option that you choose."
)


class BackgroundValidateHandler(ValidateAssignmentHandler):  # type: ignore[misc]  # no types
    """``POST assignments/validate``, which runs all cells of a notebook and can take minutes."""

    @web.authenticated
    async def post(self) -> None:
        """Reply like nbgrader's handler."""
        path = self.get_argument("path", None) or (self.get_json_body() or {}).get("path")
        if not isinstance(path, str) or "\0" in path:
            raise web.HTTPError(400, "path must be the path of a notebook")
        async with _LOCK:
            reply = await validate_in_subprocess(_root(self.root_dir, path), path)
        self.finish(json.dumps(reply))


def _root(folder: str, path: str) -> Path:
    root = Path(folder).resolve()
    if not (root / path).resolve().is_relative_to(root):
        raise web.HTTPError(403, "the path must stay inside the server's folder")
    return root


async def validate_in_subprocess(root: Path, path: str) -> dict[str, Any]:
    """Return the reply of nbgrader's handler for the notebook at ``path`` below the folder."""
    # -P: a folder `course` or `nbgrader` of the student must not shadow the package.
    command = [sys.executable, "-P", "-m", "course.server.validate", str(root), path]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    try:
        stdout, stderr = await process.communicate()
    finally:
        if process.returncode is None:  # the request was canceled
            process.kill()
    try:
        reply: dict[str, Any] = json.loads(stdout)
    except ValueError:
        return {"success": False, "value": stderr.decode(errors="replace")[-_MAX_ERROR_CHARS:]}
    return reply


def install(serverapp: Any) -> None:
    """Replace nbgrader's handler: of two handlers for a route, tornado uses the first."""
    route = url_path_join(serverapp.web_app.settings["base_url"], "assignments", "validate")
    serverapp.web_app.settings.setdefault("root_dir", serverapp.root_dir)
    serverapp.web_app.add_handlers(".*$", [(route, BackgroundValidateHandler)])


def unread_answers(path: Path) -> list[dict[str, str]]:
    """Return the questions of a notebook that grading would leave to a person, as failed cells.

    Those with a mark that can't be read, and those without a tick whose text was changed: the
    answer may be written out.
    """
    failed = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cells.is_quiz(cell) and cell.cell_type == "markdown":
            question = quiz.parse(cell.source)
            is_clear = not question.mixed and not question.stray_ticks
            if not is_clear or (not question.ticked and _is_changed(cell)):
                texts = {"source": cell.source.strip(), "error": _UNREAD, "raw_error": _UNREAD}
                failed.append(texts)
    return failed


def _is_changed(cell: NotebookNode) -> bool:
    """Return whether a question without ticks isn't as it was released."""
    released = cells.metadata_entries(cell, "nbgrader").get("checksum")
    blank = quiz.mark(cell.source, frozenset())
    copies = (NotebookNode(cell, source=text) for text in (blank, blank.rstrip(), f"{blank}\n"))
    return released is not None and released not in map(compute_checksum, copies)


def main(root: str, path: str) -> None:
    """Validate one notebook with nbgrader's handler and print its reply."""
    # Kernels print to standard output, too: keep it for the reply, and give them standard error.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as reply:
        os.dup2(2, 1)
        handler = SimpleNamespace(root_dir=root, log=logging.getLogger("nbgrader"))
        handler.load_config = lambda: ValidateAssignmentHandler.load_config(handler)
        result = ValidateAssignmentHandler.validate_notebook(handler, path)
        is_unchanged = (
            result["success"] and not {"changed", "type_changed"} & result["value"].keys()
        )
        if is_unchanged and (failed := unread_answers(Path(root, path))):
            result["value"]["failed"] = [*failed, *result["value"].get("failed", [])]
        json.dump(result, reply)


if __name__ == "__main__":
    main(*sys.argv[1:])
