"""The digit canvas as a web server: a model deployment, a function deployment and a page.

Example:
    >>> from course import deployment
    >>> with deployment.start() as server:
    ...     server.url.startswith("http://127.0.0.1:")
    True

=================  ==================================================================
route              purpose
=================  ==================================================================
``/``              the page: draw, follow each step, send, read the answer
``/model/``        ``predict`` takes 784 numbers per digit
``/function/``     ``predict`` takes the square canvas and preprocesses it itself
``/preprocess``    takes the pen's path; the page uses it, so there is one pipeline
``/health``        answers while the server runs
``/openapi.json``  describes all routes
=================  ==================================================================

`start` runs the server beside a notebook, ``python -m course serve`` as its own process, and
JupyterLab's launcher through jupyter-server-proxy. It listens on this machine only. On an open
network, put a reverse proxy in front: a slow request body is cut off after ten seconds, but slow
request headers are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from course.deployment.background import Server

__all__ = ["create_app", "start"]


def start(port: int = 0) -> Server:
    """Start the server in the background; it stops with the kernel or on ``stop()``.

    Example:
        >>> with start() as server:
        ...     server.running
        True

    Args:
        port: Port on 127.0.0.1; 0 picks a free one.

    Raises:
        OSError: The port is in use.
    """
    from course.deployment.background import Server

    return Server.start(port)


def create_app() -> FastAPI:
    """Return the application, for any ASGI server.

    Example:
        >>> create_app().title
        'Digit canvas'
    """
    from course.deployment.app import create

    return create()
