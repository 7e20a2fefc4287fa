"""The file format of the course's autoencoders: NumPy arrays in a zip file, without pickle.

Example:
    >>> from course.autoencoder.frozen import DIGITS
    >>> read_archive(DIGITS).hidden
    'gelu'

Files aren't trusted: names, unpacked sizes, types, shapes and values are checked before use.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from course import atomic_write
from course.arrays import Float32Array

HIDDEN: Final = ("gelu", "relu", "tanh", "sigmoid", "linear")
OUTPUTS: Final = ("sigmoid", "linear", "softmax")
_MAX_UNPACKED_BYTES: Final = 2**30  # a hundred times the digit network
_ABOUT: Final = "about.npy"
_MAX_ABOUT_CHARS: Final = 10_000
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError, NotImplementedError)


@dataclass(frozen=True)
class StoredAutoencoder:
    """The content of a file: weights and activations.

    Attributes:
        kernels: Matrices ``(inputs, outputs)``, float32, in the order of the layers.
        biases: Vectors ``(outputs,)``, float32.
        hidden: Activation of the hidden layers, one of `HIDDEN`.
        output: Activation of the last layer, one of `OUTPUTS`.
    """

    kernels: tuple[Float32Array, ...]
    biases: tuple[Float32Array, ...]
    hidden: str = "gelu"
    output: str = "sigmoid"


def write_archive(path: str | Path, stored: StoredAutoencoder, *, half: bool = False) -> None:
    """Write an autoencoder to a file, atomically, in place of an existing one.

    ``half`` stores numbers in 16 bits instead of 32: three correct digits instead of seven.
    """
    kind = np.float16 if half else np.float32
    about = json.dumps({"hidden": stored.hidden, "output": stored.output})
    arrays: dict[str, NDArray[np.generic]] = {"about": np.array(about)}
    for i, (kernel, bias) in enumerate(zip(stored.kernels, stored.biases, strict=True)):
        arrays[f"kernel_{i}"], arrays[f"bias_{i}"] = kernel.astype(kind), bias.astype(kind)
    with atomic_write.replacing(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read_archive(path: str | Path) -> StoredAutoencoder:
    """Read an autoencoder; a ValueError says why a file isn't valid."""
    source = Path(path)
    if not source.is_file():
        raise FileNotFoundError(f"{source} does not exist; save(model, path) writes such a file.")
    try:
        return _read(source)
    except _DAMAGE as error:
        raise ValueError(f"{source.name} is damaged or not an autoencoder: {error}") from error
    except ValueError as error:
        raise ValueError(f"{source.name}: {error}") from error


def _read(source: Path) -> StoredAutoencoder:
    with zipfile.ZipFile(source) as packed:
        names = _check_names(packed)
    with np.load(source, allow_pickle=False) as arrays:
        about = str(arrays["about"]) if _ABOUT in names else "{}"
        layers = range(len(names) // 2)
        kernels = tuple(arrays[f"kernel_{i}"] for i in layers)
        biases = tuple(arrays[f"bias_{i}"] for i in layers)
    _check_shapes(kernels, biases)
    hidden, output = _activations(about)
    return StoredAutoencoder(
        tuple(kernel.astype(np.float32) for kernel in kernels),
        tuple(bias.astype(np.float32) for bias in biases),
        hidden,
        output,
    )


def _check_names(packed: zipfile.ZipFile) -> set[str]:
    members = packed.infolist()
    names = {member.filename for member in members}
    layers = len(names - {_ABOUT}) // 2
    expected = {f"{kind}_{i}.npy" for kind in ("kernel", "bias") for i in range(layers)}
    if len(names) != len(members) or names - {_ABOUT} != expected or not layers or layers % 2:
        raise ValueError(
            "the file must hold kernel_0, bias_0, kernel_1, ... for an even number of layers, "
            f"got {', '.join(sorted(names))[:200] or 'nothing'}."
        )
    size = sum(member.file_size for member in members)
    if size > _MAX_UNPACKED_BYTES:
        raise ValueError(
            f"too large when unpacked: {size:,} bytes, at most {_MAX_UNPACKED_BYTES:,}."
        )
    return names


def _check_shapes(kernels: tuple[Float32Array, ...], biases: tuple[Float32Array, ...]) -> None:
    width: int | None = None
    for i, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
        for name, array in (("kernel", kernel), ("bias", bias)):
            if array.dtype not in (np.float16, np.float32) or not np.isfinite(array).all():
                raise ValueError(
                    f"{name}_{i} must hold finite float16 or float32 numbers, got {array.dtype}."
                )
        if kernel.ndim != 2 or kernel.size == 0 or bias.shape != kernel.shape[1:]:
            raise ValueError(
                f"kernel_{i} and bias_{i} must have the shapes (inputs, outputs) and (outputs,), "
                f"got {kernel.shape} and {bias.shape}."
            )
        if width is not None and kernel.shape[0] != width:
            raise ValueError(
                f"kernel_{i} has {kernel.shape[0]} inputs, but the previous layer has {width} "
                "outputs."
            )
        width = kernel.shape[1]
    inputs = kernels[0].shape[0]
    if width != inputs:
        raise ValueError(
            "the network must have as many outputs as inputs, "
            f"got {inputs} inputs and {width} outputs."
        )


def _activations(about: str) -> tuple[str, str]:
    try:
        description = json.loads(about[:_MAX_ABOUT_CHARS])
        hidden, output = description.get("hidden", "gelu"), description.get("output", "sigmoid")
    except (ValueError, AttributeError, RecursionError) as error:
        raise ValueError("`about` is not a JSON object") from error
    if hidden not in HIDDEN or output not in OUTPUTS:
        raise ValueError(
            f"the activations must be one of {HIDDEN} and one of {OUTPUTS}, "
            f"got {hidden!r:.30} and {output!r:.30}."
        )
    return str(hidden), str(output)
