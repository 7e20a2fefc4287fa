"""The page at ``/`` and its files; every address in it is relative, so any prefix will do.

Example:
    >>> path, media_type = FILES[""]
    >>> path.name, media_type
    ('index.html', 'text/html')

The drawing pad is the notebook widget's own script: one pad, two places.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from course import drawing

if TYPE_CHECKING:
    from fastapi import FastAPI

_PAGE: Final = Path(__file__).resolve().parent / "page"
_WIDGETS: Final = Path(__file__).resolve().parents[1] / "widgets"
ICON: Final = _PAGE / "icon.svg"

FILES: Final = {
    "": (_PAGE / "index.html", "text/html"),
    "page.css": (_PAGE / "page.css", "text/css"),
    "page.js": (_PAGE / "page.js", "text/javascript"),
    "payload.js": (_PAGE / "payload.js", "text/javascript"),
    "icon.svg": (ICON, "image/svg+xml"),
    "digit_pad.js": (_WIDGETS / "digit_pad.js", "text/javascript"),
    "digit_pad.css": (_WIDGETS / "digit_pad.css", "text/css"),
}
"""Address, file and type; nothing else of this machine is served."""

# Scripts, styles and requests come from here alone; a Jupyter page of the same origin may frame it.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SafeHeaders:
    """Middleware that adds to every response what the browser shall hold the page to."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self.app(scope, receive, guarded if scope["type"] == "http" else send)


def add_page(app: FastAPI) -> None:
    """Serve the page, its files and the sample drawings."""
    for address, (path, media_type) in FILES.items():
        send = _sender(path, media_type)
        app.add_api_route(f"/{address}", send, methods=["GET", "HEAD"], include_in_schema=False)

    @app.get("/samples.json", include_in_schema=False)
    async def samples(_: Request) -> Response:
        return JSONResponse(
            {name: dataclasses.asdict(one) for name, one in drawing.stored().items()},
            headers={"Cache-Control": "no-cache"},
        )


def _sender(path: Path, media_type: str) -> Callable[[Request], Response]:
    def send(request: Request) -> Response:
        content = path.read_bytes()
        tag = json.dumps(hashlib.sha256(content).hexdigest()[:16])
        headers = {"Cache-Control": "no-cache", "ETag": tag}  # ask each time, mostly get a 304
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=media_type)

    return send
