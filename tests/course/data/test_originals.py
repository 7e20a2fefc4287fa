"""The readers of MNIST, Olivetti and Reuters reject everything but the original."""

from __future__ import annotations

import io
import pickle
import zlib
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from course import data
from course.data import mnist, olivetti, reuters
from tests.course.data.toys import npz


def test_changed_mnist_is_rejected() -> None:
    shapes = {name: shape for name, (shape, _) in mnist._ORIGINAL.items()}
    arrays = {name: np.zeros(shape, np.uint8) for name, shape in shapes.items()}
    with pytest.raises(data.DataError, match="x_train is not the original"):
        mnist.read(npz(**arrays))
    arrays["x_train"] = arrays["x_train"][:, 1:]
    with pytest.raises(
        data.DataError, match=r"x_train must have .* got \(60000, 27, 28\) of uint8"
    ):
        mnist.read(npz(**arrays))


class MaliciousPickle:
    """A pickle that creates a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def test_a_pickle_in_place_of_the_olivetti_faces_is_never_loaded(tmp_path: Path) -> None:
    content = zlib.compress(pickle.dumps([MaliciousPickle(tmp_path / "created"), bytes(6_553_600)]))
    with pytest.raises(data.DataError, match="faces is not the original"):
        olivetti.read(content)
    assert not (tmp_path / "created").exists()
    pickle.loads(zlib.decompress(content))  # loading it runs its code
    assert (tmp_path / "created").exists()


def test_olivetti_rejects_zip_bombs_and_truncated_files() -> None:
    with pytest.raises(data.DataError, match="too few or too many"):
        olivetti.read(zlib.compress(bytes(50_000_000)))
    with pytest.raises(data.DataError, match="too few or too many"):
        olivetti.read(zlib.compress(bytes(7_000))[:-3])
    with pytest.raises(data.DataError, match="the MATLAB file is not the original"):
        olivetti.read(b"MATLAB 5.0 MAT-file, but no faces")


def test_olivetti_also_reads_the_original_file(monkeypatch: pytest.MonkeyPatch) -> None:
    grays = np.random.default_rng(0).integers(0, 243, (400, 4096), dtype=np.uint8)
    file = io.BytesIO()
    savemat(file, {"faces": grays.T.astype(np.float32)})
    monkeypatch.setattr(olivetti, "_MATLAB_SHA256", sha256(file.getvalue()).hexdigest())
    monkeypatch.setattr(olivetti, "_SHA256", sha256(grays.tobytes()).hexdigest())
    from_matlab = olivetti.read(file.getvalue())
    pickled = b"head" + grays.astype("<f4").tobytes() + b"."
    from_pickle = olivetti.read(zlib.compress(pickled))
    np.testing.assert_array_equal(from_matlab.x_train, from_pickle.x_train)
    assert from_matlab.x_train.shape == (300, 784)


def test_changed_reuters_is_rejected() -> None:
    arrays = {
        name: np.zeros(shape, {"i": int, "U": "U4", "b": bool}[kind[0]])
        for name, (shape, kind) in reuters._FIELDS.items()
    }
    with pytest.raises(data.DataError, match="reuters is not the original"):
        reuters.read(npz(**arrays))
