"""The data of the course: handwritten digits, faces, news.

Example:
    >>> from course import data
    >>> digits = data.digits()
    >>> digits.x_train.shape[1], digits.image_shape
    (784, (28, 28))
    >>> isinstance(digits.note, str)  # says which data it is, and why
    True

Each function takes the first source that is there: the folder that the environment
variable ``COURSE_DATA`` names, what Keras or scikit-learn have downloaded before, a
download (only when asked for), and last the data that comes with the course, which
needs no network. A file counts only when its content is the original's to the last bit.

==========  =====================================  ====================================
function    original                               comes with the course
==========  =====================================  ====================================
`digits`    ``"mnist"``: 60,000 + 10,000 digits    ``"bundled"``: scikit-learn's digits
`faces`     ``"olivetti"``: 400 photographs        ``"drawn"``: 3,000 drawn faces
`news`      ``"reuters"``: 7,487 stories           ``"written"``: 3,000 made-up stories
==========  =====================================  ====================================

Environment variables: ``COURSE_DATA``, a folder with ``mnist.npz``,
``scikit_learn_data/olivetti_py3.pkz`` and ``reuters.npz``; ``COURSE_DATA_URL``, a
mirror of such a folder to download from.
"""

from __future__ import annotations

from course.data import bundled_digits, drawn_faces, mnist, olivetti, reuters, written_news
from course.data.dataset import DataError, Dataset
from course.data.face_drawing import draw
from course.data.face_factors import FaceFactors, plain_face
from course.data.locations import keras_folder, scikit_learn_folder
from course.data.sources import FallbackData, OriginalData, load

__all__ = [
    "DataError",
    "Dataset",
    "FaceFactors",
    "digits",
    "draw",
    "faces",
    "news",
    "plain_face",
]

_MNIST = OriginalData(
    title="MNIST",
    source="mnist",
    read=mnist.read,
    file="mnist.npz",
    address=mnist.ADDRESS,
    cached=lambda: keras_folder() / "mnist.npz",
    cached_by="Keras",
)
_OLIVETTI = OriginalData(
    title="the Olivetti faces",
    source="olivetti",
    read=olivetti.read,
    file="scikit_learn_data/olivetti_py3.pkz",
    address=olivetti.ADDRESS,
    cached=lambda: scikit_learn_folder() / "olivetti_py3.pkz",
    cached_by="scikit-learn",
)
_REUTERS = OriginalData(
    title="Reuters-21578", source="reuters", read=reuters.read, file="reuters.npz"
)


def digits(source: str | None = None, *, download: bool = False) -> Dataset:
    """Handwritten digits, 28 x 28 pixels: MNIST, or scikit-learn's digits in its stead.

    Example:
        >>> from course import data
        >>> data.digits("bundled").x_test.shape
        (296, 784)

    Args:
        source: ``"mnist"`` or ``"bundled"`` to insist on one; left out, MNIST if it can be had.
        download: Whether to download MNIST (11.5 MB) where it is not on this computer.

    Returns:
        Images ``(n, 784)``, float32 in [0, 1], 0 black ground, 1 white ink; labels 0 to 9.
        The same object at every call.

    Raises:
        DataError: There is no such source, or the one insisted on cannot be had.
    """
    embedded = FallbackData("bundled", bundled_digits.load)
    return load("digits", _MNIST, embedded, source, download=download)


def faces(source: str | None = None, *, download: bool = False) -> Dataset:
    """Faces, 28 x 28 pixels: the Olivetti faces, or faces that the course draws.

    Example:
        >>> from course import data
        >>> drawn = data.faces("drawn")
        >>> drawn.labels
        ('angry', 'happy', 'neutral', 'sad', 'surprised')
        >>> drawn.factors_test.mouth_curve.shape
        (750,)

    The two differ in what the labels say: the photographs are labelled by person, the
    drawn faces by emotion, with every cause known (`FaceFactors`). Both are split by
    person: nobody in the test set was seen in training.

    Args:
        source: ``"olivetti"`` or ``"drawn"`` to insist on one; left out, the photographs if
            they can be had.
        download: Whether to download the photographs (4 MB) where they are not on this computer.

    Returns:
        Images ``(n, 784)``, float32 in [0, 1]. The same object at every call.

    Raises:
        DataError: There is no such source, or the one insisted on cannot be had.
    """
    embedded = FallbackData("drawn", drawn_faces.load)
    return load("faces", _OLIVETTI, embedded, source, download=download)


def news(source: str | None = None, *, download: bool = False) -> Dataset:
    """News stories as weighed word counts: Reuters-21578, or stories that the course makes up.

    Example:
        >>> from course import data
        >>> stories = data.news("written")
        >>> stories.x_train.shape[1] == len(stories.words)
        True

    Args:
        source: ``"reuters"`` or ``"written"`` to insist on one; left out, Reuters if it can be
            had.
        download: Whether to download Reuters from the mirror ``COURSE_DATA_URL``.

    Returns:
        Stories ``(n, words)``, float32 in [0, 1]: log(1 + count), each row of length 1; labels
        are topics; ``image_shape`` is None. The same object at every call.

    Raises:
        DataError: There is no such source, or the one insisted on cannot be had.
    """
    embedded = FallbackData("written", written_news.load)
    return load("news", _REUTERS, embedded, source, download=download)
