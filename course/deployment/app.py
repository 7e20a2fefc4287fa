"""The ASGI application: routes, error handlers and the OpenAPI schema.

Example:
    >>> sorted(create().openapi()["paths"])
    ['/function/predict', '/health', '/model/predict', '/preprocess']
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from course import drawing
from course.arrays import Float32Array
from course.deployment import body, prepare, schemas, scoring
from course.deployment.batching import MAX_ROWS, Batcher
from course.deployment.errors import RequestError, from_pydantic
from course.deployment.logs import RequestLogMiddleware
from course.deployment.page import SecurityHeaders, add_page
from course.deployment.schemas import DrawingRequest, FunctionRequest, ModelRequest
from course.deployment.thread_limit import ThreadLimit

_ERROR_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": schemas.Problem, "description": description}
    for status, description in {
        400: "The body isn't JSON",
        408: "The body arrived too slowly",
        413: "The body is too large",
        415: "The body isn't application/json",
        422: "A field is invalid; the answer names it",
        503: "Too many requests; try again",
    }.items()
}
_PREDICTION: Final = schemas.Prediction | schemas.Predictions
_MAX_INLINE_BYTES: Final = 32 * 2**10  # parsing less takes less time than handing it to a thread
_SCHEMA_REF: Final = "#/components/schemas/{model}"


class _App(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Return the schema, with the models of the bodies, which FastAPI doesn't know.

        The routes read and parse the bodies themselves.
        """
        if not self.openapi_schema:
            schema = super().openapi()
            models = (ModelRequest, FunctionRequest, DrawingRequest)
            definitions = models_json_schema(
                [(model, "validation") for model in models], ref_template=_SCHEMA_REF
            )[1]["$defs"]
            schema.setdefault("components", {}).setdefault("schemas", {}).update(definitions)
        return super().openapi()


def create(*, max_rows: int = MAX_ROWS) -> FastAPI:
    """Return the application; with ``max_rows=1`` per matrix product, batching is off."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(scoring.warm_up)
        async with Batcher(scoring.read_digits, max_rows) as batcher:
            app.state.batcher = batcher
            app.state.thread_limit = ThreadLimit()
            yield

    app = _App(
        title="Digit canvas",
        version="1.0.0",
        summary="Reads handwritten digits from 784 numbers or from a canvas.",
        lifespan=lifespan,
        # FastAPI's documentation pages load scripts from another host.
        docs_url=None,
        redoc_url=None,
    )
    _add_predictions(app)
    _add_preprocessing(app)
    add_page(app)
    _add_error_handlers(app)
    app.add_middleware(RequestLogMiddleware)
    app.add_middleware(SecurityHeaders)  # outermost: RequestLog's 500 needs the headers, too
    return app


def _schema(request_model: type[BaseModel], response_model: Any) -> dict[str, Any]:
    """Return the options of a route that describe it in the OpenAPI schema."""
    content = {"schema": {"$ref": _SCHEMA_REF.format(model=request_model.__name__)}}
    request_body = {"required": True, "content": {"application/json": content}}
    return {
        "response_model": response_model,
        "responses": _ERROR_RESPONSES,
        "openapi_extra": {"requestBody": request_body},
    }


def _add_predictions(app: FastAPI) -> None:
    @app.post("/model/predict", **_schema(ModelRequest, _PREDICTION))
    async def predict_by_model(http_request: Request) -> Response:
        """Read digits from 784 numbers each, preprocessed by the client."""
        content = await body.read(http_request)
        if len(content) <= _MAX_INLINE_BYTES:
            request, rows = _parse_model_request(content)
        else:
            request, rows = await app.state.thread_limit.run(_parse_model_request, content)
        return _answer(await app.state.batcher.submit(rows), request)

    @app.post("/function/predict", **_schema(FunctionRequest, _PREDICTION))
    async def predict_by_function(http_request: Request, way: drawing.Way = "mnist") -> Response:
        """Read digits from square RGBA canvases; the server does steps 3 to 6."""
        content = await body.read(http_request)
        request, rows = await app.state.thread_limit.run(_parse_function_request, content, way)
        return _answer(await app.state.batcher.submit(rows), request)


def _parse_model_request(content: bytes) -> tuple[ModelRequest, Float32Array]:
    request = body.parse(content, ModelRequest)
    return request, prepare.model_rows(request)


def _parse_function_request(
    content: bytes, way: drawing.Way
) -> tuple[FunctionRequest, Float32Array]:
    request = body.parse(content, FunctionRequest)
    return request, prepare.function_rows(request, way)


def _answer(
    readings: list[scoring.DigitReading], request: ModelRequest | FunctionRequest
) -> Response:
    predictions = []
    remaining = iter(readings)
    for items in request.groups():
        group = list(itertools.islice(remaining, len(items)))
        digits = ", ".join(str(reading.digit) for reading in group)
        details = ", ".join(reading.json() for reading in group)
        predictions.append(f'{{"values": [{digits}], "details": [{details}]}}')
    text = f'{{"predictions": [{", ".join(predictions)}]}}' if request.wrapped else predictions[0]
    return Response(text, media_type="application/json")


def _add_preprocessing(app: FastAPI) -> None:
    @app.post("/preprocess", **_schema(DrawingRequest, schemas.Prepared))
    async def preprocess(http_request: Request) -> Response:
        """Turn the pen's path into a picture of every step, and into a payload."""
        text = await app.state.thread_limit.run(_preprocess, await body.read(http_request))
        return Response(text, media_type="application/json")

    @app.get("/health", response_model=schemas.Health)
    async def health() -> Response:
        """Report that the server is up."""
        return JSONResponse({"status": "ok"})


def _preprocess(content: bytes) -> str:
    request = body.parse(content, DrawingRequest)
    preprocessed = prepare.preprocess_drawing(request)
    answer = drawing.stage_strip(preprocessed)
    for stage in answer["stages"]:
        stage["pixels"] = base64.b64encode(stage["pixels"]).decode("ascii")
    answer["payload"] = preprocessed.payload(request.deployment)
    return json.dumps(answer, separators=(",", ":"))


def _add_error_handlers(app: FastAPI) -> None:
    """Make every error a JSON answer."""

    @app.exception_handler(RequestError)
    async def request_error(_: Request, error: RequestError) -> Response:
        return error.response()

    @app.exception_handler(HTTPException)
    async def not_served(request: Request, error: HTTPException) -> Response:
        messages = {404: "Not found", 405: f"{request.method} is not allowed here"}
        message = messages.get(error.status_code, str(error.detail))
        return RequestError(error.status_code, message, headers=error.headers).response()

    @app.exception_handler(RequestValidationError)
    async def invalid_parameter(_: Request, error: RequestValidationError) -> Response:
        return from_pydantic(error.errors()).response()
