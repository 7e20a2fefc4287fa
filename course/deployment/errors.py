"""What goes wrong, as JSON that names the field: ``{"error": "...", "fields": [...]}``.

Example:
    >>> field_name(("values", 0, 3))
    'values[0][3]'
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pydantic import ValidationError

_MOST_SHOWN: Final = 5
_LONGEST: Final = 60  # characters of a wrong value that are repeated


class RequestError(Exception):
    """A request that gets no answer but a reason.

    Attributes:
        status: The HTTP status, 4xx, 500 or 503.
        message: A sentence for people.
        fields: ``{"field": ..., "message": ...}`` for each field that is wrong.
        headers: What the response says beside.
    """

    def __init__(
        self,
        status: int,
        message: str,
        fields: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.fields = fields or []
        self.headers = headers or {}

    @property
    def body(self) -> dict[str, Any]:
        """What is sent."""
        return {"error": self.message, "fields": self.fields}


def busy(words: str) -> RequestError:
    """Return a 503 that says when to come again."""
    return RequestError(503, f"{words}; try again soon", headers={"Retry-After": "1"})


def field_name(place: tuple[int | str, ...]) -> str:
    """Return a place in a JSON document as one would write it."""
    name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return name.removeprefix(".") or "body"


def from_validation(error: ValidationError) -> RequestError:
    """Return what pydantic found wrong: 400 for what is no JSON, 422 for the rest."""
    return from_problems(error.errors(include_url=False))


def from_problems(found: Sequence[Any]) -> RequestError:
    """Return the same from pydantic's list of problems."""
    if found[0]["type"] == "json_invalid":
        reason = found[0]["msg"].removeprefix("Invalid JSON: ")
        return RequestError(400, f"The body is no JSON: {reason}")
    fields = [
        {"field": field_name(one["loc"]), "message": _message(one)} for one in found[:_MOST_SHOWN]
    ]
    first = fields[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return RequestError(422, f"{first['field']}: {first['message']}{more}", fields)


def _message(one: Any) -> str:
    given, limits = one["input"], one.get("ctx", {})
    if one["type"] in {"too_short", "too_long"}:
        least, most = limits.get("min_length"), limits.get("max_length")
        bound = f"at least {least:,}" if one["type"] == "too_short" else f"at most {most:,}"
        return f"{limits['actual_length']:,} items; {bound} are right"
    if one["type"] == "extra_forbidden":
        return "there is no such field"
    words = str(one["msg"]).removeprefix("Value error, ")
    words = words[:1].lower() + words[1:]
    if isinstance(given, str | int | float):
        shown = repr(given)
        words += f", not {shown if len(shown) <= _LONGEST else shown[:_LONGEST] + '…'}"
    return words
