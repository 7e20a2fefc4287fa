"""Lesson 1's explorer: change the code size and compare the copies of PCA and an autoencoder.

Example:
    >>> explorer = CodeSizeExplorer(code_size=2, image="a 7")
    >>> explorer.code_size, explorer.image
    (2, 'a 7')

All copies are precomputed (``course.assets``) and sent to the page as one picture, so the slider
needs no kernel, TensorFlow or network.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import traitlets

from course import assets
from course.widgets.frontend import frontend_file
from course.widgets.saved_picture import PicturedWidget
from course.widgets.traits import nearest

if TYPE_CHECKING:
    from course.figures.picture import Picture


class CodeSizeExplorer(PicturedWidget):
    """An image, and its copies by PCA and by an autoencoder.

    Example:
        >>> explorer = CodeSizeExplorer()
        >>> explorer.code_size = 31  # snaps to the nearest measured size
        >>> explorer.code_size
        30

    Attributes:
        code_size: How many numbers the code has, 1 to 100.
        image: The image to copy: ``"a 0"`` to ``"a 9"``, ``"a face"`` or ``"a star"``.
    """

    _esm = frontend_file("code_size.js")
    _css = frontend_file("code_size.css")
    facts = traitlets.Dict().tag(sync=True)
    pictures = traitlets.Bytes().tag(sync=True)
    code_size = traitlets.Int(10).tag(sync=True)
    image = traitlets.Unicode("a 3").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(
            facts=asdict(assets.code_size_facts()),
            pictures=assets.CODE_SIZE_PICTURES.read_bytes(),
            **traits,
        )

    @traitlets.validate("code_size")
    def _nearest_measured(self, proposal: dict[str, Any]) -> int:
        return nearest(proposal, assets.code_size_facts().sizes)

    @traitlets.validate("image")
    def _check_image(self, proposal: dict[str, Any]) -> str:
        name, names = str(proposal["value"]), assets.code_size_facts().names
        if name not in names:
            raise traitlets.TraitError(f"image must be one of {', '.join(names)}; got {name!r}")
        return name

    def picture(self) -> Picture:
        """Draw copies of the image at some code sizes, and the errors at all."""
        from course.figures import intro as figures

        return figures.code_sizes(self.image)

    def __repr__(self) -> str:
        """Return the text for pages without widgets."""
        return "Code-size explorer; the figure below shows the same without interaction."
