"""A Matplotlib figure that carries its description to wherever it is shown.

JupyterLab shows a PNG without alternative text, whatever its metadata say, but
keeps the ``alt`` of an HTML image; LaTeX and plain viewers want the PNG. So the
picture hands over both.
"""

from __future__ import annotations

import base64
import html
import io
from typing import Any, Final, Self

import matplotlib as mpl
from matplotlib.figure import Figure

_SHARPNESS: Final = 2  # dots for each CSS pixel, so that it is crisp on a dense screen
_CSS_PIXELS_AN_INCH: Final = 96


class Picture(Figure):
    """A figure with alternative text; made by ``course.figures.style.sheet``.

    Attributes:
        alt: What the figure shows, in words, for those who do not see it.
    """

    alt: str = ""

    def describe(self, alt: str) -> Self:
        """Set the alternative text: what is to be seen, and what it says. Return the picture.

        Raises:
            ValueError: The text is empty.
        """
        self.alt = " ".join(alt.split())
        if not self.alt:
            raise ValueError("alt='': say in words what the figure shows")
        return self

    def png(self) -> bytes:
        """Return the picture as a PNG of few colours: a tenth of the size, and no eye sees it."""
        from PIL import Image

        raw, small = io.BytesIO(), io.BytesIO()
        with mpl.rc_context({"savefig.bbox": None}):
            self.savefig(raw, format="png", dpi=_CSS_PIXELS_AN_INCH * _SHARPNESS, facecolor="auto")
        image = Image.open(raw).convert("RGB")
        image.quantize(256, dither=Image.Dither.NONE).save(small, format="PNG", optimize=True)
        return small.getvalue()

    def _repr_mimebundle_(self, **_options: object) -> tuple[dict[str, str], dict[str, Any]]:
        if not self.alt:
            raise ValueError("this picture has no words yet: call describe() with them")
        data = base64.b64encode(self.png()).decode()
        width, height = (
            round(float(inches) * _CSS_PIXELS_AN_INCH) for inches in self.get_size_inches()
        )
        page = (
            f'<img alt="{html.escape(self.alt)}" width="{width}" '
            f'style="max-width: 100%; border-radius: 8px" src="data:image/png;base64,{data}">'
        )
        bundle = {"text/html": page, "image/png": data, "text/plain": f"Figure: {self.alt}"}
        return bundle, {"image/png": {"alt": self.alt, "width": width, "height": height}}

    def _ipython_display_(self) -> None:
        """Show the picture in a notebook; goes before any printer that Pyplot registers."""
        from IPython.display import display

        bundle, metadata = self._repr_mimebundle_()
        display(bundle, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
