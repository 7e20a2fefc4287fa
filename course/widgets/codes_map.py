"""The explorer of lesson 3: two maps of the same data, and what each kept of one example.

Example:
    >>> import numpy as np
    >>> codes = np.random.default_rng(0).normal(size=(20, 2))
    >>> explorer = CodesMap({"PCA": codes, "autoencoder": -codes}, [0, 1] * 10, ["even", "odd"])
    >>> explorer.chosen = 7  # the page rings point 7 in both maps

All that the page needs goes there once, so pointing is answered at once, without the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import anywidget
import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from course.figures.style import class_style
from course.widgets.frontend import frontend_file

_PIXELS: Final = 784
_MOST_CLASSES: Final = 40  # more have no marker and colour of their own


class CodesMap(anywidget.AnyWidget):
    """Maps of the same examples side by side, linked: point at one, and see it in all.

    Example:
        >>> codes = np.zeros((3, 2))
        >>> explorer = CodesMap({"PCA": codes}, [0, 1, 1], ["cat", "dog"])
        >>> explorer.hidden = [1]  # the dogs are gone from the map, and from the votes

    Args:
        codes: For each map its name and the codes of the examples, ``(n, 2)``; one or two maps.
        labels: Class numbers, ``(n,)``, counting into ``names``.
        names: What the classes are called.
        pictures: What to show of the chosen example: names and images, ``(n, 784)`` in [0, 1]. The
            first are the originals; below the others stands their squared error.
        words: The same in words, instead: names and a few words for each of the n examples.
        thing: What one example is called.

    Raises:
        ValueError: The parts do not have one row for each label.

    Attributes:
        chosen: The example that is looked at, 0 to n - 1.
        hidden: Class numbers that are not shown and do not vote.
    """

    _esm = frontend_file("codes_map.js")
    _css = frontend_file("codes_map.css")
    content = traitlets.Dict().tag(sync=True)
    places = traitlets.Bytes().tag(sync=True)
    pictures = traitlets.Bytes().tag(sync=True)
    chosen = traitlets.Int(0).tag(sync=True)
    hidden = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(  # noqa: PLR0913 - what one page needs, most of it by name
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
        maps = [
            _rows(f"codes of {name}", values, len(classes), 2) for name, values in codes.items()
        ]
        if not 1 <= len(maps) <= 2:
            raise ValueError(f"codes: {len(maps)} maps; one or two are right")
        images = [
            _rows(f"pictures of {name}", values, len(classes), _PIXELS)
            for name, values in (pictures or {}).items()
        ]
        told = {name: _told(name, lists, len(classes)) for name, lists in (words or {}).items()}
        super().__init__(
            content={
                "titles": list(codes),
                "labels": classes.tolist(),
                "names": list(names),
                "styles": [class_style(number) for number in range(len(names))],
                "thing": thing,
                "pictures": list(pictures or {}),
                "errors": [_errors(images[0], copies) for copies in images[1:]],
                "words": told,
            },
            places=np.stack(maps).astype("<f4").tobytes(),
            pictures=b"".join(_shades(image) for image in images),
            **traits,
        )

    @traitlets.validate("chosen")
    def _one_of_them(self, proposal: dict[str, Any]) -> int:
        wanted, count = int(proposal["value"]), len(self.content["labels"])
        if not 0 <= wanted < count:
            raise traitlets.TraitError(f"chosen={wanted}: from 0 to {count - 1}")
        return wanted

    @traitlets.validate("hidden")
    def _known(self, proposal: dict[str, Any]) -> list[int]:
        wanted, count = sorted(set(proposal["value"])), len(self.content["names"])
        if wanted and not 0 <= wanted[0] <= wanted[-1] < count:
            raise traitlets.TraitError(f"hidden={wanted}: class numbers from 0 to {count - 1}")
        return wanted

    def __repr__(self) -> str:
        """What a page without widgets shows instead."""
        return "Two linked maps; the figure before them shows the same, standing still."


def _classes(labels: ArrayLike, names: Sequence[str]) -> NDArray[np.int64]:
    classes = np.asarray(labels)
    if classes.ndim != 1 or len(classes) == 0 or classes.dtype.kind not in "iu":
        raise ValueError(f"labels: shape {classes.shape}; whole numbers (n,) are right")
    if not 1 <= len(names) <= _MOST_CLASSES:
        raise ValueError(f"names: {len(names)} classes; 1 to {_MOST_CLASSES} are right")
    if classes.min() < 0 or classes.max() >= len(names):
        raise ValueError(
            f"labels: from {classes.min()} to {classes.max()}; "
            f"with {len(names)} names they run from 0 to {len(names) - 1}"
        )
    return classes.astype(np.int64)


def _rows(argument: str, values: ArrayLike, length: int, width: int) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (length, width):
        raise ValueError(f"{argument}: shape {array.shape}; ({length}, {width}) is right")
    if not np.isfinite(array).all():
        raise ValueError(f"{argument}: NaN or infinity in it; finite numbers are right")
    return array


def _told(name: str, lists: Sequence[Sequence[str]], length: int) -> list[str]:
    if len(lists) != length:
        raise ValueError(f"words of {name}: {len(lists)} lists; one for each of {length} labels")
    return [", ".join(words) for words in lists]


def _errors(originals: NDArray[np.float64], copies: NDArray[np.float64]) -> list[float]:
    errors: list[float] = ((originals - copies) ** 2).sum(axis=1).round(2).tolist()
    return errors


def _shades(images: NDArray[np.float64]) -> bytes:
    return np.round(255 * np.clip(images, 0, 1)).astype(np.uint8).tobytes()
