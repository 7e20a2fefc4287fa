"""Show training progress: a progress bar, and in notebooks a loss curve."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from course.autoencoder.history import History
from course.figures.style import BLUE, VERMILLION, figure, new_picture, plain_log_ticks

if TYPE_CHECKING:
    from course.figures.picture import Picture

_REDRAW_INTERVAL_S = 5.0  # drawing a curve takes a fifth of a second


class Display:
    """A context manager with a progress bar and, in notebooks, a loss curve below it."""

    def __init__(self, epochs: int, per_epoch: int, *, shown: bool) -> None:
        self._epochs, self._per_epoch, self._shown = epochs, per_epoch, shown
        self._bar: Any = None
        self._curve: Any = None
        self._drawn = 0.0
        self._history = History()

    def __enter__(self) -> Self:
        """Show an empty bar."""
        if self._shown:
            from course.progress import progress_bar

            total = self._epochs * self._per_epoch
            self._bar = progress_bar(total=total, desc="learning", unit=" batches", delay=0.5)
            self._drawn = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        """Update the curve a last time and close the bar, which stays visible."""
        if self._bar is not None:
            if len(self._history.loss) > 1:
                self._draw()
            self._bar.close()

    def step(self, count: int, loss: float) -> None:
        """Advance the bar by ``count`` batches."""
        if self._bar is not None:
            epoch = min(self._epochs, (self._bar.n + count - 1) // self._per_epoch + 1)
            text = f"epoch {epoch}/{self._epochs}, loss {loss:.2f}"
            self._bar.set_postfix_str(text, refresh=False)
            self._bar.update(count)

    def epoch(self, history: History) -> None:
        """Update the curve at the end of an epoch, at most every few seconds."""
        self._history = history
        if self._bar is not None and time.monotonic() - self._drawn > _REDRAW_INTERVAL_S:
            self._draw()

    def _draw(self) -> None:
        from course.progress import in_notebook

        if not in_notebook() or len(self._history.loss) < 2:
            return
        from IPython import display

        bundle, metadata = loss_curve(self._history)._repr_mimebundle_()
        if self._curve is None:
            show: Any = display.display  # untyped
            self._curve = show(bundle, metadata=metadata, raw=True, display_id=True)
        else:
            self._curve.update(bundle, metadata=metadata, raw=True)
        self._drawn = time.monotonic()


@figure
def loss_curve(history: History) -> Picture:
    """Draw the loss of each epoch, and the validation loss if any.

    Example:
        >>> loss_curve(History(loss=[20.0, 10.0, 8.0], seconds=[1, 2, 3])).alt[:42]
        'Loss after each of 3 epochs: it falls from'
    """
    from matplotlib.ticker import MaxNLocator

    picture = new_picture(6, 2.6)
    axes = picture.subplots()
    epochs = [*range(1, len(history.loss)), history.epochs]
    axes.plot(epochs, history.loss, color=BLUE, label="training")
    lines = [("", history.loss)]
    if history.validation:
        completed = range(1, len(history.validation) + 1)
        axes.plot(completed, history.validation, "--", color=VERMILLION, label="validation")
        lines.append(("; on validation data ", history.validation))
        axes.legend()
    axes.set(xlabel="epoch", ylabel="loss per example", yscale="log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    plain_log_ticks(axes.yaxis)
    ranges = "".join(f"{name}from {v[0]:.2f} to {v[-1]:.2f}" for name, v in lines)
    verb = "falls" if history.loss[-1] < history.loss[0] else "goes"
    return picture.describe(f"Loss after each of {history.epochs:.4g} epochs: it {verb} {ranges}.")
