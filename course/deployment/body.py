"""Read a request's body: not too large, not too slow, JSON, and what the schema wants.

Example:
    >>> check_type("application/json; charset=utf-8")
    >>> check_type("text/plain")
    Traceback (most recent call last):
    course.deployment.errors.RequestError: Content-Type is 'text/plain'; application/json is right
"""

from __future__ import annotations

import asyncio
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from course.deployment.errors import RequestError, from_validation

MOST_BYTES: Final = 4 * 2**20  # the largest canvas, 512 by 512, mostly empty, has 2 MB
SECONDS: Final = 10.0
# Who is cut off while still sending sees a broken connection instead of the reason; so up to here
# the rest is read and dropped.
_MOST_DROPPED: Final = 64 * 2**20

Wanted = TypeVar("Wanted", bound=BaseModel)


async def content(request: Request) -> bytes:
    """Return the whole body.

    Raises:
        RequestError: 400 empty, 408 too slow, 413 too large, 415 another type.
    """
    check_type(request.headers.get("content-type", ""))
    coding = request.headers.get("content-encoding", "identity")
    if coding != "identity":
        raise RequestError(415, f"Content-Encoding is {coding[:40]!r}; send the body as it is")
    found = await _all_of_it(request)
    if not found.strip():
        raise RequestError(400, "The body is empty; a JSON object is right")
    return found


def checked(found: bytes, wanted: type[Wanted]) -> Wanted:
    """Return a body as the model wants it.

    Raises:
        RequestError: 400 no JSON, 422 wrong in a field.
    """
    try:
        return wanted.model_validate_json(found)
    except ValidationError as error:
        raise from_validation(error) from None


def check_type(content_type: str) -> None:
    """Raise 415 unless the content type says JSON."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise RequestError(415, f"Content-Type is {content_type[:80]!r}; application/json is right")


async def _all_of_it(request: Request) -> bytes:
    """Return the bytes; of one that is too large, nothing is kept."""
    parts = bytearray()
    seen = 0
    try:
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                seen += len(part)
                if seen <= MOST_BYTES:
                    parts += part
                elif seen > _MOST_DROPPED:
                    break
    except TimeoutError:
        words = f"The body did not come within {SECONDS:g} seconds"
        raise RequestError(408, words, headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise RequestError(400, "The connection ended within the body") from None
    if seen > MOST_BYTES:
        words = f"The body is too large; {MOST_BYTES:,} bytes are the limit"
        raise RequestError(413, words, headers={"Connection": "close"})
    return bytes(parts)
