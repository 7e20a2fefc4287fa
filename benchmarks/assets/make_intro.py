"""Compute what the first lesson shows: ``python -m benchmarks.assets.make_intro``.

It takes about twelve minutes on two cores and writes to ``course/assets``:

- ``code_size.png`` and ``code_size.json``: ten digits, a face and a star, copied through codes of 1
  to 100 numbers, by PCA and by an autoencoder 784-256-size-256-784; and these codes. Both learned
  from the 8,000 bundled training digits. Squared error per image, mean over the 2,000 test digits:

  ===========  =====  =====  =====  =====  =====  =====  =====
  code size        1      2      5     10     30     60    100
  ===========  =====  =====  =====  =====  =====  =====  =====
  PCA          47.87  44.09  35.57  27.20  14.27   7.84   4.59
  autoencoder  44.84  37.18  24.42  16.52   8.17   5.11   4.29
  ===========  =====  =====  =====  =====  =====  =====  =====

  The mean image alone: 53.33.

- ``face_autoencoder.npz``: an autoencoder 784-256-30-256-784 that learned from 10,000
  drawn faces. On the 750 test faces of ``data.faces("drawn")``: 1.56, where PCA with 30
  numbers, learned from the 2,250 training faces, has 3.02.

Training is seeded, but machines add numbers in different orders, so another run gives almost, not
exactly, these numbers.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.assets.encoding import png, rounded
from course import assets, atomic_write, autoencoder, data
from course.arrays import Float32Array
from course.autoencoder.backend import tensorflow
from course.data import Dataset
from course.data.face_drawing import draw
from course.data.face_factors import plain_face, random_faces

# Every size where a number more matters, then wider steps.
SIZES: Final = (*range(1, 11), 20, 30, 60, 100)
_HIDDEN: Final = 256
_FACE_CODE: Final = 30
_FACE_SEED: Final = 7  # not the seed of the course's faces: those stay unseen
_FACE_PEOPLE: Final = 400
_PICTURES_EACH: Final = 25


def main() -> None:
    """Write all files, each atomically."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    make_face_autoencoder()
    make_code_sizes()


def make_face_autoencoder() -> None:
    """Train on drawn faces and store the weights in eight bits each."""
    factors, _ = random_faces(_FACE_PEOPLE, _PICTURES_EACH, _FACE_SEED)
    model = _train(draw(factors), _FACE_CODE, epochs=40, batch_size=100)
    stored: dict[str, Any] = {}
    for i, layer in enumerate(model.layers):
        weights, biases = layer.get_weights()
        scale = np.maximum(np.abs(weights).max(axis=0), 1e-12) / 127
        stored[f"weights_{i}"] = np.round(weights / scale).astype(np.int8)
        stored[f"scale_{i}"] = scale.astype(np.float32)
        stored[f"biases_{i}"] = biases.astype(np.float32)
    packed = io.BytesIO()
    np.savez_compressed(packed, **stored)
    _write(assets.FACE_WEIGHTS, packed.getvalue())
    assets.face_autoencoder.cache_clear()
    coder, faces = assets.face_autoencoder(), data.faces("drawn")
    copies = coder.decode(coder.encode(faces.x_test))
    print(f"faces: {_errors(faces.x_test, copies).mean():.2f}")


