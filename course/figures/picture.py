"""A Matplotlib figure with alternative text.

JupyterLab drops the alternative text of a PNG but keeps the ``alt`` of an HTML image; LaTeX and
plain viewers need the PNG. So a picture is displayed as both. In the HTML, an element lies over
each photograph, so that a dark page can filter it apart from the rest; the metadata of the PNG say
where they are.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator
from typing import Any, Final, Self

import matplotlib as mpl
from matplotlib.figure import Figure

from course.figures.style import PHOTOGRAPH

_PIXEL_RATIO: Final = 2  # image pixels per CSS pixel, for high-density screens
_CSS_PIXELS_PER_INCH: Final = 96
_BOX: Final = "position: absolute; left: {:.2%}; top: {:.2%}; width: {:.2%}; height: {:.2%}"


class Picture(Figure):
    """A figure with alternative text; made by ``course.figures.style.new_picture``.

    Attributes:
        alt: A description of the figure for screen readers.
    """

    alt: str = ""

    def describe(self, alt: str) -> Self:
        """Set the alternative text, what the figure shows and what follows from it; return self.

        Raises:
            ValueError: The text is empty.
        """
        self.alt = " ".join(alt.split())
        if not self.alt:
            raise ValueError("alt must not be empty; describe what the figure shows")
        return self

    def png(self) -> bytes:
        """Return the picture as a PNG of 256 colors: a tenth of the size, without visible loss."""
        from PIL import Image

        raw, small = io.BytesIO(), io.BytesIO()
        dpi = _CSS_PIXELS_PER_INCH * _PIXEL_RATIO
        with mpl.rc_context({"savefig.bbox": None}):
            self.savefig(raw, format="png", dpi=dpi, facecolor="auto")
        image = Image.open(raw).convert("RGB")
        image.quantize(256, dither=Image.Dither.NONE).save(small, format="PNG", optimize=True)
        return small.getvalue()

    def _repr_mimebundle_(self, **_options: object) -> tuple[dict[str, str], dict[str, Any]]:
        if not self.alt:
            raise ValueError("this picture has no alternative text; call describe() first")
        data = base64.b64encode(self.png()).decode()
        width, height = (round(float(x) * _CSS_PIXELS_PER_INCH) for x in self.get_size_inches())
        image = (
            f'<img alt="{html.escape(self.alt)}" width="{width}" style="display: block; '
            f'max-width: 100%; border-radius: 8px" src="data:image/png;base64,{data}">'
        )
        boxes = list(self._photographs())
        photographs = "".join(
            f'<span class="course-photograph" style="{_BOX.format(*box)}"></span>' for box in boxes
        )
        page = (
            '<div class="course-figure" style="display: inline-block; position: relative; '
            f'max-width: 100%">{image}{photographs}</div>'
        )
        bundle = {"text/html": page, "image/png": data, "text/plain": f"Figure: {self.alt}"}
        look = {"alt": self.alt, "width": width, "height": height, "photographs": boxes}
        return bundle, {"image/png": look}

    def _photographs(self) -> Iterator[list[float]]:
        """Yield left, top, width and height of each photograph, as shares of the picture drawn."""
        for axes in self.axes:
            if axes.get_gid() == PHOTOGRAPH:
                # Within the frame, which is part of the figure.
                inside = axes.get_window_extent().padded(-1)
                box = inside.transformed(self.transFigure.inverted())
                sides = (box.x0, 1 - box.y1, box.width, box.height)
                yield [round(float(side), 4) for side in sides]

    def _ipython_display_(self) -> None:
        """Show the picture in a notebook; formatters that Pyplot registers are ignored."""
        from IPython.display import display

        bundle, metadata = self._repr_mimebundle_()
        display(bundle, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
