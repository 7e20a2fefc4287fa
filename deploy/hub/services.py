"""Services next to users' servers: formgrader in its own tab, and instant feedback."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import psutil

from deploy.feedback import signed_token
from deploy.hub import mount_view, privileged_ports, roles
from deploy.hub.settings import CHECKOUT, SETTINGS_VARIABLE, HubSettings
from deploy.hub.spawner import SERVER_COMMAND, SIGNING_KEY_FILE

_START_TIMEOUT_S: Final = 180  # on a busy machine Jupyter takes a minute
# Bubblewrap has dropped root's rights and can't stop the server inside it, so the shell does.
_FORWARD_SIGNALS: Final = """trap 'trap "" INT TERM; kill -TERM 0; wait' INT TERM; "$@" & wait"""


def formgrader(settings: HubSettings) -> dict[str, Any]:
    """Return the formgrader service: the grader's Jupyter server, opened by instructors.

    The hub's Services menu links to it. It opens in its own tab because a hub's pages may not be
    framed.
    """
    port = settings.hub_port + 2
    return {
        "name": settings.course,
        "url": f"http://127.0.0.1:{port}",
        "command": _service_command(settings, port, *SERVER_COMMAND),
        "timeout": _START_TIMEOUT_S,
        "cwd": "/",
        "environment": {
            **grader_environment(settings),
            **({"COURSE_DATA": settings.data} if settings.data else {}),
        },
        "oauth_no_confirm": True,
    }


def grader_environment(settings: HubSettings) -> dict[str, str]:
    """Return the environment variables of everything that runs as the grader."""
    return {
        SETTINGS_VARIABLE: str(settings.file),
        "HOME": str(settings.homes / settings.grader),
        "USER": settings.grader,
        "JUPYTERHUB_USER": settings.grader,
        "JUPYTER_CONFIG_PATH": str(CHECKOUT / "deploy" / "grader"),
        "PATH": f"{Path(sys.prefix, 'bin')}:/usr/local/bin:/usr/bin:/bin",
    }


def feedback(settings: HubSettings) -> dict[str, Any]:
    """Return the feedback service: it holds the answer keys and answers students' servers."""
    port = settings.hub_port + 3
    key = signed_token.load_or_create_key(settings.hub / SIGNING_KEY_FILE)
    return {
        "name": roles.FEEDBACK_SERVICE,
        "url": f"http://127.0.0.1:{port}",
        "command": _service_command(settings, port, sys.executable, "-m", "deploy.feedback"),
        "timeout": _START_TIMEOUT_S,
        "cwd": "/",
        "environment": {
            SETTINGS_VARIABLE: str(settings.file),
            "HOME": str(settings.homes / settings.grader),
            signed_token.KEY_VARIABLE: key,
        },
        "display": False,
    }


def _service_command(settings: HubSettings, port: int, *program: str) -> list[str]:
    """Return a command that opens a port as root and runs a program in the grader's view.

    It runs as a child of the hub, in its own process group.
    """
    open_port = [sys.executable, "-P", privileged_ports.__file__, "127.0.0.1", str(port)]
    # A hub started in the background ignores SIGINT, and a shell can't trap an ignored signal.
    shell = ["/usr/bin/env", "--default-signal=INT", "/bin/sh", "-c", _FORWARD_SIGNALS, "service"]
    return [*open_port, *shell, *mount_view.grader_view(settings).command(), *program]


def orphaned_services(settings: HubSettings) -> list[int]:
    """Return the process ids of services that outlived a killed hub."""
    modules = {"deploy.feedback", "course.server.hub_server"}
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "username"])
        if process.info["username"] == settings.grader
        and modules & set(process.info["cmdline"] or ())
    ]


def operator_token(settings: HubSettings) -> str:
    """Return the token of the operator's commands; create it if it doesn't exist."""
    return signed_token.load_or_create_key(settings.hub / "operator.token")


def configure(c: Any, settings: HubSettings) -> None:
    """Set the services in the hub's configuration."""
    operator = {"name": "operator", "api_token": operator_token(settings)}
    c.JupyterHub.services = [formgrader(settings), operator]
    if settings.feedback:
        c.JupyterHub.services.append(feedback(settings))
