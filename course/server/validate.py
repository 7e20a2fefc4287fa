"""Validate without blocking: nbgrader's own, in a process beside the server.

``python -m course.server.validate FOLDER NOTEBOOK`` validates one notebook and prints, as JSON,
what the page is told. nbgrader changes the working folder of its process meanwhile, and that is the
whole server's if it runs there: what is submitted at the same time would look in a wrong place.
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

from jupyter_server.utils import url_path_join
from nbgrader.server_extensions.validate_assignment.handlers import ValidateAssignmentHandler
from tornado import web

EXTENSION: Final = "nbgrader.server_extensions.validate_assignment"
_ONE: Final = asyncio.Lock()  # a second notebook waits for the first; the server waits for none


class PatientValidateHandler(ValidateAssignmentHandler):  # type: ignore[misc]  # no types
    """``POST assignments/validate``, which runs all cells of a notebook and can take minutes."""

    @web.authenticated
    async def post(self) -> None:
        """Reply with what nbgrader's own handler replies."""
        path = self.get_argument("path", None) or (self.get_json_body() or {}).get("path")
        if not isinstance(path, str) or "\0" in path:
            raise web.HTTPError(400, "path must be the place of a notebook")
        async with _ONE:
            said = await validated(_root(self.root_dir, path), path)
        self.finish(json.dumps(said))


def _root(folder: str, path: str) -> Path:
    root = Path(folder).resolve()
    if not (root / path).resolve().is_relative_to(root):
        raise web.HTTPError(403, "the path leads out of the server's folder")
    return root


async def validated(root: Path, path: str) -> dict[str, Any]:
    """Validate in a process of its own; return what nbgrader's own handler replies.

    Args:
        root: The server's folder.
        path: The notebook's place below it.
    """
    # -P: what a student's folder calls `course` or `nbgrader` is not taken for ours.
    command = [sys.executable, "-P", "-m", "course.server.validate", str(root), path]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    try:
        told, trouble = await process.communicate()
    finally:
        if process.returncode is None:  # nobody waits for it any more
            process.kill()
    try:
        found: dict[str, Any] = json.loads(told)
    except ValueError:
        return {"success": False, "value": trouble.decode(errors="replace")[-2000:]}
    return found


def install(serverapp: Any) -> None:
    """Take the place of nbgrader's handler: whoever adds an address first is asked first."""
    address = url_path_join(serverapp.web_app.settings["base_url"], "assignments", "validate")
    serverapp.web_app.settings.setdefault("root_dir", serverapp.root_dir)
    serverapp.web_app.add_handlers(".*$", [(address, PatientValidateHandler)])


def main(root: str, path: str) -> None:
    """Validate one notebook as nbgrader's handler does, and say how it went."""
    # Standard output is for the reply alone, and not for what kernels print.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as reply:
        os.dup2(2, 1)
        own = SimpleNamespace(root_dir=root, log=logging.getLogger("nbgrader"))
        own.load_config = lambda: ValidateAssignmentHandler.load_config(own)
        json.dump(ValidateAssignmentHandler.validate_notebook(own, path), reply)


if __name__ == "__main__":
    main(*sys.argv[1:])
