"""A tiny data set with a published original and a fallback, for the tests of loading."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from course.data import sources
from course.data.dataset import Dataset
from course.data.locations import cache_folder
from course.data.sources import FallbackData, OriginalData
from course.data.validation import check_content, read_npz

if TYPE_CHECKING:
    from numpy.typing import NDArray

REAL_DATA = Path(os.environ.get("COURSE_DATA", ""))
needs_real_data = pytest.mark.skipif(
    not (REAL_DATA / "mnist.npz").is_file(), reason="COURSE_DATA names no folder with mnist.npz"
)


def npz(**arrays: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=True, **arrays)
    return file.getvalue()


TOY = npz(x=np.arange(3))
TOY_SHA256 = "ab25350e3e65efebe24584461683ecda68725576e825e550038b90e7b1479946"
WRONG = npz(x=np.arange(1, 4))


def dataset(source: str) -> Dataset:
    x, y = np.zeros((2, 784), np.float32), np.array([0, 1])
    return Dataset("toy", x, y, x, y, ("a", "b"), source=source, note=f"the {source} toy")


def read_toy(content: bytes) -> Dataset:
    """Like the readers of the real data, for a file of a hundred bytes."""
    x = read_npz(content, {"x": ((3,), "i")}, max_bytes=1000)["x"]
    check_content("x", [x.tobytes()], TOY_SHA256)
    return dataset("real")


def load_toy(
    source: str | None = None,
    *,
    url: str = "",
    cached: Path | None = None,
    download: bool = False,
) -> Dataset:
    cache_folder = (lambda: cached.parent) if cached else None
    original = OriginalData("TOY", "real", read_toy, "toys/toy.npz", url, cache_folder, "Lib")
    fallback = FallbackData("spare", lambda: dataset("spare"))
    return sources.load("toy", original, fallback, source, download=download)


def own_cache() -> Path:
    return cache_folder() / "real.bin"


def files_below(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())
