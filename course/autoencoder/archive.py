"""The file format of the course's autoencoders: NumPy arrays in a zip, and never a pickle.

Example:
    >>> from course.autoencoder.frozen import DIGITS
    >>> read_archive(DIGITS).hidden
    'gelu'

A file comes from anywhere, so everything in it is checked before it is used: names,
sizes before unpacking, types, shapes that fit each other, finite numbers.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from course import atomic_write

FloatArray = NDArray[np.float32]

HIDDEN: Final = ("gelu", "relu", "tanh", "sigmoid", "linear")
OUTPUTS: Final = ("sigmoid", "linear", "softmax")
_LARGEST: Final = 2**30  # bytes, unpacked: a hundred times the digit network
_ABOUT: Final = "about.npy"
_MOST_ABOUT: Final = 10_000  # characters


@dataclass(frozen=True)
class StoredAutoencoder:
    """What is in a file: the weights in order, and what the layers do with them.

    Attributes:
        kernels: Matrices ``(inputs, outputs)``, float32.
        biases: Vectors ``(outputs,)``, float32.
        hidden: One of `HIDDEN`.
        output: One of `OUTPUTS`.
    """

    kernels: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]
    hidden: str = "gelu"
    output: str = "sigmoid"


def write_archive(path: str | Path, stored: StoredAutoencoder, *, half: bool = False) -> None:
    """Write an autoencoder; the file appears only when it is complete.

    Args:
        path: Where to; an existing file is replaced.
        stored: What to write.
        half: Whether to store 16 bits a number instead of 32: half the size, and
            three correct digits instead of seven.
    """
    kind = np.float16 if half else np.float32
    about = json.dumps({"hidden": stored.hidden, "output": stored.output})
    arrays: dict[str, NDArray[np.generic]] = {"about": np.array(about)}
    for i, (kernel, bias) in enumerate(zip(stored.kernels, stored.biases, strict=True)):
        arrays[f"kernel_{i}"], arrays[f"bias_{i}"] = kernel.astype(kind), bias.astype(kind)
    with atomic_write.replacing(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read_archive(path: str | Path) -> StoredAutoencoder:
    """Read an autoencoder, and believe nothing.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no autoencoder; the message says what is wrong in it.
    """
    source = Path(path)
    if not source.is_file():
        raise FileNotFoundError(f"path: there is no file {source}; save(model, path) makes one.")
    try:
        with zipfile.ZipFile(source) as packed:
            names = _check_names(source, packed)
        with np.load(source, allow_pickle=False) as arrays:
            about = str(arrays["about"]) if _ABOUT in names else "{}"
            layers = range(len(names - {_ABOUT}) // 2)
            kernels = tuple(arrays[f"kernel_{i}"] for i in layers)
            biases = tuple(arrays[f"bias_{i}"] for i in layers)
    except (zipfile.BadZipFile, EOFError, KeyError, OSError, NotImplementedError) as error:
        raise ValueError(f"{source.name}: no autoencoder, or a damaged one ({error})") from error
    except ValueError as error:
        raise ValueError(f"{source.name}: {error}") from error
    _check_shapes(source, kernels, biases)
    hidden, output = _activations(source, about)
    return StoredAutoencoder(
        tuple(kernel.astype(np.float32) for kernel in kernels),
        tuple(bias.astype(np.float32) for bias in biases),
        hidden,
        output,
    )


def _check_names(source: Path, packed: zipfile.ZipFile) -> set[str]:
    members = packed.infolist()
    names = {member.filename for member in members}
    layers = len(names - {_ABOUT}) // 2
    expected = {f"{kind}_{i}.npy" for kind in ("kernel", "bias") for i in range(layers)}
    if len(names) != len(members) or names - {_ABOUT} != expected or not layers or layers % 2:
        raise ValueError(
            f"{source.name}: holds {', '.join(sorted(names))[:200] or 'nothing'}; "
            "kernel_0, bias_0, kernel_1 ... for an even number of layers are right."
        )
    size = sum(member.file_size for member in members)
    if size > _LARGEST:
        raise ValueError(f"{source.name}: {size:,} bytes unpacked; at most {_LARGEST:,} are read.")
    return names


def _check_shapes(
    source: Path, kernels: tuple[FloatArray, ...], biases: tuple[FloatArray, ...]
) -> None:
    width: int | None = None
    for i, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
        for name, array in (("kernel", kernel), ("bias", bias)):
            if array.dtype not in (np.float16, np.float32) or not np.isfinite(array).all():
                raise ValueError(
                    f"{source.name}: {name}_{i} of {array.dtype}; "
                    "finite float16 or float32 is right."
                )
        if kernel.ndim != 2 or kernel.size == 0 or bias.shape != kernel.shape[1:]:
            raise ValueError(
                f"{source.name}: kernel_{i} {kernel.shape} and bias_{i} {bias.shape}; "
                "(inputs, outputs) and (outputs,) are right."
            )
        if width is not None and kernel.shape[0] != width:
            raise ValueError(
                f"{source.name}: kernel_{i} takes {kernel.shape[0]} numbers, "
                f"but the layer before gives {width}."
            )
        width = kernel.shape[1]
    if width != kernels[0].shape[0]:
        raise ValueError(
            f"{source.name}: {kernels[0].shape[0]} numbers go in, {width} come out; "
            "a copy has as many as its original."
        )


def _activations(source: Path, about: str) -> tuple[str, str]:
    try:
        told = json.loads(about[:_MOST_ABOUT])
        hidden, output = told.get("hidden", "gelu"), told.get("output", "sigmoid")
    except (ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"{source.name}: what it says about itself is no JSON object") from error
    if hidden not in HIDDEN or output not in OUTPUTS:
        raise ValueError(
            f"{source.name}: hidden {hidden!r:.30}, output {output!r:.30}; "
            f"one of {HIDDEN} and one of {OUTPUTS} are right."
        )
    return str(hidden), str(output)
