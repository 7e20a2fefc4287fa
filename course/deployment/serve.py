"""``python -m course serve``: the server in a process of its own.

Example:
    >>> options = parser().parse_args(["--port", "8123"])
    >>> options.host, options.port
    ('127.0.0.1', 8123)
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import uvicorn

_PORT: Final = 8000
_LAST_PORT: Final = 65535


def parser(found: argparse.ArgumentParser | None = None) -> argparse.ArgumentParser:
    """Return the parser with the command's options."""
    found = found or argparse.ArgumentParser(prog="python -m course serve", description=__doc__)
    found.add_argument(
        "--port", type=_port, default=_PORT, help=f"{_PORT}, unless said otherwise; 0 takes any"
    )
    found.add_argument(
        "--host", default="127.0.0.1", help="this machine alone, unless said otherwise"
    )
    found.add_argument(
        "--unix-socket", type=Path, metavar="PATH", help="listen there instead of on a port"
    )
    found.add_argument(
        "--root-path", default="", help="the prefix under which a proxy shows the server"
    )
    return found


def _port(text: str) -> int:
    """Return the port; argparse says what is wrong with others."""
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r}: a number from 0 to {_LAST_PORT} is right")
    return int(text)


def run(options: argparse.Namespace) -> None:
    """Serve until interrupted; exit with 1 if it can't listen there, and say why."""
    import uvicorn

    from course.deployment.app import create
    from course.deployment.logs import CONFIG

    config = uvicorn.Config(
        create(),
        log_config=CONFIG,
        access_log=False,
        root_path=options.root_path,
        timeout_graceful_shutdown=5,
    )
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl+C ends it, and is no error
        _run(uvicorn.Server(config), options)


def _run(server: uvicorn.Server, options: argparse.Namespace) -> None:
    from course.deployment.background import listen, listen_at

    place: Path | None = options.unix_socket
    try:
        listener = listen_at(place) if place is not None else listen(options.port, options.host)
    except OSError as error:
        sys.exit(f"Not started: {error.strerror}")
    try:
        with listener:
            where = _address(options.host, listener.getsockname()[1]) if place is None else place
            print(f"Digit canvas: {where}", flush=True)
            server.run(sockets=[listener])
    finally:
        if place is not None:
            place.unlink(missing_ok=True)


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
