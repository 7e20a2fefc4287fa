"""The training recipe: every setting of `train`, and its purpose."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, get_args

Loss = Literal["squared_error", "cross_entropy"]
Precision = Literal["auto", "float32", "bfloat16"]
_BASE_RATE: Final = 2e-3
_BASE_BATCH: Final = 128  # larger batches get a higher rate


@dataclass(frozen=True)
class Recipe:
    """The settings of a training run.

    Example:
        >>> Recipe(epochs=2, learning_rate=1e-3).batch
        512

    ``benchmarks/training.py`` in the course's repository measures the effect of each. `train`
    documents the others:

    Attributes:
        learning_rate: Adam's peak step size; it rises over the first steps and falls to 0 along
            half a cosine (I. Loshchilov and F. Hutter 2017, https://arxiv.org/abs/1608.03983).
        warm_up: Steps until the learning rate peaks; in short runs, a tenth of all steps.
        averaging: Decay of the running average of the weights, which becomes the result
            (B. Polyak and A. Juditsky 1992); 0 keeps the last weights.
        xla: Whether TensorFlow compiles the step.
    """

    epochs: int = 20
    batch: int = 512
    learning_rate: float | None = None
    loss: Loss = "squared_error"
    shift: int = 1
    noise: float = 0.0
    seed: int = 0
    precision: Precision = "auto"
    warm_up: int = 500
    averaging: float = 0.999
    xla: bool = False

    @property
    def rate(self) -> float:
        """The learning rate: if not given, 0.002, and more for large batches.

        Adam's best rate grows with the square root of the batch (S. Malladi et al. 2022,
        https://arxiv.org/abs/2205.10287). Small batches keep 0.002: on the course's small data
        sets, lower rates aren't better.

        Example:
            >>> Recipe(batch=64).rate, Recipe(batch=512).rate
            (0.002, 0.004)
        """
        usual = _BASE_RATE * math.sqrt(max(1.0, self.batch / _BASE_BATCH))
        return usual if self.learning_rate is None else self.learning_rate

    def __post_init__(self) -> None:
        """Raise a ValueError that names the setting if one is out of range."""
        for name, minimum in (("epochs", 0), ("batch", 1), ("shift", 0), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
                raise ValueError(
                    f"{name} must be a whole number, {minimum} or more, got {value!r}."
                )
        if not 0 < self.rate < 1:
            raise ValueError(
                f"learning_rate must be between 0 and 1, got {self.learning_rate!r}; "
                "2e-3 is a good start."
            )
        if not 0 <= self.noise < float("inf"):
            raise ValueError(f"noise must be 0 or more, got {self.noise!r}.")
        for name, kind in (("loss", Loss), ("precision", Precision)):
            choices, choice = get_args(kind), getattr(self, name)
            if choice not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, got {choice!r}.")
