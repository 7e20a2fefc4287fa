"""Lesson 4's Gibbs explorer: run a Gibbs chain step by step, with and without sampling.

Example:
    >>> rng = np.random.default_rng(0)
    >>> explorer = GibbsExplorer(RBM.random(784, 64, rng), rng.random((5, 784)) < 0.2)
    >>> explorer.step()
    >>> explorer.steps  # it starts one step after the image
    2

``course.rbm`` computes each step; the page shows three pictures and a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from course.arrays import Float64Array
from course.rbm import RBM
from course.widgets.frontend import frontend_file
from course.widgets.saved_picture import PicturedWidget
from course.widgets.traits import gray_bytes

if TYPE_CHECKING:
    from course.figures.picture import Picture

_STEPS: Final = 7  # of the static picture


class GibbsExplorer(PicturedWidget):
    """Image, hidden units, image again, and so on.

    Attributes:
        sampling: True to sample ("toss coins"); False passes probabilities on, as an autoencoder
            with tied weights does.
        choice: Index of the image to start from.
        steps: Number of steps taken from there.
        words: A sentence about the last step.
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
        """Start one step after the first of the images ``(n, 784)`` of zeros and ones.

        The machine must have 784 visible units; ``seed`` is for sampling.
        """
        self._machine = machine
        self._images: Float64Array = np.atleast_2d(np.asarray(images, dtype=np.float64))
        self._rng = np.random.default_rng(seed)
        super().__init__(choices=len(self._images))
        self.restart()
        self.step()  # so that all three pictures show something at once
        self.observe(lambda _: self.restart(), names=["choice", "sampling"])
        self.on_msg(self._on_message)

    def restart(self) -> None:
        """Go back to the chosen image."""
        self._visible = self._images[self.choice % len(self._images)]
        nothing = np.zeros(len(self._machine.hidden_bias)), np.zeros(len(self._visible))
        self._show("The image. Take a step.", 0, self._visible, *nothing)

    def step(self) -> None:
        """Go up to the hidden units and back down."""
        before = self._visible
        if self.sampling:
            hidden = self._machine.sample_h(before, self._rng)
            after = self._machine.sample_v(hidden, self._rng)
            how = f"{int(hidden.sum())} of {len(hidden)} hidden units are on"
        else:
            hidden = self._machine.p_h_given_v(before)
            after = self._machine.p_v_given_h(hidden)
            how = f"the {len(hidden)} hidden units pass their probabilities on"
        start = self._images[self.choice % len(self._images)]
        self._visible = after
        words = (
            f"Step {self.steps + 1}, coins {'on' if self.sampling else 'off'}: {how}. The image "
            f"differs from the first by {float(np.abs(after - start).sum()):.0f} pixels of ink. "
            f"Its free energy is {float(self._machine.free_energy(after)):.1f}."
        )
        self._show(words, self.steps + 1, before, hidden, after)

    def picture(self) -> Picture:
        """Draw the first steps of two chains from the chosen image, with and without coins."""
        from course.figures import architecture as figures

        machine, rng = self._machine, np.random.default_rng(0)
        start = self._images[self.choice % len(self._images)]
        sampled, settled = [start], [start]
        for _ in range(_STEPS):
            sampled.append(machine.sample_v(machine.sample_h(sampled[-1], rng), rng))
            settled.append(machine.p_v_given_h(machine.p_h_given_v(settled[-1])))
        rows = {"with coins": sampled, "without": settled}
        return figures.rows(rows, f"An image and {_STEPS} steps of a Gibbs chain from it.")

    def __repr__(self) -> str:
        """Return the text for pages without widgets."""
        return "Gibbs-chain explorer; the figure below shows its steps side by side."

    def _show(self, words: str, steps: int, *pictures: Float64Array) -> None:
        with self.hold_sync():
            self.steps, self.words = steps, words
            names = ("before", "hidden", "after")
            self.pictures = dict(zip(names, map(gray_bytes, pictures), strict=True))

    def _on_message(self, _widget: object, content: Any, _buffers: object) -> None:
        """Handle a button; ignore anything else."""
        if content == "step":
            self.step()
        elif content == "restart":
            self.restart()
