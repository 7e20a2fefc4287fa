"""The record of a training run: losses and times."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class History:
    """Losses and times of a training run, one entry per epoch.

    Example:
        >>> history = History(loss=[20.0, 10.0], seconds=[1.5, 3.0])
        >>> history
        2 epochs in 3.0 s: loss 20.00 -> 10.00

    Attributes:
        loss: Mean loss over the epoch's batches, summed over the numbers of an example:
            squared error in the unit of ``course.metrics.squared_error``, or nats.
        validation: The loss on the validation data, if any, at the end of each epoch.
        seconds: Time since the start, at the end of each epoch.
        interrupted: Whether training was stopped early.
        precision: The format of matrix products: ``"float32"`` or ``"bfloat16"``.
        part: The fraction of the last epoch that was done when training was stopped, 0 to 1; 0 if
            that epoch is complete. The last entries of ``loss`` and ``seconds`` cover that part.
    """

    loss: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    interrupted: bool = False
    precision: str = "float32"
    part: float = 0.0

    def add(self, loss: float, validation: float | None, seconds: float) -> None:
        """Record an epoch; if it is incomplete, also set ``part``."""
        self.loss.append(loss)
        if validation is not None:
            self.validation.append(validation)
        self.seconds.append(seconds)

    @property
    def epochs(self) -> float:
        """Number of epochs; fractional if the last one was interrupted.

        Example:
            >>> History(loss=[20.0, 10.0], seconds=[1.5, 2.0], part=0.25).epochs
            1.25
        """
        return len(self.loss) - 1 + self.part if self.part else float(len(self.loss))

    @property
    def total_seconds(self) -> float:
        """Total training time; 0 if interrupted before the first batch.

        Example:
            >>> History(loss=[20.0, 10.0], seconds=[1.5, 3.0]).total_seconds
            3.0
        """
        return self.seconds[-1] if self.seconds else 0.0

    def __repr__(self) -> str:
        """One line: epochs, time, first and last loss."""
        end = ", interrupted" if self.interrupted else ""
        if not self.loss:
            return f"0 epochs{end}"
        plural = "" if self.epochs == 1 else "s"
        line = (
            f"{self.epochs:.4g} epoch{plural} in {self.total_seconds:.1f} s: "
            f"loss {self.loss[0]:.2f} -> {self.loss[-1]:.2f}"
        )
        if self.validation:
            line += f", validation {self.validation[-1]:.2f}"
        return line + end
