"""The course's data sets: handwritten digits, faces, news.

Example:
    >>> from course import data
    >>> digits = data.digits()
    >>> digits.x_train.shape[1], digits.image_shape
    (784, (28, 28))
    >>> isinstance(digits.note, str)  # which data this is, and why
    True

Each function uses the first source available: the folder in the environment variable
``COURSE_DATA``, the caches of Keras and scikit-learn, a download (only if you ask for it), and
last the data that comes with the course, which needs no network. A file is used only if its
content matches the original's checksum.

==========  =====================================  =======================================
function    original                               comes with the course
==========  =====================================  =======================================
`digits`    ``"mnist"``: 60,000 + 10,000 digits    ``"bundled"``: 10,000 of MNIST's digits
`faces`     ``"olivetti"``: 400 photographs        ``"drawn"``: 3,000 drawn faces
`news`      ``"reuters"``: 7,487 stories           ``"written"``: 3,000 made-up stories
==========  =====================================  =======================================

Environment variables: ``COURSE_DATA``, a folder with ``mnist.npz``,
``scikit_learn_data/olivetti_py3.pkz`` and ``reuters.npz``; ``COURSE_DATA_URL``, a mirror of such
a folder to download from.
"""

from __future__ import annotations

from course.data import bundled_digits, drawn_faces, mnist, olivetti, reuters, written_news
from course.data.dataset import DataError, Dataset
from course.data.face_drawing import draw
from course.data.face_factors import FaceFactors, plain_face
from course.data.locations import keras_folder, scikit_learn_folder
from course.data.sources import FallbackData, OriginalData, load
from course.data.word_counts import typical_words, word_shares

__all__ = [
    "DataError",
    "Dataset",
    "FaceFactors",
    "digits",
    "draw",
    "faces",
    "news",
    "plain_face",
    "typical_words",
    "word_shares",
]

_MNIST = OriginalData(
    "Full MNIST", "mnist", mnist.read, "mnist.npz", mnist.URL, keras_folder, cached_by="Keras"
)
_OLIVETTI = OriginalData(
    title="the Olivetti faces",
    source="olivetti",
    read=olivetti.read,
    file="scikit_learn_data/olivetti_py3.pkz",
    url=olivetti.URL,
    cache_folder=scikit_learn_folder,
    cached_by="scikit-learn",
)
_REUTERS = OriginalData("Reuters-21578", "reuters", reuters.read, "reuters.npz")
_BUNDLED = FallbackData("bundled", bundled_digits.load)
_DRAWN = FallbackData("drawn", drawn_faces.load)
_WRITTEN = FallbackData("written", written_news.load)


def digits(source: str | None = None, *, download: bool = False) -> Dataset:
    """Load handwritten digits, 28 x 28 pixels: MNIST, or 10,000 digits of it.

    Example:
        >>> from course import data
        >>> data.digits("bundled").x_test.shape
        (2000, 784)

    Args:
        source: ``"mnist"`` or ``"bundled"`` to require one; left out, MNIST if available.
        download: Whether to download MNIST (11.5 MB) if this computer has no copy.

    Returns:
        Images ``(n, 784)``, float32 in [0, 1]: white ink (1) on black (0); labels 0 to 9.
        Every call returns the same object.

    Raises:
        DataError: The source is unknown, or the required one isn't available.
    """
    return load("digits", _MNIST, _BUNDLED, source, download=download)


def faces(source: str | None = None, *, download: bool = False) -> Dataset:
    """Load faces, 28 x 28 pixels: the Olivetti photographs, or faces drawn by the course.

    Example:
        >>> from course import data
        >>> drawn = data.faces("drawn")
        >>> drawn.labels
        ('angry', 'happy', 'neutral', 'sad', 'surprised')
        >>> drawn.factors_test.mouth_curve.shape
        (750,)

    The photographs are labeled by person; the drawn faces by emotion, and every factor behind
    them is known (`FaceFactors`). Both are split by person: nobody in the test set appears in
    the training set.

    Args:
        source: ``"olivetti"`` or ``"drawn"`` to require one; left out, the photographs if
            available.
        download: Whether to download the photographs (4 MB) if this computer has no copy.

    Returns:
        Images ``(n, 784)``, float32 in [0, 1]. Every call returns the same object.

    Raises:
        DataError: The source is unknown, or the required one isn't available.
    """
    return load("faces", _OLIVETTI, _DRAWN, source, download=download)


def news(source: str | None = None, *, download: bool = False) -> Dataset:
    """Load news stories as weighted word counts: Reuters-21578, or made-up stories.

    Example:
        >>> from course import data
        >>> stories = data.news("written")
        >>> stories.x_train.shape[1] == len(stories.words)
        True

    Args:
        source: ``"reuters"`` or ``"written"`` to require one; left out, Reuters if available.
        download: Whether to download Reuters from the mirror ``COURSE_DATA_URL``.

    Returns:
        Stories ``(n, words)``, float32 in [0, 1]: log(1 + count), each row scaled to length 1;
        labels are topics; ``image_shape`` is None. Every call returns the same object.

    Raises:
        DataError: The source is unknown, or the required one isn't available.
    """
    return load("news", _REUTERS, _WRITTEN, source, download=download)
