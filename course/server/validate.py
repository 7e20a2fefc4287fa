"""Run a notebook in a subprocess, so it doesn't block the student's server, and report on it.

``autoencoders validate NOTEBOOK`` prints the report.

``python -m course.server.validate FOLDER NOTEBOOK`` runs one notebook with nbgrader's validator and
prints the exercises and questions as JSON. nbgrader changes its process's working directory
meanwhile. In the server that would affect every request; a submission at the same time, for
example, would look in the wrong folder.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from jupyter_server.utils import url_path_join
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearOutput, Execute
from nbgrader.server_extensions.validate_assignment.handlers import ValidateAssignmentHandler
from nbgrader.validator import Validator
from tornado import web
from traitlets import List
from traitlets.config import Config

from course.quiz import cells
from course.server.keys import AnswerKeys
from course.server.progress import Progress, progress_of
from course.server.validation_report import as_text, nbgraders_value, report

_LOCK: Final = asyncio.Lock()  # one notebook at a time
_MAX_ERROR_CHARS: Final = 2000
# nbgrader's limits count seconds on the clock: too few where a whole class validates at once.
_PATIENCE: Final = {"timeout": 120, "startup_timeout": 120, "iopub_timeout": 60}


class BackgroundValidateHandler(ValidateAssignmentHandler):  # type: ignore[misc]  # no types
    """``POST assignments/validate``, which runs all cells of a notebook and can take minutes."""

    def initialize(self, keys: AnswerKeys) -> None:
        """Take the answer keys, which only a self-learner's server has."""
        self.keys = keys

    @web.authenticated
    async def post(self) -> None:
        """Reply as `validate_in_subprocess` says."""
        path = self.get_argument("path", None) or (self.get_json_body() or {}).get("path")
        if not isinstance(path, str) or "\0" in path:
            raise web.HTTPError(400, "path must be the path of a notebook")
        async with _LOCK:
            reply = await validate_in_subprocess(_root(self.root_dir, path), path, self.keys)
        self.finish(json.dumps(reply))


def _root(folder: str, path: str) -> Path:
    root = Path(folder).resolve()
    if not (root / path).resolve().is_relative_to(root):
        raise web.HTTPError(403, "the path must stay inside the server's folder")
    return root


async def validate_in_subprocess(root: Path, path: str, keys: AnswerKeys) -> dict[str, Any]:
    """Return the reply for the notebook at ``path`` below the folder.

    ``success`` and ``value`` are those of nbgrader's handler, for nbgrader's own pages; ``report``
    is a `ValidationReport`, for the bar above the notebook.
    """
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
        result = json.loads(stdout)
    except ValueError:
        return {"success": False, "value": stderr.decode(errors="replace")[-_MAX_ERROR_CHARS:]}
    found = report(Progress.from_json(result), keys, path, result["changed"])
    return {"success": True, "value": nbgraders_value(found), "report": found}


def print_report(notebook: Path, source: Path | None = None) -> int:
    """Run a notebook and print the report; return 0 if nothing is left to do, else 1.

    ``source`` is the folder of the instructor's notebooks, which only a self-learner has.
    """
    if not notebook.is_file():
        print(f"{notebook} does not exist or is not a file.", file=sys.stderr)
        return 1
    print(f"Running {notebook}; a lesson takes up to two minutes.", file=sys.stderr)
    folder = notebook.resolve().parent  # its name is the assignment's
    path, keys = f"{folder.name}/{notebook.name}", AnswerKeys(source=str(source or ""))
    reply = asyncio.run(validate_in_subprocess(folder.parent, path, keys))
    if "report" not in reply:
        print(f"{notebook} could not be run.\n{reply['value']}", file=sys.stderr)
        return 1
    print(as_text(reply["report"]))
    return 1 if reply["report"]["findings"] else 0


def install(serverapp: Any, keys: AnswerKeys) -> None:
    """Replace nbgrader's handler: of two handlers for a route, tornado uses the first."""
    route = url_path_join(serverapp.web_app.settings["base_url"], "assignments", "validate")
    serverapp.web_app.settings.setdefault("root_dir", serverapp.root_dir)
    serverapp.web_app.add_handlers(".*$", [(route, BackgroundValidateHandler, {"keys": keys})])


class _RecordingValidator(Validator):  # type: ignore[misc]  # no types
    """nbgrader's, but leaves it to `progress` what has failed, and accepts copies of cells."""

    preprocessors = List([ClearOutput, Execute])

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.progress = Progress((), ())
        self.changed: list[str] = []

    def _get_passed_cells(self, _: NotebookNode) -> list[NotebookNode]:
        return []

    def _get_type_changed_cells(self, _: NotebookNode) -> list[NotebookNode]:
        return []  # grading restores the types of cells, and a question's is part of the progress

    def _get_changed_cells(self, nb: NotebookNode) -> list[NotebookNode]:
        changed = super()._get_changed_cells(nb)
        self.changed = [cells.grade_id(cell) for cell in changed if cells.is_test(cell)]
        return []

    def _get_failed_cells(self, nb: NotebookNode) -> list[NotebookNode]:
        self.progress = progress_of(nb)
        return []


def run_notebook(path: Path) -> dict[str, Any]:
    """Run a notebook; return its exercises, questions and changed tests."""
    handler = SimpleNamespace(log=logging.getLogger("nbgrader"))
    config = Config({"Execute": _PATIENCE})
    config.merge(ValidateAssignmentHandler.load_config(handler))
    validator = _RecordingValidator(config=config)
    validator.validate(str(path))
    return {**asdict(validator.progress), "changed": validator.changed}


def main(root: str, path: str) -> None:
    """Run one notebook and print the result."""
    # Kernels print to standard output, too: keep it for the reply, and give them standard error.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as reply:
        os.dup2(2, 1)
        json.dump(run_notebook(Path(root, path)), reply)


if __name__ == "__main__":
    main(*sys.argv[1:])
