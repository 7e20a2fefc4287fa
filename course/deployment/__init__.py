"""The digit canvas on a web server: a model deployment, a function deployment and a page.

Example:
    >>> from course import deployment
    >>> with deployment.start() as server:
    ...     server.url.startswith("http://127.0.0.1:")
    True

============  ==============================================================
address       what it does
============  ==============================================================
``/``         the page: draw, look at each step, send, read the answer
``/model/``   ``predict`` takes 784 numbers a digit
``/function/``  ``predict`` takes the squared canvas and prepares it itself
``/preprocess``  takes the pen's path; for the page, so that there is one pipeline
``/health``   says that the server answers
``/openapi.json``  describes all of it
============  ==============================================================

`start` runs it beside a notebook, ``python -m course serve`` in a process of its own, and
JupyterLab's launcher through jupyter-server-proxy. It listens on this machine alone. Before an open
network it wants a proxy of its own: a request that is slow in its body is cut off after ten
seconds, but for the rest of a request's head the server waits as long as the connection lasts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from course.deployment.background import Server

__all__ = ["create_app", "start"]


def start(port: int = 0) -> Server:
    """Start the server beside the notebook; it ends with the kernel, or with ``stop()``.

    Example:
        >>> with start() as server:
        ...     server.running
        True

    Args:
        port: Where it listens on 127.0.0.1; 0 takes a free one.

    Raises:
        OSError: The port is taken; says which.
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
