"""``python -m course serve``: the server as its own process.

Example:
    >>> parser = argparse.ArgumentParser()
    >>> add_options(parser)
    >>> options = parser.parse_args(["--port", "8123"])
    >>> options.host, options.port
    ('127.0.0.1', 8123)
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import Final

_MAX_PORT: Final = 65535


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument(
        "--port",
        type=_port,
        default=8000,
        help="port to listen on; 0 picks a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: %(default)s, this machine only)",
    )
    parser.add_argument(
        "--unix-socket",
        type=Path,
        metavar="PATH",
        help="listen on this Unix socket instead of a port",
    )
    parser.add_argument(
        "--root-path", default="", help="URL prefix under which a proxy serves the application"
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _MAX_PORT:
        raise argparse.ArgumentTypeError(f"must be from 0 to {_MAX_PORT}, got {text!r}")
    return int(text)


def run(options: argparse.Namespace) -> None:
    """Serve until interrupted; exit with 1 and the reason if listening fails."""
    import uvicorn

    from course.deployment.app import create
    from course.deployment.background import listen_on_path, listen_on_port
    from course.deployment.logs import CONFIG

    config = uvicorn.Config(
        create(),
        log_config=CONFIG,
        access_log=False,
        root_path=options.root_path,
        timeout_graceful_shutdown=5,
    )
    path, host = options.unix_socket, options.host
    try:
        listener = listen_on_path(path) if path else listen_on_port(options.port, host)
    except OSError as error:
        sys.exit(f"Not started: {error.strerror}")
    try:
        with listener, contextlib.suppress(KeyboardInterrupt):  # Ctrl+C is the normal way to stop
            name = f"[{host}]" if ":" in host else host
            address = path or f"http://{name}:{listener.getsockname()[1]}/"
            print(f"Digit canvas: {address}", flush=True)
            uvicorn.Server(config).run(sockets=[listener])
    finally:
        if path:
            path.unlink(missing_ok=True)
