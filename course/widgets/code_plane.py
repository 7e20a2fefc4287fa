"""Lesson 7's explorer: the plane of codes, and what the price of a cloud does to it.

Example:
    >>> explorer = CodePlane(beta=1)
    >>> explorer.beta = 2.9  # snaps to the nearest trained network
    >>> explorer.beta
    4.0

All networks are trained and all pictures drawn beforehand (`course.assets.code_plane`), so the
slider needs no kernel, TensorFlow or network.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import traitlets

from course.assets import code_plane
from course.figures.style import class_style
from course.widgets.frontend import frontend_file
from course.widgets.saved_picture import PicturedWidget
from course.widgets.traits import check_range, nearest

if TYPE_CHECKING:
    from course.figures.picture import Picture


class CodePlane(PicturedWidget):
    """Codes of real digits, what is decoded in between, and copies, for several prices of a cloud.

    Example:
        >>> explorer = CodePlane()
        >>> explorer.place = 0  # the upper left corner of the plane

    Attributes:
        beta: The price of the divergence; 0 is a plain autoencoder.
        place: The marked place of the plane, counted row by row from the upper left corner.
    """

    _esm = frontend_file("code_plane.js")
    _css = frontend_file("code_plane.css")
    facts = traitlets.Dict().tag(sync=True)
    styles = traitlets.List(traitlets.Dict()).tag(sync=True)
    pictures = traitlets.Bytes().tag(sync=True)
    beta = traitlets.Float(0.0).tag(sync=True)
    place = traitlets.Int(0).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        facts = code_plane.facts()
        super().__init__(
            facts=asdict(facts),
            styles=[class_style(number) for number in range(10)],
            pictures=code_plane.PICTURES.read_bytes(),
            **{"place": facts.side**2 // 2} | traits,
        )

    @traitlets.validate("beta")
    def _nearest_trained(self, proposal: dict[str, Any]) -> float:
        return nearest(proposal, code_plane.facts().betas)

    @traitlets.validate("place")
    def _check_place(self, proposal: dict[str, Any]) -> Any:
        return check_range(proposal, 0, code_plane.facts().side ** 2 - 1)

    def picture(self) -> Picture:
        """Draw the plane and the copies for the chosen price."""
        from course.figures import variational as figures

        return figures.plane(self.beta)

    def __repr__(self) -> str:
        """Return the text for pages without widgets."""
        return "Code-plane explorer; the figure below shows one price without interaction."
