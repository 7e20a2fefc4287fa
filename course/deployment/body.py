"""Read a request's body with limits on type, size and time, and parse it.

Example:
    >>> check_type("application/json; charset=utf-8")
    >>> check_type("text/plain")
    Traceback (most recent call last):
    course.deployment.errors.RequestError: Content-Type must be application/json, got 'text/plain'
"""

from __future__ import annotations

import asyncio
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from course.deployment.errors import RequestError, from_pydantic

MAX_BYTES: Final = 4 * 2**20  # the largest canvas, 512 by 512, mostly empty, has 2 MB
READ_TIMEOUT_S: Final = 10.0
# A client that is cut off while sending sees a broken connection, not the error. So a body that is
# too large is read to its end and discarded, up to this size.
_MAX_DISCARDED_BYTES: Final = 64 * 2**20

Model = TypeVar("Model", bound=BaseModel)


async def read(request: Request) -> bytes:
    """Return the whole body.

    Raises:
        RequestError: 400 empty, 408 too slow, 413 too large, 415 not JSON.
    """
    check_type(request.headers.get("content-type", ""))
    coding = request.headers.get("content-encoding", "identity")
    if coding != "identity":
        message = f"Content-Encoding {coding[:40]!r} is not supported; send the body uncompressed"
        raise RequestError(415, message)
    content = await _read_all(request)
    if not content.strip():
        raise RequestError(400, "The body is empty; send a JSON object")
    return content


def parse(content: bytes, model: type[Model]) -> Model:
    """Return the validated body.

    Raises:
        RequestError: 400 invalid JSON, 422 an invalid field.
    """
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise from_pydantic(error.errors(include_url=False)) from None


def check_type(content_type: str) -> None:
    """Raise 415 unless the content type is JSON."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise RequestError(415, f"Content-Type must be application/json, got {content_type[:80]!r}")


async def _read_all(request: Request) -> bytes:
    content = bytearray()
    size = 0
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= MAX_BYTES:
                    content += chunk
                elif size > _MAX_DISCARDED_BYTES:
                    break
    except TimeoutError:
        message = f"The body did not arrive within {READ_TIMEOUT_S:g} seconds"
        raise RequestError(408, message, headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise RequestError(400, "The connection closed before the body was complete") from None
    if size > MAX_BYTES:
        message = f"The body is too large; the limit is {MAX_BYTES:,} bytes"
        raise RequestError(413, message, headers={"Connection": "close"})
    return bytes(content)
