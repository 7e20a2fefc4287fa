"""Save a trained autoencoder to a file, and load it.

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
from course.autoencoder.frozen import FrozenAutoencoder
from course.autoencoder.model import build

if TYPE_CHECKING:
    import keras


def save(model: keras.Model, path: str | Path) -> None:
    """Save an autoencoder to a file, usually ``.npz``; an existing one is replaced atomically.

    The model is from `build`, or of the same kind: only Dense layers, the second half mirroring the
    first. See ``course.autoencoder.archive`` for the format.

    Raises:
        ValueError: The model is of another kind; Keras's ``model.save`` can save it.
    """
    write_archive(path, extract(model))


def load(path: str | Path) -> keras.Model:
    """Load a model as from `build` that `save` wrote; no code in the file is ever executed.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file isn't a valid autoencoder; the message says why.
    """
    content = read_archive(path)
    sizes = [len(content.kernels[0]), *(len(bias) for bias in content.biases)]
    if sizes != sizes[::-1]:
        raise ValueError(
            f"{Path(path).name}: the second half of the layers must mirror the first, "
            f"got {'-'.join(map(str, sizes))}."
        )
    half = sizes[: len(sizes) // 2 + 1]
    model = build(*half, hidden=content.hidden, output=content.output)
    weights = zip(content.kernels, content.biases, strict=True)
    model.set_weights([array for pair in weights for array in pair])
    return model


def freeze(model: keras.Model) -> FrozenAutoencoder:
    """Return a copy in plain NumPy that encodes and decodes arrays, as the baselines do.

    Example:
        >>> import numpy as np
        >>> from course.autoencoder import build
        >>> freeze(build(8, 3)).encode(np.zeros((2, 8))).shape
        (2, 3)

    Training the model further doesn't change the copy.

    Raises:
        ValueError: The model's layers aren't those of `build`.
    """
    stored = extract(model)
    return FrozenAutoencoder(stored.kernels, stored.biases, stored.hidden, stored.output)


def extract(model: keras.Model) -> StoredAutoencoder:
    """Return a model's weights and activations in the form that is stored."""
    layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    sizes = [int(model.input_shape[-1])]
    names = []
    for layer in layers:
        if type(layer).__name__ != "Dense" or len(layer.get_weights()) != 2:
            raise ValueError(f"Layer {layer.name!r} isn't a Dense layer with a bias; {_SAVABLE}")
        sizes.append(int(layer.units))
        names.append(layer.activation.__name__)
    middle = len(layers) // 2
    inner = {*names[: middle - 1], *names[middle:-1]} or {"gelu"}
    mirrored = len(layers) >= 2 and sizes == sizes[::-1]
    if not mirrored or len(inner) > 1 or names[middle - 1] != "linear" or names[-1] not in OUTPUTS:
        layers_text = ", ".join(f"{s} {n}" for s, n in zip(sizes[1:], names, strict=True))
        raise ValueError(
            f"The layers ({sizes[0]} inputs, {layers_text}) aren't those of build(); {_SAVABLE}"
        )
    arrays: list[Any] = [layer.get_weights() for layer in layers]
    kernels = tuple(kernel for kernel, _ in arrays)
    return StoredAutoencoder(kernels, tuple(bias for _, bias in arrays), inner.pop(), names[-1])


_SAVABLE = "only models from build() can be saved. Keras's model.save can save any model."
