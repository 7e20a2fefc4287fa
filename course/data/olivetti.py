"""The Olivetti faces: 400 photographs of 40 people (AT&T Laboratories Cambridge, 1992-94).

Example:
    >>> read(Path("olivetti_py3.pkz").read_bytes())  # doctest: +SKIP
    faces: 300 to train on, 100 to test on; 28 x 28 pixels; 40 labels.

scikit-learn keeps them as a compressed pickle. The pickle is not run: the pixels
lie in one piece at its end, and their SHA-256 says whether they are the right ones.
"""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from course.data.dataset import DataError, Dataset
from course.data.validation import check_array, check_content

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from course.data.dataset import FloatArray

# The file that scikit-learn's fetch_olivetti_faces gets, and its digest there.
ADDRESS: Final = "https://ndownloader.figshare.com/files/5976027"
_MATLAB_SHA256: Final = "b612fb967f2dc77c9c62d3e1266e0c73d5fca46a4b8906c18e454d41af987794"

_FACES, _SIDE, _PER_PERSON = 400, 64, 10
_TRAINING_PEOPLE: Final = 30
_BRIGHTEST: Final = 242  # scikit-learn divides by the highest grey that occurs
# Of the 400 x 4096 greys as uint8.
_SHA256: Final = "b119468c2f13775df12d3950e7c96644811647a6e10d30617777f245bf9b2f8b"
_PIXEL_BYTES: Final = _FACES * _SIDE * _SIDE * 4
_PICKLE_AROUND: Final = 4096  # the pickle's own bytes before and after the pixels are some 250


def read(content: bytes) -> Dataset:
    """Read the faces from scikit-learn's cache file or from the original MATLAB file.

    Example:
        >>> read(b"half a fi")
        Traceback (most recent call last):
        course.data.dataset.DataError: damaged: neither scikit-learn's file nor the original

    Args:
        content: ``olivetti_py3.pkz``, or ``olivettifaces.mat`` as downloaded.

    Returns:
        The faces at 28 x 28; the first 30 people are for training, the other 10 for testing,
        so the test people are new. Labels are people.

    Raises:
        DataError: The file is damaged, or holds anything but these faces.
    """
    greys = _from_matlab(content) if content.startswith(b"MATLAB") else _from_pickle(content)
    check_array("faces", greys, (_FACES, _SIDE * _SIDE), "uif")
    with np.errstate(invalid="ignore"):  # a damaged file may hold NaN; the digest will tell
        pixels = greys.astype(np.uint8)
    check_content("faces", [pixels.tobytes()], _SHA256)
    images = _smaller(pixels.reshape(_FACES, _SIDE, _SIDE).transpose(0, 2, 1))
    person = np.arange(_FACES, dtype=np.int64) // _PER_PERSON
    train = person < _TRAINING_PEOPLE
    return Dataset(
        name="faces",
        x_train=images[train],
        y_train=person[train],
        x_test=images[~train],
        y_test=person[~train],
        labels=tuple(f"person {i + 1}" for i in range(_FACES // _PER_PERSON)),
        source="olivetti",
        note="Olivetti faces at 28 x 28, labelled by person",
    )


def _from_pickle(content: bytes) -> NDArray[Any]:
    unpack = zlib.decompressobj()
    try:
        inside = unpack.decompress(content, _PIXEL_BYTES + _PICKLE_AROUND)
    except zlib.error as error:
        raise DataError("damaged: neither scikit-learn's file nor the original") from error
    if not unpack.eof or len(inside) <= _PIXEL_BYTES:
        raise DataError(f"damaged: {len(inside):,} bytes are too few or too many for the faces")
    return np.frombuffer(inside[-_PIXEL_BYTES - 1 : -1], "<f4").reshape(_FACES, -1)


def _from_matlab(content: bytes) -> NDArray[Any]:
    from scipy.io import loadmat

    check_content("the MATLAB file", [content], _MATLAB_SHA256)
    faces: NDArray[Any] = loadmat(io.BytesIO(content), variable_names=["faces"])["faces"]
    return faces.T


def _smaller(images: NDArray[np.uint8]) -> FloatArray:
    """64 x 64 greys to 28 x 28 intensities; Lanczos averages, so that fine lines do not flicker."""
    from PIL import Image

    small = np.empty((len(images), 28, 28), np.float32)
    for i, image in enumerate(images.astype(np.float32) / _BRIGHTEST):
        small[i] = np.asarray(Image.fromarray(image).resize((28, 28), Image.Resampling.LANCZOS))
    return np.clip(small, 0, 1).reshape(len(small), -1)
