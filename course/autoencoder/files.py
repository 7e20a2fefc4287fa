"""Keep a trained autoencoder in a file, and get it back.

Example:
    >>> import tempfile, pathlib
    >>> from course.autoencoder import build
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "mine.npz"
    ...     save(build(784, 10, 2), path)
    ...     load(path).encoder.output_shape
    (None, 2)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.autoencoder.archive import OUTPUTS, StoredAutoencoder, read_archive, write_archive
from course.autoencoder.model import build

if TYPE_CHECKING:
    import keras


def save(model: keras.Model, path: str | Path) -> None:
    """Save an autoencoder that `build` made; see ``course.autoencoder.archive`` for the format.

    Args:
        model: From `build`, or of the same kind: Dense layers alone, the second half the
            mirror image of the first.
        path: Where to; ``.npz`` is its usual ending. An existing file is replaced, at once and
            whole.

    Raises:
        ValueError: The model is of another kind; Keras's own ``model.save`` keeps any.
    """
    write_archive(path, extract(model))


def load(path: str | Path) -> keras.Model:
    """Load what `save` wrote; nothing in the file is ever run.

    Args:
        path: The file.

    Returns:
        A model as from `build`, with the weights of the file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no autoencoder; the message says what is wrong in it.
    """
    content = read_archive(path)
    sizes = [len(content.kernels[0]), *(len(bias) for bias in content.biases)]
    if sizes != sizes[::-1]:
        raise ValueError(
            f"{Path(path).name}: layers {'-'.join(map(str, sizes))}; "
            "the second half must mirror the first."
        )
    half = sizes[: len(sizes) // 2 + 1]
    model = build(*half, hidden=content.hidden, output=content.output)
    weights = zip(content.kernels, content.biases, strict=True)
    model.set_weights([array for pair in weights for array in pair])
    return model


def extract(model: keras.Model) -> StoredAutoencoder:
    """Return the weights of an autoencoder as they go into a file.

    Raises:
        ValueError: The model is not of the kind that `build` makes.
    """
    layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    sizes = [int(model.input_shape[-1])]
    names = []
    for layer in layers:
        if type(layer).__name__ != "Dense" or len(layer.get_weights()) != 2:
            raise ValueError(f"model: layer {layer.name!r} is no Dense layer with a bias; {_CURE}")
        sizes.append(int(layer.units))
        names.append(layer.activation.__name__)
    middle = len(layers) // 2
    inner = {*names[: middle - 1], *names[middle:-1]} or {"gelu"}
    mirrored = len(layers) >= 2 and sizes == sizes[::-1]
    if not mirrored or len(inner) > 1 or names[middle - 1] != "linear" or names[-1] not in OUTPUTS:
        told = ", ".join(f"{s} {n}" for s, n in zip(sizes[1:], names, strict=True))
        raise ValueError(f"model: from {sizes[0]} numbers to {told}; {_CURE}")
    arrays: list[Any] = [layer.get_weights() for layer in layers]
    kernels = tuple(kernel for kernel, _ in arrays)
    return StoredAutoencoder(kernels, tuple(bias for _, bias in arrays), inner.pop(), names[-1])


_CURE = "what build() makes can be saved; Keras's own model.save keeps any model."
