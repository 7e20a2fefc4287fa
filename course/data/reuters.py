"""Reuters-21578: 7,487 news stories on the ten most frequent topics (D. D. Lewis; research use).

Example:
    >>> read(Path("reuters.npz").read_bytes())  # doctest: +SKIP
    news: 5,204 to train on, 2,283 to test on; 2,000 words; 10 labels.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from course.data.dataset import Dataset
from course.data.validation import check_content, read_npz
from course.data.word_counts import weight_counts

_STORIES, _WORDS, _TOPICS, _ENTRIES = 7_487, 2_000, 10, 262_098
_MAX_UNPACKED_BYTES: Final = 20_000_000
_FIELDS: Final = {
    "indptr": ((_STORIES + 1,), "iu"),
    "indices": ((_ENTRIES,), "iu"),
    "counts": ((_ENTRIES,), "iu"),
    "shape": ((2,), "iu"),
    "topic": ((_STORIES,), "iu"),
    "topic_names": ((_TOPICS,), "U"),
    "words": ((_WORDS,), "U"),
    "is_train": ((_STORIES,), "b"),
}
# SHA-256 of all arrays, one after another, in the encoding of `_canonical_bytes`.
_SHA256: Final = "a726e255fc44f74ac5c7bf131f77468771af71ff52ffaf326390dac0215a03d0"


def read(content: bytes) -> Dataset:
    """Read the stories from ``reuters.npz``; raise DataError if the content is anything else.

    Example:
        >>> read(b"half a fi")
        Traceback (most recent call last):
        course.data.dataset.DataError: damaged: not a readable .npz file

    The file holds the counts of the 2,000 most frequent words as a sparse matrix (CSR arrays
    ``indptr``, ``indices``, ``counts``, ``shape``). The split is Lewis's.
    """
    arrays = read_npz(content, _FIELDS, max_bytes=_MAX_UNPACKED_BYTES)
    check_content("reuters", (_canonical_bytes(arrays[name]) for name in _FIELDS), _SHA256)
    counts = np.zeros((_STORIES, _WORDS), np.float32)
    story = np.repeat(np.arange(_STORIES), np.diff(arrays["indptr"]))
    counts[story, arrays["indices"]] = arrays["counts"]
    return Dataset.split(
        weight_counts(counts),
        arrays["topic"].astype(np.int64),
        arrays["is_train"],
        name="news",
        labels=tuple(arrays["topic_names"].tolist()),
        image_shape=None,
        source="reuters",
        note="Reuters-21578, ten most frequent topics",
        words=tuple(arrays["words"].tolist()),
    )


def _canonical_bytes(array: NDArray[Any]) -> bytes:
    """Encode numbers as 64-bit little-endian and words as lines, the same on every machine."""
    if array.dtype.kind == "U":
        return "\n".join(array.tolist()).encode()
    return array.astype("<i8").tobytes()
