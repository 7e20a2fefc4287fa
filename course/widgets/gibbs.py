"""The second explorer of lesson 4: a Gibbs chain, one step at a time, with and without coins.

Example:
    >>> rng = np.random.default_rng(0)
    >>> explorer = GibbsExplorer(RBM.random(784, 64, rng), rng.random((5, 784)) < 0.2)
    >>> explorer.step()
    >>> explorer.steps
    1

Every step is computed here, by ``course.rbm``; the page shows three pictures and a sentence.
"""

from __future__ import annotations

from typing import Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import ArrayLike

from course.rbm import RBM, Floats
from course.widgets.frontend import frontend_file


class GibbsExplorer(anywidget.AnyWidget):
    """Image, hidden units, image again; on and on.

    Attributes:
        sampling: Whether coins are tossed. Off, it is the pass of an autoencoder with tied weights.
        choice: Which of the images to start from, counted from 0.
        steps: How many steps were taken from there.
        words: What happened, in a sentence.
    """

    _esm = frontend_file("gibbs.js")
    _css = frontend_file("gibbs.css")
    sampling = traitlets.Bool(True).tag(sync=True)  # noqa: FBT003  (a trait's default)
    choice = traitlets.Int(0, min=0).tag(sync=True)
    choices = traitlets.Int(1).tag(sync=True)
    steps = traitlets.Int(0).tag(sync=True)
    words = traitlets.Unicode("").tag(sync=True)
    pictures = traitlets.Dict().tag(sync=True)

    def __init__(self, machine: RBM, images: ArrayLike, seed: int = 0) -> None:
        """Begin with the first image.

        Args:
            machine: An RBM of 784 visible units.
            images: Images of zeros and ones to start from, ``(n, 784)``.
            seed: For the coins.
        """
        self._machine = machine
        self._images: Floats = np.atleast_2d(np.asarray(images, dtype=np.float64))
        self._rng = np.random.default_rng(seed)
        super().__init__(choices=len(self._images))
        self.restart()
        self.observe(lambda _: self.restart(), names=["choice", "sampling"])
        self.on_msg(self._asked)

    def restart(self) -> None:
        """Go back to the image that was chosen."""
        self._visible = self._images[self.choice % len(self._images)]
        self._show(self._visible, None, "The image. Take a step.", 0)

    def step(self) -> None:
        """Go up to the hidden units and down again."""
        before = self._visible
        if self.sampling:
            hidden = self._machine.sample_h(before, self._rng)
            after = self._machine.sample_v(hidden, self._rng)
            how = f"{int(hidden.sum())} of {len(hidden)} hidden units came up on"
        else:
            hidden = self._machine.p_h_given_v(before)
            after = self._machine.p_v_given_h(hidden)
            how = f"the {len(hidden)} hidden units pass on their probabilities"
        start = self._images[self.choice % len(self._images)]
        self._visible = after
        self._show(
            before,
            (hidden, after),
            f"Step {self.steps + 1}, coins {'on' if self.sampling else 'off'}: {how}. The image "
            f"differs from the first by {float(np.abs(after - start).sum()):.0f} pixels' worth of "
            f"ink. Its free energy is {float(self._machine.free_energy(after)):.1f}.",
            self.steps + 1,
        )

    def __repr__(self) -> str:
        """What a page without widgets shows instead."""
        return "Explorer of a Gibbs chain; the figure below shows its steps side by side."

    def _show(
        self, before: Floats, found: tuple[Floats, Floats] | None, words: str, steps: int
    ) -> None:
        hidden, after = found or (np.zeros(len(self._machine.hidden_bias)), np.zeros(len(before)))
        pictures = {"before": before, "hidden": hidden, "after": after}
        with self.hold_sync():
            self.steps, self.words = steps, words
            self.pictures = {
                name: np.round(255 * values).astype(np.uint8).tobytes()
                for name, values in pictures.items()
            }

    def _asked(self, _widget: object, content: Any, _buffers: object) -> None:
        """Do what a button asks for; anything else is ignored."""
        if content == "step":
            self.step()
        elif content == "restart":
            self.restart()
