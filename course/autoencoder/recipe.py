"""How to train: every choice of `train` in one place, with what it is good for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

Loss = Literal["squared_error", "cross_entropy"]
Precision = Literal["auto", "float32", "bfloat16"]
_USUAL: Final = 2e-3  # learning rate
_SMALL: Final = 128  # examples in a batch


@dataclass(frozen=True)
class Recipe:
    """The choices that training is made of.

    Example:
        >>> Recipe(epochs=2, learning_rate=1e-3).batch
        512

    ``benchmarks/training.py`` in the course's repository measures what each of them brings.

    Attributes:
        epochs: How often each example is seen.
        batch: Examples a step.
        learning_rate: Adam's greatest step size; it rises over the first steps and falls to 0
            in half a cosine (I. Loshchilov and F. Hutter 2017, https://arxiv.org/abs/1608.03983).
            None is `usual_rate` for the batch.
        loss: What is made small.
        shift: Pictures are moved by up to so many pixels, at random.
        noise: Standard deviation of what is added to the input, and not to the target.
        seed: The same seed draws the same batches, shifts and noise.
        precision: How matrix products are computed; ``"auto"`` takes bfloat16 where it is faster.
        warm_up: Steps until the learning rate is at its greatest; in short runs, a tenth of all.
        averaging: Share of the old in the running average of the weights, which is what is kept
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
        """The learning rate: the one that was named, or the usual one."""
        return usual_rate(self.batch) if self.learning_rate is None else self.learning_rate

    def __post_init__(self) -> None:
        """Check every choice.

        Raises:
            ValueError: One makes no sense; the message names it.
        """
        for name, least in (("epochs", 0), ("batch", 1), ("shift", 0), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name}={value!r}: a whole number from {least} on is right.")
        if not 0 < self.rate < 1:
            raise ValueError(
                f"learning_rate={self.learning_rate!r}: between 0 and 1 is right; "
                "2e-3 is a good start."
            )
        if not 0 <= self.noise < float("inf"):
            raise ValueError(f"noise={self.noise!r}: 0 or more is right.")
        if self.loss not in ("squared_error", "cross_entropy"):
            raise ValueError(f'loss={self.loss!r}: "squared_error" or "cross_entropy" is right.')
        if self.precision not in ("auto", "float32", "bfloat16"):
            raise ValueError(f'precision={self.precision!r}: "auto" is right nearly always.')


def usual_rate(batch: int) -> float:
    """Return a learning rate that suits a batch: 0.002, and more for large ones.

    Adam's grows with the square root of the batch (S. Malladi et al. 2022,
    https://arxiv.org/abs/2205.10287). Small batches keep 0.002: for the course's few digits and
    faces, less is no better.

    Example:
        >>> usual_rate(64), usual_rate(512)
        (0.002, 0.004)

    Args:
        batch: Examples a step.
    """
    return _USUAL * math.sqrt(max(1.0, batch / _SMALL))
