"""What training left behind besides the weights: the losses and the time they took."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class History:
    """How training went, one entry an epoch.

    Example:
        >>> history = History(loss=[20.0, 10.0], seconds=[1.5, 3.0])
        >>> history
        2 epochs in 3.0 s: loss 20.00 -> 10.00

    Attributes:
        loss: Mean loss over the epoch's batches, summed over the numbers of an example:
            squared error in the unit of ``course.metrics.squared_error``, or nats.
        validation: The same on the validation data at the end of each epoch, if there were any.
        seconds: Time since the start, at the end of each epoch.
        interrupted: Whether somebody stopped it early.
        precision: How matrix products were computed: ``"float32"`` or ``"bfloat16"``.
    """

    loss: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    interrupted: bool = False
    precision: str = "float32"

    def add(self, loss: float, validation: float | None, seconds: float) -> None:
        """Note down one epoch."""
        self.loss.append(loss)
        if validation is not None:
            self.validation.append(validation)
        self.seconds.append(seconds)

    def __repr__(self) -> str:
        """One line: how long, from which loss to which."""
        end = ", interrupted" if self.interrupted else ""
        if not self.loss:
            return f"0 epochs{end}"
        plural = "" if len(self.loss) == 1 else "s"
        line = (
            f"{len(self.loss)} epoch{plural} in {self.seconds[-1]:.1f} s: "
            f"loss {self.loss[0]:.2f} -> {self.loss[-1]:.2f}"
        )
        if self.validation:
            line += f", validation {self.validation[-1]:.2f}"
        return line + end
