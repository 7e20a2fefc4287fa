"""What runs beside the people's servers: formgrader in a tab of its own, and instant feedback."""

from __future__ import annotations

import contextlib
import pwd
import secrets
import sys
from pathlib import Path
from typing import Any, Final

from deploy.feedback import signed_token
from deploy.hub import mount_view, privileged_ports, roles
from deploy.hub.settings import CHECKOUT, VARIABLE, HubSettings
from deploy.hub.spawner import BADGES, HELD

_PATIENCE: Final = 180  # seconds for a service to answer; on a busy machine Jupyter takes a minute
# Bubblewrap ends without the server inside it, and may not end it: it has given up root's rights.
_END_BOTH: Final = """trap 'trap "" INT TERM; kill -TERM 0; wait' INT TERM; "$@" & wait"""


def formgrader(settings: HubSettings) -> dict[str, Any]:
    """Formgrader: a whole Jupyter server of the grader's, opened by instructors.

    The hub's menu Services leads to it; it opens in a tab of its own, since pages of a hub may not
    be framed by others.
    """
    port = settings.hub_port + 2
    return {
        "name": settings.course,
        "url": f"http://127.0.0.1:{port}",
        "command": _served(settings, port, *HELD),
        "timeout": _PATIENCE,
        "cwd": "/",
        "environment": {
            VARIABLE: str(settings.file),
            "HOME": str(settings.homes / settings.grader),
            "USER": settings.grader,
            "JUPYTERHUB_USER": settings.grader,
            "JUPYTER_CONFIG_PATH": str(CHECKOUT / "deploy" / "grader"),
            **({"COURSE_DATA": settings.data} if settings.data else {}),
            "PATH": f"{Path(sys.prefix, 'bin')}:/usr/local/bin:/usr/bin:/bin",
        },
        "oauth_no_confirm": True,
    }


def feedback(settings: HubSettings) -> dict[str, Any]:
    """Instant feedback: holds the keys, is asked by students' servers with their own tokens."""
    port = settings.hub_port + 3
    return {
        "name": roles.SERVICE,
        "url": f"http://127.0.0.1:{port}",
        "command": _served(settings, port, sys.executable, "-m", "deploy.feedback"),
        "timeout": _PATIENCE,
        "cwd": "/",
        "environment": {
            VARIABLE: str(settings.file),
            "HOME": str(settings.homes / settings.grader),
            "PYTHONPATH": str(CHECKOUT),
            signed_token.KEY_VARIABLE: signed_token.load_or_create_key(settings.hub / BADGES),
        },
        "display": False,
    }


def _served(settings: HubSettings, port: int, *program: str) -> list[str]:
    """Open a port as root and run a program that listens there in the grader's view.

    It is the hub's child, in a process group of its own.
    """
    opens = [sys.executable, "-P", privileged_ports.__file__]
    # Where the hub was started in the background, SIGINT is ignored, and a shell could not trap it.
    shell = ["/usr/bin/env", "--default-signal=INT", "/bin/sh", "-c", _END_BOTH, "service"]
    return [
        *opens,
        "127.0.0.1",
        str(port),
        *shell,
        *mount_view.grader(settings).command(),
        *program,
    ]


def leftovers(settings: HubSettings) -> list[int]:
    """The numbers of services that a hub left behind when it was killed."""
    found = []
    grader = pwd.getpwnam(settings.grader).pw_uid
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if {b"deploy.feedback", b"course.server.hub_server"} & set(
                words
            ) and process.stat().st_uid == grader:
                found.append(int(process.name))
    return found


def operator_token(settings: HubSettings) -> str:
    """The token of the operator's commands; made when first wanted, read by root alone."""
    path = settings.hub / "operator.token"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    return path.read_text(encoding="ascii")


def configure(c: Any, settings: HubSettings) -> None:
    """Write it into the hub's configuration."""
    operator = {"name": "operator", "api_token": operator_token(settings)}
    c.JupyterHub.services = [formgrader(settings), operator]
    if settings.feedback:
        c.JupyterHub.services.append(feedback(settings))
