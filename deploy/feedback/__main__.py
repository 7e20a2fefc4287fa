"""Run the service where the hub said that it will ask for it."""

from __future__ import annotations

import contextlib
import os
from urllib.parse import urlsplit

import uvicorn

from course.server.inherited_socket import SOCKET_VARIABLE, take_socket
from deploy.feedback import signed_token
from deploy.feedback.app import Service, application, source
from deploy.feedback.identity import Hub
from deploy.feedback.policy import FILE, Policy
from deploy.feedback.record import Record
from deploy.feedback.signed_token import TokenReader
from deploy.hub.roles import instructors_group, students_group
from deploy.hub.settings import load


def main() -> None:
    """Serve until the hub says stop."""
    settings = load()
    address = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    prefix = os.environ["JUPYTERHUB_SERVICE_PREFIX"].rstrip("/")
    with contextlib.closing(Record(settings.feedback_folder / "asked.db")) as record:
        service = Service(
            TokenReader(os.environ[signed_token.KEY])
            if os.environ.get(signed_token.KEY)
            else Hub(),
            (students_group(settings), instructors_group(settings)),
            source(settings.course_folder),
            Policy(settings.course_folder / FILE),
            record,
            key=os.environ.get(signed_token.KEY, ""),
        )
        config = uvicorn.Config(
            application(service, prefix),
            host=address.hostname or "127.0.0.1",
            port=address.port or 0,
            log_level="warning",
            server_header=False,
        )
        # On one machine root has opened the port; on a cluster, the pod is ours alone.
        uvicorn.Server(config).run(
            sockets=[take_socket()] if SOCKET_VARIABLE in os.environ else None
        )


if __name__ == "__main__":
    main()
