"""Requests and answers of the deployments: the validation and the OpenAPI schema.

Example:
    >>> request = ModelRequest.model_validate({"values": [[0.0] * 784]})
    >>> [len(group) for group in request.groups()]
    [1]

Both deployments take the bare form ``{"values": [...]}`` and the wrapped one,
``{"input_data": [{"values": [...]}]}``, and answer in the same form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, TypeVar

from annotated_types import Len
from pydantic import (
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from course.deployment.batching import MAX_ROWS
from course.deployment.errors import PIXELS

MAX_DIGITS: Final = 64  # per list
MAX_CANVASES: Final = 8  # per list
MAX_TOTAL_CANVASES: Final = 16  # per request
MAX_SIDE: Final = 512

_ONE_FORM: Final[Any] = {"oneOf": [{"required": ["values"]}, {"required": ["input_data"]}]}

Pixel = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Row = Annotated[list[Pixel], Len(PIXELS, PIXELS), FailFast()]
# `prepare` checks the range while converting all numbers at once, in half the time.
Byte = Annotated[int, WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 255})]
Probability = Annotated[float, Field(ge=0, le=1)]
Coordinate = Annotated[float, Field(allow_inf_nan=False)]
Point = Annotated[list[Coordinate], Len(2, 3)]
Stroke = Annotated[list[Point], Len(1, 20_000), FailFast()]
Item = TypeVar("Item")


class _Strict(BaseModel):
    """Rejects unknown fields, and text where a number is needed."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Canvas(_Strict):
    """A square RGBA canvas, row by row.

    Attributes:
        data: ``height * height * 4`` integers, 0 to 255; every fourth is alpha, the ink.
        height: Height and width in pixels.
    """

    data: Annotated[list[Byte], Len(8 * 8 * 4, MAX_SIDE * MAX_SIDE * 4), FailFast()]
    height: Annotated[int, Field(ge=8, le=MAX_SIDE)]


class _Entry(_Strict, Generic[Item]):
    values: Sequence[Item]


class _Request(_Strict, Generic[Item]):
    """Either form; subclasses limit the fields' lengths, and the items per request."""

    model_config = ConfigDict(json_schema_extra=_ONE_FORM)
    max_items: ClassVar[int]
    values: Sequence[Item] = ()
    input_data: Sequence[_Entry[Item]] = ()

    @field_validator("input_data")
    @classmethod
    def _check_total(cls, entries: Sequence[_Entry[Item]]) -> Sequence[_Entry[Item]]:
        total = sum(len(entry.values) for entry in entries)
        if total > cls.max_items:
            raise ValueError(f"must have at most {cls.max_items:,} items in total, got {total:,}")
        return entries

    @model_validator(mode="after")
    def _check_form(self) -> _Request[Item]:
        if len(self.model_fields_set) != 1:
            raise ValueError("must have either values or input_data, not both")
        return self

    @property
    def wrapped(self) -> bool:
        """True if the request has ``input_data``."""
        return "input_data" in self.model_fields_set

    def groups(self) -> list[Sequence[Item]]:
        """Return the items of each entry of ``input_data``; the bare form is one group."""
        return [entry.values for entry in self.input_data] if self.wrapped else [self.values]


class ModelEntry(_Entry[list[float]]):
    """Digits as rows of 784 numbers."""

    values: Annotated[list[Row], Len(1, MAX_DIGITS), FailFast()]


class ModelRequest(_Request[list[float]]):
    """Request to the model deployment: 784 numbers per digit, 0 (paper) to 1 (ink).

    At most 128 digits in all entries together.
    """

    max_items = MAX_ROWS
    values: Annotated[list[Row], Len(1, MAX_DIGITS), FailFast()] = []
    input_data: Annotated[list[ModelEntry], Len(1, MAX_DIGITS), FailFast()] = []


class FunctionEntry(_Entry[Canvas]):
    """Square canvases."""

    values: Annotated[list[Canvas], Len(1, MAX_CANVASES), FailFast()]


class FunctionRequest(_Request[Canvas]):
    """Request to the function deployment: square canvases, as the browser has them.

    At most 16 canvases in all entries together.
    """

    max_items = MAX_TOTAL_CANVASES
    values: Annotated[list[Canvas], Len(1, MAX_CANVASES), FailFast()] = []
    input_data: Annotated[list[FunctionEntry], Len(1, MAX_CANVASES), FailFast()] = []


class DrawingRequest(_Strict):
    """What the page sends while the user draws: the pen's path, no pixels.

    Attributes:
        strokes: Lists of points ``[x, y]`` or ``[x, y, t]`` in canvas pixels.
        width: Width of the canvas.
        height: Height of the canvas.
        pen: Width of the pen.
        way: How the drawing is preprocessed.
        deployment: Which deployment the payload is for.
    """

    strokes: Annotated[list[Stroke], Len(0, 1000), FailFast()]
    width: Annotated[int, Field(ge=8, le=MAX_SIDE)] = 280
    height: Annotated[int, Field(ge=8, le=MAX_SIDE)] = 280
    pen: Annotated[float, Field(ge=1, le=200, allow_inf_nan=False)] = 18.0
    way: Literal["mnist", "lecture"] = "mnist"
    deployment: Literal["model", "function"] = "model"


class Reading(BaseModel):
    """The result for one digit.

    Attributes:
        digit: The most probable class.
        probabilities: Of the classes 0 to 9; they sum to 1.
        reconstruction: The autoencoder's copy of the 784 numbers, through a code of 30.
        error: Squared error of the copy, summed over the 784 numbers.
        error_limit: Error that 1% of MNIST's test digits exceed.
        novelty: How unlike a digit it is, from the error and the classifier's hidden layer; 1% of
            digits exceed 0.5.
        looks_like_a_digit: True if the novelty is at most 0.5, the error is small compared with the
            ink, and the ink is not flat like a dash.
    """

    digit: Annotated[int, Field(ge=0, le=9)]
    probabilities: Annotated[list[Probability], Len(10, 10)]
    reconstruction: Annotated[list[Probability], Len(PIXELS, PIXELS)]
    error: Annotated[float, Field(ge=0)]
    error_limit: float
    novelty: Probability
    looks_like_a_digit: bool


class Prediction(BaseModel):
    """The classes, and the details of each digit."""

    values: list[Annotated[int, Field(ge=0, le=9)]]
    details: list[Reading]


class Predictions(BaseModel):
    """The answer to the wrapped form: one prediction per entry of ``input_data``."""

    predictions: list[Prediction]


class Prepared(BaseModel):
    """Each preprocessing step as a small picture and text, and the resulting payload."""

    stages: list[dict[str, Any]]
    box: Annotated[list[float], Len(4, 4)]
    notes: list[str]
    payload: dict[str, Any]


class Health(BaseModel):
    """Sent while the server is up."""

    status: Literal["ok"]


class FieldProblem(BaseModel):
    """An invalid field of the request, as a path such as ``values[0][3]``, and the reason."""

    field: str
    message: str


class Problem(BaseModel):
    """An error.

    Attributes:
        error: A sentence for the user.
        fields: The first few invalid fields of the request.
    """

    error: str
    fields: list[FieldProblem] = []
