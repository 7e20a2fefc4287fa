"""Lesson 4's network explorer: choose the layers; see shapes, parameters and the measured error.

Example:
    >>> explorer = NetworkExplorer(code=30)
    >>> explorer.first, explorer.second, explorer.code
    (256, 0, 30)

The errors are precomputed by ``architecture_grid``; the page looks them up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from course.widgets import architecture_grid as grid
from course.widgets.frontend import frontend_file
from course.widgets.saved_picture import PicturedWidget

if TYPE_CHECKING:
    from course.figures.picture import Picture


class NetworkExplorer(PicturedWidget):
    """Three choices: the units of two layers (0 for no layer) and of the code.

    Attributes:
        first: Units of the layer after the input: 0, 64, 256 or 1000.
        second: Units of the next layer: 0, 32 or 128. Ignored if ``first`` is 0.
        code: Units of the code: 2, 10 or 30.
    """

    _esm = frontend_file("architecture.js")
    _css = frontend_file("architecture.css")
    content = traitlets.Dict().tag(sync=True)
    first = traitlets.Enum(grid.FIRST, default_value=256).tag(sync=True)
    second = traitlets.Enum(grid.SECOND, default_value=0).tag(sync=True)
    code = traitlets.Enum(grid.CODE, default_value=30).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        choices = {"first": grid.FIRST, "second": grid.SECOND, "code": grid.CODE}
        super().__init__(content={"choices": choices, **grid.load()}, **traits)

    def picture(self) -> Picture:
        """Draw the chosen layers."""
        from course.figures import architecture as figures

        layers = grid.sizes(self.first, self.second if self.first else 0, self.code)
        return figures.network(layers[: len(layers) // 2 + 1])

    def __repr__(self) -> str:
        """Return the text for pages without widgets."""
        return "Network explorer; the figure below shows all networks at once."
