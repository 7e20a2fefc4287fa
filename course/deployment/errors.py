"""Errors as JSON that names the invalid fields: ``{"error": "...", "fields": [...]}``.

Example:
    >>> field_name(("values", 0, 3))
    'values[0][3]'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import JSONResponse

PIXELS: Final = 784  # numbers of one digit, neither more nor less
_MAX_FIELDS: Final = 5
_MAX_VALUE_CHARS: Final = 60  # of an invalid value that the message repeats


class RequestError(Exception):
    """A request that is answered with an error.

    Attributes:
        status: The HTTP status, 4xx, 500 or 503.
        message: A sentence for the user.
        fields: ``{"field": ..., "message": ...}`` for each invalid field.
        headers: Additional headers of the response.
    """

    def __init__(
        self,
        status: int,
        message: str,
        fields: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.fields = fields or []
        self.headers = headers or {}

    def response(self) -> JSONResponse:
        """Return the error as an HTTP response."""
        content = {"error": self.message, "fields": self.fields}
        return JSONResponse(content, self.status, self.headers)


def busy(message: str) -> RequestError:
    """Return a 503 that asks the client to try again in a second."""
    return RequestError(503, f"{message}; try again soon", headers={"Retry-After": "1"})


def field_name(location: tuple[int | str, ...]) -> str:
    """Return pydantic's location in a JSON document as an expression."""
    name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return name.removeprefix(".") or "body"


def invalid_field(field: str, message: str) -> RequestError:
    """Return a 422 for one field.

    Example:
        >>> print(invalid_field("pen", "must be at least 1, got 0"))
        pen: must be at least 1, got 0
    """
    return RequestError(422, f"{field}: {message}", [{"field": field, "message": message}])


def from_pydantic(problems: Sequence[Any]) -> RequestError:
    """Return pydantic's list of errors as one error: 400 for invalid JSON, else 422."""
    if problems[0]["type"] == "json_invalid":
        reason = problems[0]["msg"].removeprefix("Invalid JSON: ")
        return RequestError(400, f"The body isn't valid JSON: {reason}")
    fields = [
        {"field": field_name(p["loc"]), "message": _message(p)} for p in problems[:_MAX_FIELDS]
    ]
    error = invalid_field(**fields[0])
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return RequestError(422, f"{error.message}{more}", fields)


def _message(problem: Any) -> str:
    value, context = problem["input"], problem.get("ctx", {})
    if problem["type"] in {"too_short", "too_long"}:
        too_short = problem["type"] == "too_short"
        limit = context["min_length" if too_short else "max_length"]
        if limit == PIXELS:
            return f"must have exactly {PIXELS} numbers, got {context['actual_length']:,}"
        bound = f"at {'least' if too_short else 'most'} {limit:,} item{'' if limit == 1 else 's'}"
        return f"must have {bound}, got {context['actual_length']:,}"
    if problem["type"] == "extra_forbidden":
        return "unknown field"
    message = str(problem["msg"]).removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if isinstance(value, str | int | float):
        text = repr(value)
        message += f", got {text[:_MAX_VALUE_CHARS]}{'…' if len(text) > _MAX_VALUE_CHARS else ''}"
    return message
