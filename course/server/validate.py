"""Validate without blocking: nbgrader's own, in a thread beside the server."""

from __future__ import annotations

import asyncio
import json
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
        if not isinstance(path, str):
            raise web.HTTPError(400, "path must be the place of a notebook")
        async with _ONE:
            said = await asyncio.to_thread(self.validate_notebook, path)
        self.finish(json.dumps(said))


def install(serverapp: Any) -> None:
    """Take the place of nbgrader's handler: whoever adds an address first is asked first."""
    address = url_path_join(serverapp.web_app.settings["base_url"], "assignments", "validate")
    serverapp.web_app.settings.setdefault("root_dir", serverapp.root_dir)
    serverapp.web_app.add_handlers(".*$", [(address, PatientValidateHandler)])