def make_code_sizes() -> None:
    """Reconstruct the same images from codes of every size, by PCA and by an autoencoder."""
    from tqdm import tqdm

    _, keras = tensorflow()
    digits = data.digits("bundled")
    names, images, ink = _examples(digits)
    centre = digits.x_train.mean(axis=0)
    axes = np.linalg.svd(digits.x_train - centre, full_matrices=False)[2]
    facts: dict[str, Any] = {
        "sizes": SIZES,
        "pca": [],
        "autoencoder": [],
        "mean_image": rounded(_errors(digits.x_test, centre).mean()),
        "names": names,
    }
    each: dict[str, list[Float32Array]] = {"pca": [], "autoencoder": []}
    codes: dict[str, list[Float32Array]] = {"pca": [], "autoencoder": []}
    shown: dict[str, list[Float32Array]] = {"pca": [images], "autoencoder": [images]}
    everything = np.concatenate([digits.x_test, images])
    for size in tqdm(SIZES, desc="code sizes"):
        keras.utils.set_random_seed(size)
        model = autoencoder.build(digits.x_train.shape[1], _HIDDEN, size)
        autoencoder.train(model, digits.x_train, epochs=12, batch=128, shift=0, live=False)
        kept = axes[:size]
        copies = {
            "pca": (everything - centre) @ kept.T @ kept + centre,
            "autoencoder": model.predict(everything, verbose=0),
        }
        codes["pca"].append((images - centre) @ kept.T)
        codes["autoencoder"].append(model.encoder.predict(images, verbose=0))
        for method, copy in copies.items():
            errors = _errors(everything, copy)
            facts[method].append(rounded(errors[: len(digits.x_test)].mean()))
            each[method].append(errors[len(digits.x_test) :])
            shown[method].append(np.clip(copy[len(digits.x_test) :], 0, 1))
    for method, errors_by_size in each.items():
        facts[f"{method}_each"] = [
            [rounded(error) for error in row] for row in np.transpose(errors_by_size)
        ]
    for method, codes_by_size in codes.items():
        by_image = zip(*codes_by_size, strict=True)
        facts[f"{method}_codes"] = [
            [[round(float(number), 2) for number in code] for code in sizes] for sizes in by_image
        ]
    both = np.array([shown["pca"], shown["autoencoder"]])  # (2, 1 + sizes, names, 784)
    # Show ink on white paper, and the face unchanged.
    look = np.where(ink[:, None], 1 - both, both).reshape(*both.shape[:3], 28, 28)
    sheet = look.transpose(2, 0, 3, 1, 4).reshape(len(names) * 56, -1)
    _write(assets.CODE_SIZE_PICTURES, png(sheet))
    _write(assets.CODE_SIZE_FACTS, _one_line_each(facts).encode())


def _one_line_each(facts: dict[str, Any]) -> str:
    lines = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in facts.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _examples(digits: Dataset) -> tuple[list[str], Float32Array, NDArray[np.bool_]]:
    """Return names and images of the ten digits, a face and a star, and which are ink on paper."""
    centre = digits.x_train.mean(axis=0)
    names, images = [], []
    for digit in range(10):
        own = digits.x_test[digits.y_test == digit]
        unlike = _errors(own, centre)  # the median: neither the plainest nor the oddest
        images.append(own[np.argsort(unlike)[len(own) // 2]])
        names.append(f"a {digit}")
    face = plain_face(mouth_open=0.9, brow_height=0.8, hair_length=0.8, parting=0.5)
    return (
        [*names, "a face", "a star"],
        np.stack([*images, draw(face)[0], _star()]),
        np.array([True] * 10 + [False, True]),
    )


def _star() -> Float32Array:
    from PIL import Image, ImageDraw

    large = Image.new("L", (280, 280))
    turns = np.arange(10) * np.pi / 5 - np.pi / 2
    reach = np.where(np.arange(10) % 2 == 0, 105, 44)
    corners = np.stack([140 + reach * np.cos(turns), 146 + reach * np.sin(turns)], axis=1)
    ImageDraw.Draw(large).polygon([(float(x), float(y)) for x, y in corners], fill=255)
    small = large.resize((28, 28), Image.Resampling.BOX)
    star: Float32Array = np.asarray(small, dtype=np.float32).ravel() / np.float32(255)
    return star


def _train(images: Float32Array, code_size: int, *, epochs: int, batch_size: int) -> Any:
    """Train 784-256-code-256-784 on squared error; return the Keras model with its four layers."""
    import keras

    keras.utils.set_random_seed(code_size)
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((images.shape[1],)),
            layers.Dense(_HIDDEN, "relu"),
            layers.Dense(code_size),
            layers.Dense(_HIDDEN, "relu"),
            layers.Dense(images.shape[1], "sigmoid"),
        ]
    )
    steps = epochs * -(-len(images) // batch_size)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps)),
        loss="mse",
        jit_compile=True,
    )
    model.fit(images, images, batch_size=batch_size, epochs=epochs, verbose=0)
    return model


def _errors(images: Float32Array, copies: Float32Array) -> Float32Array:
    errors: Float32Array = ((images - copies) ** 2).sum(axis=1)
    return errors


def _write(path: Path, content: bytes) -> None:
    atomic_write.write_bytes(path, content)
    print(f"{path.name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
