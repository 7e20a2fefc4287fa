"""Lesson 3's explorer: two maps of the same examples, and how well each code keeps them.

Example:
    >>> import numpy as np
    >>> codes = np.random.default_rng(0).normal(size=(20, 2))
    >>> explorer = CodesMap({"PCA": codes, "autoencoder": -codes}, [0, 1] * 10, ["even", "odd"])
    >>> explorer.chosen = 7  # the page marks point 7 in both maps

The page gets all data once, so choosing a point needs no kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from course.figures.style import class_style
from course.widgets.frontend import frontend_file
from course.widgets.saved_picture import PicturedWidget
from course.widgets.traits import check_range, gray_bytes

if TYPE_CHECKING:
    from course.figures.picture import Picture

_PIXELS: Final = 784
_MAX_CLASSES: Final = 40  # as many as have different markers and colors


class CodesMap(PicturedWidget):
    """Linked maps of the same examples: choosing one marks it in all maps.

    Example:
        >>> codes = np.zeros((3, 2))
        >>> explorer = CodesMap({"PCA": codes}, [0, 1, 1], ["cat", "dog"])
        >>> explorer.hidden = [1]  # dogs are neither shown nor counted as neighbors

    Args:
        codes: Name of each map and its codes of the examples, ``(n, 2)``; one or two maps.
        labels: Class numbers, ``(n,)``: indices into ``names``.
        names: Names of the classes.
        pictures: Images to show of the chosen example: names and images, ``(n, 784)`` in [0, 1].
            The first are the originals; the others are shown with their squared error.
        words: Text to show instead: names and a few words for each of the n examples.
        thing: What to call an example.

    Raises:
        ValueError: An argument doesn't have one row per label, or has invalid values.

    Attributes:
        chosen: Index of the chosen example.
        hidden: Class numbers that are neither shown nor counted as neighbors.
    """

    _esm = frontend_file("codes_map.js")
    _css = frontend_file("codes_map.css")
    content = traitlets.Dict().tag(sync=True)
    places = traitlets.Bytes().tag(sync=True)
    pictures = traitlets.Bytes().tag(sync=True)
    chosen = traitlets.Int(0).tag(sync=True)
    hidden = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(  # noqa: PLR0913  (most are keywords)
        self,
        codes: Mapping[str, ArrayLike],
        labels: ArrayLike,
        names: Sequence[str],
        *,
        pictures: Mapping[str, ArrayLike] | None = None,
        words: Mapping[str, Sequence[Sequence[str]]] | None = None,
        thing: str = "example",
        **traits: Any,
    ) -> None:
        classes = _classes(labels, names)
        n = len(classes)
        maps = [_rows(f"codes of {name}", values, n, 2) for name, values in codes.items()]
        if not 1 <= len(maps) <= 2:
            raise ValueError(f"codes must have one or two maps, got {len(maps)}")
        images = [
            _rows(f"pictures of {name}", values, n, _PIXELS)
            for name, values in (pictures or {}).items()
        ]
        texts = {name: _texts(name, lists, n) for name, lists in (words or {}).items()}
        errors = [((images[0] - copies) ** 2).sum(axis=1) for copies in images[1:]]
        super().__init__(
            content={
                "titles": list(codes),
                "labels": classes.tolist(),
                "names": list(names),
                "styles": [class_style(number) for number in range(len(names))],
                "thing": thing,
                "pictures": list(pictures or {}),
                "errors": [values.round(2).tolist() for values in errors],
                "words": texts,
            },
            places=np.stack(maps).astype("<f4").tobytes(),
            pictures=b"".join(map(gray_bytes, images)),
            **traits,
        )

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: dict[str, Any]) -> Any:
        return check_range(proposal, 0, len(self.content["labels"]) - 1)

    @traitlets.validate("hidden")
    def _check_hidden(self, proposal: dict[str, Any]) -> list[int]:
        classes, count = sorted(set(proposal["value"])), len(self.content["names"])
        if classes and not 0 <= classes[0] <= classes[-1] < count:
            raise traitlets.TraitError(
                f"hidden must be class numbers from 0 to {count - 1}, got {classes}"
            )
        return classes

    def picture(self) -> Picture:
        """Draw the maps."""
        from course.figures import comparison as figures

        titles, labels = self.content["titles"], self.content["labels"]
        codes = np.frombuffer(self.places, "<f4").reshape(len(titles), len(labels), 2)
        return figures.maps(dict(zip(titles, codes, strict=True)), labels, self.content["names"])

    def __repr__(self) -> str:
        """Return the text for pages without widgets."""
        return "Two linked maps; the figure above shows the same without interaction."


def _classes(labels: ArrayLike, names: Sequence[str]) -> NDArray[np.int64]:
    classes = np.asarray(labels)
    if classes.ndim != 1 or len(classes) == 0 or classes.dtype.kind not in "iu":
        raise ValueError(
            "labels must be whole numbers of shape (n,), "
            f"got {classes.dtype} of shape {classes.shape}"
        )
    if not 1 <= len(names) <= _MAX_CLASSES:
        raise ValueError(f"names must have 1 to {_MAX_CLASSES} classes, got {len(names)}")
    if classes.min() < 0 or classes.max() >= len(names):
        raise ValueError(
            f"labels must be from 0 to {len(names) - 1}, as there are {len(names)} names; "
            f"got {classes.min()} to {classes.max()}"
        )
    return classes.astype(np.int64)


def _rows(argument: str, values: ArrayLike, length: int, width: int) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (length, width):
        raise ValueError(f"{argument} must have shape ({length}, {width}), got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{argument} must be finite, but NaN or infinity is among them")
    return array


def _texts(name: str, lists: Sequence[Sequence[str]], length: int) -> list[str]:
    if len(lists) != length:
        raise ValueError(f"words of {name} must be {length} lists, one per label; got {len(lists)}")
    return [", ".join(words) for words in lists]
