"""What the deployments take and give, as data: the source of the checks and of the OpenAPI schema.

Example:
    >>> ModelRequest.model_validate({"values": [[0.0] * 784]}).rows()
    [1]

Both deployments take the bare form ``{"values": [...]}`` and the wrapped one,
``{"input_data": [{"values": [...]}]}``, and answer in kind.
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

from course.deployment.batching import MOST_ROWS

PIXELS: Final = 784
MOST_DIGITS: Final = 64
MOST_CANVASES: Final = 8
MOST_IN_ALL: Final = 16  # canvases of a request, however they are grouped
MOST_SIDE: Final = 512

_FORMS: Final[dict[str, Any]] = {"oneOf": [{"required": ["values"]}, {"required": ["input_data"]}]}

Pixel = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Row = Annotated[list[Pixel], Len(PIXELS, PIXELS), FailFast()]
# Whether it is a byte is seen when all become bytes at once, in half the time (``prepare``).
Byte = Annotated[int, WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 255})]
Share = Annotated[float, Field(ge=0, le=1)]
Coordinate = Annotated[float, Field(allow_inf_nan=False)]
Point = Annotated[list[Coordinate], Len(2, 3)]
Stroke = Annotated[list[Point], Len(1, 20_000), FailFast()]


class _Strict(BaseModel):
    """No text for numbers, no unknown names."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Canvas(_Strict):
    """A squared RGBA canvas, row by row.

    Attributes:
        data: ``height * height * 4`` whole numbers, 0 to 255; every fourth is alpha, the ink.
        height: Rows of the square, which are as many as its columns.
    """

    data: Annotated[list[Byte], Len(8 * 8 * 4, MOST_SIDE * MOST_SIDE * 4), FailFast()]
    height: Annotated[int, Field(ge=8, le=MOST_SIDE)]


Item = TypeVar("Item")


class _Request(_Strict, Generic[Item]):
    """One of both forms; subclasses say what an item is, and how many one request may hold."""

    most: ClassVar[int]

    @field_validator("input_data", check_fields=False)
    @classmethod
    def _not_too_many(cls, entries: list[Any]) -> list[Any]:
        total = sum(len(entry.values) for entry in entries)
        if total > cls.most:
            raise ValueError(f"{total:,} items in all; at most {cls.most:,} are right")
        return entries

    @model_validator(mode="after")
    def _one_form(self) -> _Request[Item]:
        if len(self.model_fields_set) != 1:
            raise ValueError("either values or input_data must be there, and not both")
        return self

    @property
    def wrapped(self) -> bool:
        """Whether the request came as ``input_data``."""
        return "input_data" in self.model_fields_set

    def groups(self) -> Sequence[Sequence[Item]]:
        """Return the items, a list for each entry of ``input_data``; the bare form is one."""
        raise NotImplementedError

    def rows(self) -> list[int]:
        """Return how many items each group has."""
        return [len(group) for group in self.groups()]


class ModelEntry(_Strict):
    """Digits as rows of 784 numbers."""

    values: Annotated[list[Row], Len(1, MOST_DIGITS), FailFast()]


class ModelRequest(_Request[list[float]]):
    """What the model deployment takes: 784 numbers a digit, 0 (paper) to 1 (ink).

    At most 128 digits in all entries together.
    """

    model_config = ConfigDict(json_schema_extra=_FORMS)
    most = MOST_ROWS
    values: Annotated[list[Row], Len(1, MOST_DIGITS), FailFast()] = []
    input_data: Annotated[list[ModelEntry], Len(1, MOST_DIGITS), FailFast()] = []

    def groups(self) -> Sequence[Sequence[list[float]]]:
        """Return the rows."""
        return [entry.values for entry in self.input_data] if self.wrapped else [self.values]


class FunctionEntry(_Strict):
    """Canvases."""

    values: Annotated[list[Canvas], Len(1, MOST_CANVASES), FailFast()]


class FunctionRequest(_Request[Canvas]):
    """What the function deployment takes: squared canvases, as the browser has them.

    At most 16 canvases in all entries together.
    """

    model_config = ConfigDict(json_schema_extra=_FORMS)
    most = MOST_IN_ALL
    values: Annotated[list[Canvas], Len(1, MOST_CANVASES), FailFast()] = []
    input_data: Annotated[list[FunctionEntry], Len(1, MOST_CANVASES), FailFast()] = []

    def groups(self) -> Sequence[Sequence[Canvas]]:
        """Return the canvases."""
        return [entry.values for entry in self.input_data] if self.wrapped else [self.values]


class DrawingRequest(_Strict):
    """What the page sends while someone draws: the pen's path, no pixels.

    Attributes:
        strokes: Lists of points ``[x, y]`` or ``[x, y, t]`` in units of the canvas.
        width: Of the canvas.
        height: Of the canvas.
        pen: Width of the pen.
        way: How the drawing is prepared.
        deployment: Whom the payload is for.
    """

    strokes: Annotated[list[Stroke], Len(0, 1000), FailFast()]
    width: Annotated[int, Field(ge=8, le=MOST_SIDE)] = 280
    height: Annotated[int, Field(ge=8, le=MOST_SIDE)] = 280
    pen: Annotated[float, Field(ge=1, le=200, allow_inf_nan=False)] = 18.0
    way: Literal["mnist", "lecture"] = "mnist"
    deployment: Literal["model", "function"] = "model"


class Reading(BaseModel):
    """What is known of one digit.

    Attributes:
        digit: The likeliest class.
        probabilities: Of the classes 0 to 9; they sum to 1.
        reconstruction: What the autoencoder makes of the 784 numbers after 30.
        error: Squared error of that copy, summed over the 784 numbers.
        error_limit: Above it lies one MNIST test digit in a hundred.
        looks_like_a_digit: Whether the error is at most that.
    """

    digit: Annotated[int, Field(ge=0, le=9)]
    probabilities: Annotated[list[Share], Len(10, 10)]
    reconstruction: Annotated[list[Share], Len(PIXELS, PIXELS)]
    error: Annotated[float, Field(ge=0)]
    error_limit: float
    looks_like_a_digit: bool


class Prediction(BaseModel):
    """Classes, and what is known of each digit."""

    values: list[Annotated[int, Field(ge=0, le=9)]]
    details: list[Reading]


class Predictions(BaseModel):
    """The answer to the wrapped form: one prediction for each entry of ``input_data``."""

    predictions: list[Prediction]


class Prepared(BaseModel):
    """A drawing's steps as small pictures and words, and the payload that comes of it."""

    stages: list[dict[str, Any]]
    box: Annotated[list[float], Len(4, 4)]
    notes: list[str]
    payload: dict[str, Any]


class Health(BaseModel):
    """The server answers."""

    status: Literal["ok"]


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(BaseModel):
    """Why there is no answer.

    Attributes:
        error: A sentence for people.
        fields: Which fields of the request are wrong, the first few.
    """

    error: str
    fields: list[FieldProblem] = []
