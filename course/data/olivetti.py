"""The Olivetti faces: 400 photographs of 40 people (AT&T Laboratories Cambridge, 1992-94).

Example:
    >>> read(Path("olivetti_py3.pkz").read_bytes())  # doctest: +SKIP
    faces: 300 to train on, 100 to test on; 28 x 28 pixels; 40 labels.

scikit-learn caches them as a compressed pickle, which is not unpickled: the pixels are one block
at its end, and their SHA-256 confirms them.
"""

from __future__ import annotations

import io
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from course.arrays import Float32Array
from course.data.dataset import DataError, Dataset
from course.data.validation import check_array, check_content

# The file that scikit-learn's fetch_olivetti_faces downloads, and its digest there.
URL: Final = "https://ndownloader.figshare.com/files/5976027"
_MATLAB_SHA256: Final = "b612fb967f2dc77c9c62d3e1266e0c73d5fca46a4b8906c18e454d41af987794"

_FACES, _SIDE, _PER_PERSON = 400, 64, 10
_TRAINING_PEOPLE: Final = 30
_BRIGHTEST: Final = 242  # the maximum; scikit-learn divides by it
# SHA-256 of the 400 x 4096 gray values as uint8.
_SHA256: Final = "b119468c2f13775df12d3950e7c96644811647a6e10d30617777f245bf9b2f8b"
_PIXEL_BYTES: Final = _FACES * _SIDE * _SIDE * 4
_MAX_PICKLE_OVERHEAD_BYTES: Final = 4096  # around the pixels; really about 250


def read(content: bytes) -> Dataset:
    """Read the faces from scikit-learn's cache file or from the original MATLAB file.

    Example:
        >>> read(b"half a fi")
        Traceback (most recent call last):
        course.data.dataset.DataError: damaged: neither scikit-learn's file nor the original

    The first 30 people are for training, the other 10 for testing.

    Raises:
        DataError: The file is damaged, or its content isn't these faces.
    """
    grays = _from_matlab(content) if content.startswith(b"MATLAB") else _from_pickle(content)
    check_array("faces", grays, (_FACES, _SIDE * _SIDE), "uif")
    with np.errstate(invalid="ignore"):  # NaN in a damaged file fails the digest check below
        pixels = grays.astype(np.uint8)
    check_content("faces", [pixels.tobytes()], _SHA256)
    images = _shrink(pixels.reshape(_FACES, _SIDE, _SIDE).transpose(0, 2, 1))
    person = np.arange(_FACES, dtype=np.int64) // _PER_PERSON
    return Dataset.split(
        images,
        person,
        person < _TRAINING_PEOPLE,
        name="faces",
        labels=tuple(f"person {i + 1}" for i in range(_FACES // _PER_PERSON)),
        source="olivetti",
        note="Olivetti faces at 28 x 28, labeled by person",
    )


def _from_pickle(content: bytes) -> NDArray[Any]:
    decompressor = zlib.decompressobj()
    try:
        pickled = decompressor.decompress(content, _PIXEL_BYTES + _MAX_PICKLE_OVERHEAD_BYTES)
    except zlib.error as error:
        raise DataError("damaged: neither scikit-learn's file nor the original") from error
    if not decompressor.eof or len(pickled) <= _PIXEL_BYTES:
        raise DataError(f"damaged: {len(pickled):,} bytes are too few or too many for the faces")
    return np.frombuffer(pickled[-_PIXEL_BYTES - 1 : -1], "<f4").reshape(_FACES, -1)


def _from_matlab(content: bytes) -> NDArray[Any]:
    from scipy.io import loadmat

    check_content("the MATLAB file", [content], _MATLAB_SHA256)
    faces: NDArray[Any] = loadmat(io.BytesIO(content), variable_names=["faces"])["faces"]
    return faces.T


def _shrink(images: NDArray[np.uint8]) -> Float32Array:
    """Turn 64 x 64 gray values into 28 x 28 intensities; Lanczos averages out fine lines."""
    from PIL import Image

    small = np.empty((len(images), 28, 28), np.float32)
    for i, image in enumerate(images.astype(np.float32) / _BRIGHTEST):
        small[i] = np.asarray(Image.fromarray(image).resize((28, 28), Image.Resampling.LANCZOS))
    return np.clip(small, 0, 1).reshape(len(small), -1)
