"""The explorer of lesson 1: turn the code size, and see what two copyists make of an image.

Example:
    >>> explorer = CodeSizeExplorer(code_size=2, image="a 7")
    >>> explorer.code_size, explorer.image
    (2, 'a 7')

All copies were computed beforehand (``course.assets``) and travel to the page as one
picture, so the slider answers at once, without the kernel, TensorFlow or a network.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import anywidget
import traitlets

from course import assets
from course.widgets.frontend import frontend_file


class CodeSizeExplorer(anywidget.AnyWidget):
    """An image, its code, and its copies by PCA and by an autoencoder.

    Example:
        >>> explorer = CodeSizeExplorer()
        >>> explorer.code_size = 31  # the nearest size that was measured
        >>> explorer.code_size
        30

    Attributes:
        code_size: How many numbers the code has, 1 to 100.
        image: Which image is copied: ``"a 0"`` to ``"a 9"``, ``"a face"`` or ``"a star"``.
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
    def _measured(self, proposal: dict[str, Any]) -> int:
        wanted, sizes = proposal["value"], assets.code_size_facts().sizes
        if not sizes[0] <= wanted <= sizes[-1]:
            raise traitlets.TraitError(f"code_size={wanted}: from {sizes[0]} to {sizes[-1]}")
        return min(sizes, key=lambda size: abs(size - wanted))

    @traitlets.validate("image")
    def _known(self, proposal: dict[str, Any]) -> str:
        wanted, names = str(proposal["value"]), assets.code_size_facts().names
        if wanted not in names:
            raise traitlets.TraitError(f"image={wanted!r}: one of {', '.join(names)}")
        return wanted

    def __repr__(self) -> str:
        """What a page without widgets shows instead."""
        return "Code-size explorer; the figure after it shows the same, standing still."
