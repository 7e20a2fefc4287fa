"""Run the feedback service at the address the hub gives it."""

from __future__ import annotations

import contextlib
import os
from urllib.parse import urlsplit

import uvicorn

from course.server.inherited_socket import SOCKET_VARIABLE, take_socket
from course.server.keys import AnswerKeys
from deploy.feedback import signed_token
from deploy.feedback.app import CheckService, application
from deploy.feedback.identity import HubIdentity
from deploy.feedback.policy import FILE, Policy
from deploy.feedback.request_log import RequestLog
from deploy.feedback.signed_token import TokenReader
from deploy.hub.due_dates import DueDates
from deploy.hub.roles import instructors_group, students_group
from deploy.hub.settings import load


def main() -> None:
    """Serve until the hub stops the service."""
    settings = load()
    address = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    prefix = os.environ["JUPYTERHUB_SERVICE_PREFIX"].rstrip("/")
    key = os.environ.get(signed_token.KEY_VARIABLE, "")
    with contextlib.closing(RequestLog(settings.feedback_folder / "asked.db")) as log:
        service = CheckService(
            TokenReader(key) if key else HubIdentity(),
            (students_group(settings), instructors_group(settings)),
            AnswerKeys(source=str(settings.course_folder / "source")),
            Policy(settings.course_folder / FILE),
            log,
            key=key,
            deadlines=DueDates(settings.gradebook_address, settings.course_folder).of,
        )
        config = uvicorn.Config(
            application(service, prefix),
            host=address.hostname or "127.0.0.1",
            port=address.port or 0,
            log_level="warning",
            server_header=False,
        )
        # On one machine root has opened the port; on a cluster the pod has the address to itself.
        sockets = [take_socket()] if SOCKET_VARIABLE in os.environ else None
        uvicorn.Server(config).run(sockets=sockets)


if __name__ == "__main__":
    main()
