"""Widgets that leave a picture in the saved notebook.

The widget itself lives in the kernel. When the notebook is opened again without that kernel, the
extension (``widget_pictures.js``) shows the picture instead of an error; graded notebooks and
viewers without widgets show it, too.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import anywidget

if TYPE_CHECKING:
    from course.figures.picture import Picture


class PicturedWidget(anywidget.AnyWidget):
    """A widget with a static picture; Matplotlib is loaded when the widget is displayed."""

    @abstractmethod
    def picture(self) -> Picture:
        """Draw what the widget shows, without interaction."""

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        displayed = super()._repr_mimebundle_(**options)
        if displayed is None:
            return None
        bundle, metadata = self.picture()._repr_mimebundle_()
        # No HTML: pages that convert the notebook would show an empty output.
        picture = {"image/png": bundle["image/png"]}
        return displayed[0] | picture, displayed[1] | metadata
