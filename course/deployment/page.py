"""The page at ``/`` and its files; all its URLs are relative, so it works behind any prefix.

Example:
    >>> path, media_type = FILES[""]
    >>> path.name, media_type
    ('index.html', 'text/html')

The drawing pad is the same script as the notebook widget's.
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

PAGE: Final = Path(__file__).resolve().parent / "page"
WIDGETS: Final = Path(__file__).resolve().parents[1] / "widgets"
_PAD_SCRIPTS: Final = (
    "drawing_pad.js",
    "ink_canvas.js",
    "pad_input.js",
    "result_views.js",
    "shared.js",
    "stroke_history.js",
)
ICON: Final = PAGE / "icon.svg"

FILES: Final = {
    "": (PAGE / "index.html", "text/html"),
    "page.css": (PAGE / "page.css", "text/css"),
    "page.js": (PAGE / "page.js", "text/javascript"),
    "server_reader.js": (PAGE / "server_reader.js", "text/javascript"),
    "payload.js": (PAGE / "payload.js", "text/javascript"),
    "icon.svg": (ICON, "image/svg+xml"),
    "digit_pad.css": (WIDGETS / "digit_pad.css", "text/css"),
    **{name: (WIDGETS / name, "text/javascript") for name in _PAD_SCRIPTS},
}
"""Route, file and media type; no other file is served."""

# Nothing loads from another host; 'self' as ancestor lets a Jupyter page frame this one.
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


class SecurityHeaders:
    """Middleware that adds security headers to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle the request and add the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def add_page(app: FastAPI) -> None:
    """Serve the page, its files and the sample drawings."""
    for route, (path, media_type) in FILES.items():
        handler = _file_handler(path, media_type)
        app.add_api_route(f"/{route}", handler, methods=["GET", "HEAD"], include_in_schema=False)

    @app.get("/samples.json", include_in_schema=False)
    async def samples(_: Request) -> Response:
        content = {name: dataclasses.asdict(sample) for name, sample in drawing.stored().items()}
        return JSONResponse(content, headers={"Cache-Control": "no-cache"})


def _file_handler(path: Path, media_type: str) -> Callable[[Request], Response]:
    def handle(request: Request) -> Response:
        content = path.read_bytes()
        tag = json.dumps(hashlib.sha256(content).hexdigest()[:16])
        headers = {"Cache-Control": "no-cache", "ETag": tag}  # revalidate; mostly answered by 304
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=media_type)

    return handle
