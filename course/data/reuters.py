"""Reuters-21578: 7,487 news stories on the ten most frequent topics (D. D. Lewis; research use).

Example:
    >>> read(Path("reuters.npz").read_bytes())  # doctest: +SKIP
    news: 5,204 to train on, 2,283 to test on; 2,000 words; 10 labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from course.data.dataset import Dataset
from course.data.validation import check_array, check_content, read_npz
from course.data.word_counts import weight_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    """Read the stories from the bytes of ``reuters.npz``.

    Example:
        >>> read(b"half a fi")
        Traceback (most recent call last):
        course.data.dataset.DataError: damaged: not a readable .npz file

    Args:
        content: The file: word counts as a sparse matrix (CSR arrays ``indptr``, ``indices``,
            ``counts``, ``shape``), ``topic``, ``topic_names``, ``words``, ``is_train``.

    Returns:
        The 2,000 most frequent words, weighted by `weight_counts`; the split is Lewis's.

    Raises:
        DataError: The file is damaged, or its content isn't these stories.
    """
    arrays = read_npz(content, _FIELDS, max_bytes=_MAX_UNPACKED_BYTES)
    for name, (shape, kinds) in _FIELDS.items():
        check_array(name, arrays[name], shape, kinds)
    check_content("reuters", (_canonical_bytes(arrays[name]) for name in _FIELDS), _SHA256)
    counts = np.zeros((_STORIES, _WORDS), np.float32)
    story = np.repeat(np.arange(_STORIES), np.diff(arrays["indptr"]))
    counts[story, arrays["indices"]] = arrays["counts"]
    weights, topic, train = (
        weight_counts(counts),
        arrays["topic"].astype(np.int64),
        arrays["is_train"],
    )
    return Dataset(
        name="news",
        x_train=weights[train],
        y_train=topic[train],
        x_test=weights[~train],
        y_test=topic[~train],
        labels=tuple(str(name) for name in arrays["topic_names"]),
        image_shape=None,
        source="reuters",
        note="Reuters-21578, ten most frequent topics",
        words=tuple(str(word) for word in arrays["words"]),
    )


def _canonical_bytes(array: NDArray[Any]) -> bytes:
    """Encode numbers as 64-bit little-endian and words as lines, the same on every machine."""
    if array.dtype.kind == "U":
        return "\n".join(array.tolist()).encode()
    return array.astype("<i8").tobytes()
