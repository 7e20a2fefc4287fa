"""The ASGI application: the addresses, what guards them, and the OpenAPI schema.

Example:
    >>> sorted(create().openapi()["paths"])
    ['/function/predict', '/health', '/model/predict', '/preprocess']
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from course import drawing
from course.deployment import body, prepare, scoring
from course.deployment.batching import MOST_ROWS, Batcher
from course.deployment.errors import RequestError, from_problems
from course.deployment.logs import RequestLog
from course.deployment.page import SafeHeaders, add_page
from course.deployment.prepare import FloatArray
from course.deployment.schemas import (
    DrawingRequest,
    FunctionRequest,
    Health,
    ModelRequest,
    Prediction,
    Predictions,
    Prepared,
    Problem,
)
from course.deployment.thread_limit import ThreadLimit

_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": words}
    for status, words in {
        400: "The body is no JSON",
        408: "The body came too slowly",
        413: "The body is too large",
        415: "The body is of another type",
        422: "A field is wrong; the answer names it",
        503: "Too much to do; try again",
    }.items()
}
_SMALL: Final = 32 * 2**10  # bytes; below, reading them is faster than asking a thread to do it
_TEMPLATE: Final = "#/components/schemas/{model}"


def create(*, most_rows: int = MOST_ROWS) -> FastAPI:
    """Return the application.

    Args:
        most_rows: How many rows one matrix product may join; 1 turns batching off.
    """

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(scoring.warm_up)
        async with Batcher(scoring.read, most_rows) as batcher:
            app.state.batcher = batcher
            app.state.thread_limit = ThreadLimit()
            yield

    app = FastAPI(
        title="Digit canvas",
        version="1.0.0",
        summary="Reads handwritten digits, from 784 numbers or from a canvas.",
        lifespan=life,
        # Their pages would be fetched from elsewhere; openapi.json is served.
        docs_url=None,
        redoc_url=None,
    )
    _add_predictions(app)
    _add_preparation(app)
    add_page(app)
    _add_problems(app)
    app.add_middleware(RequestLog)
    app.add_middleware(SafeHeaders)  # around it, for what it says of a mistake is a response, too
    setattr(app, "openapi", _described(app))  # noqa: B010  (mypy takes methods for constants)
    return app


def _takes(wanted: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": _TEMPLATE.format(model=wanted.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _add_predictions(app: FastAPI) -> None:
    @app.post(
        "/model/predict",
        response_model=Prediction | Predictions,
        responses=_PROBLEMS,
        openapi_extra=_takes(ModelRequest),
    )
    async def predict_by_model(request: Request) -> Response:
        """Read digits from 784 numbers each, prepared by whoever asks."""
        content = await body.content(request)
        if len(content) <= _SMALL:
            asked, rows = _by_model(content)
        else:
            asked, rows = await app.state.thread_limit.run(_by_model, content)
        readings = await app.state.batcher.submit(rows)
        return _answer(readings, asked.rows(), wrapped=asked.wrapped)

    @app.post(
        "/function/predict",
        response_model=Prediction | Predictions,
        responses=_PROBLEMS,
        openapi_extra=_takes(FunctionRequest),
    )
    async def predict_by_function(request: Request, way: drawing.Way = "mnist") -> Response:
        """Read digits from squared RGBA canvases; steps 3 to 6 are done here."""
        content = await body.content(request)
        asked, rows = await app.state.thread_limit.run(_by_function, content, way)
        readings = await app.state.batcher.submit(rows)
        return _answer(readings, asked.rows(), wrapped=asked.wrapped)


def _by_model(content: bytes) -> tuple[ModelRequest, FloatArray]:
    asked = body.checked(content, ModelRequest)
    return asked, prepare.model_rows(asked)


def _by_function(content: bytes, way: drawing.Way) -> tuple[FunctionRequest, FloatArray]:
    asked = body.checked(content, FunctionRequest)
    return asked, prepare.function_rows(asked, way)


def _answer(readings: list[scoring.DigitReading], sizes: list[int], *, wrapped: bool) -> Response:
    predictions = []
    start = 0
    for size in sizes:
        group = readings[start : start + size]
        digits = ", ".join(str(one.digit) for one in group)
        details = ", ".join(one.json() for one in group)
        predictions.append(f'{{"values": [{digits}], "details": [{details}]}}')
        start += size
    text = f'{{"predictions": [{", ".join(predictions)}]}}' if wrapped else predictions[0]
    return Response(text, media_type="application/json")


def _add_preparation(app: FastAPI) -> None:
    @app.post(
        "/preprocess",
        response_model=Prepared,
        responses=_PROBLEMS,
        openapi_extra=_takes(DrawingRequest),
    )
    async def preprocess(request: Request) -> Response:
        """Turn the pen's path into pictures of every step, and into a payload."""
        content = await body.content(request)
        text = await app.state.thread_limit.run(_prepared, content)
        return Response(text, media_type="application/json")

    @app.get("/health", response_model=Health)
    async def health() -> Response:
        """Say that the server answers."""
        return JSONResponse({"status": "ok"})


def _prepared(content: bytes) -> str:
    asked = body.checked(content, DrawingRequest)
    found = prepare.drawn(asked)
    page = drawing.shown(found)
    for stage in page["stages"]:
        stage["pixels"] = base64.b64encode(stage["pixels"]).decode("ascii")
    return json.dumps(page | {"payload": found.payload(asked.deployment)}, separators=(",", ":"))


def _add_problems(app: FastAPI) -> None:
    """Every answer is JSON, the unhappy ones too."""

    @app.exception_handler(RequestError)
    async def refused(_: Request, error: RequestError) -> Response:
        return JSONResponse(error.body, error.status, error.headers)

    @app.exception_handler(HTTPException)
    async def not_served(request: Request, error: HTTPException) -> Response:
        words = {404: "There is nothing at this address", 405: f"{request.method} is not served"}
        message = words.get(error.status_code, str(error.detail))
        return JSONResponse(RequestError(0, message).body, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def wrong_parameter(_: Request, error: RequestValidationError) -> Response:
        return JSONResponse(from_problems(error.errors()).body, 422)


def _described(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Return a function that makes the schema once; bodies are read by hand, so it adds them."""

    def describe() -> dict[str, Any]:
        if not app.openapi_schema:
            schema = get_openapi(
                title=app.title, version=app.version, summary=app.summary, routes=app.routes
            )
            wanted = (ModelRequest, FunctionRequest, DrawingRequest)
            bodies = models_json_schema(
                [(model, "validation") for model in wanted], ref_template=_TEMPLATE
            )[1]["$defs"]
            schema.setdefault("components", {}).setdefault("schemas", {}).update(bodies)
            app.openapi_schema = schema
        return app.openapi_schema

    return describe
