"""Train the variational autoencoders that ship: ``python -m benchmarks.assets.make_variational``.

It takes some minutes on one core and writes to ``course/assets``:

- ``digit_variational.npz``: networks with a code of 8 numbers, a plain autoencoder and variational
  ones with three prices, eight bits per weight; and ``digit_variational.json``: their bounds.
- ``code_plane.png`` and ``code_plane.json``: what lesson 7's explorer shows of networks with a code
  of 2 numbers, from a plain autoencoder to a variational one whose clouds cost too much.

All learned from the 8,000 bundled training digits and are measured on the 2,000 test digits.
Training is seeded, but machines add numbers in different orders, so another run gives almost, not
exactly, these numbers.
"""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.assets.encoding import png, rounded
from course import assets, atomic_write, autoencoder, classifier, data, metrics
from course.assets import code_plane
from course.autoencoder.backend import tensorflow

if TYPE_CHECKING:
    from course.arrays import Float32Array, FloatArray
    from course.autoencoder.frozen import FrozenAutoencoder
    from course.autoencoder.frozen_variational import FrozenVariational
    from course.data import Dataset

BETAS: Final = (0.0, 0.1, 1.0, 4.0, 16.0, 64.0)
PLANE: Final = (784, 128, 64, 2)
SHIPPED: Final = (784, 128, 64, 8)
EPOCHS: Final = 20
SIDE, EXTENT, LEVEL = 13, 3.0, 0.9
HOLE: Final = 0.1  # a random code lies in a hole if no training code is so near
_BATCH: Final = 128
_RATE: Final = 3e-3
_SAMPLES: Final = 2000
_SHOWN: Final = 400  # codes on the plane
_SEED: Final = 7


def train(
    digits: Dataset, sizes: tuple[int, ...], beta: float, *, epochs: int, seed: int = _SEED
) -> FrozenVariational | FrozenAutoencoder:
    """Train a network on the cross-entropy; with ``beta=0`` a plain autoencoder."""
    if beta:
        model = autoencoder.build_variational(*sizes, beta=beta, seed=seed)
    else:
        model = autoencoder.build(*sizes, seed=seed)
    autoencoder.train(
        model,
        digits.x_train,
        epochs=epochs,
        batch=_BATCH,
        learning_rate=_RATE,
        loss="cross_entropy",
        shift=0,
        seed=seed,
        live=False,
    )
    return autoencoder.freeze_variational(model) if beta else autoencoder.freeze(model)


def main() -> None:
    """Train everything and write all files, each atomically."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    tf, _ = tensorflow()
    tf.config.threading.set_intra_op_parallelism_threads(1)  # small matrices: threads would wait
    tf.config.threading.set_inter_op_parallelism_threads(1)
    digits = data.digits("bundled")
    make_networks(digits)
    make_plane(digits)


def make_networks(digits: Dataset) -> None:
    """Train the networks that ship, and record what they do on the test digits."""
    stored: dict[str, Any] = {}
    for beta in assets.VARIATIONAL_BETAS:
        net: Any = train(digits, SHIPPED, beta, epochs=EPOCHS)
        plain = net.net if beta else net
        kernels, biases = list(plain.kernels), list(plain.biases)
        if beta:
            kernels.append(net.kernel)
            biases.append(net.bias)
        for i, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
            scale = np.maximum(np.abs(kernel).max(axis=0), 1e-12) / 127
            stored[f"weights_{beta:g}_{i}"] = np.round(kernel / scale).astype(np.int8)
            stored[f"scale_{beta:g}_{i}"] = scale.astype(np.float32)
            stored[f"biases_{beta:g}_{i}"] = bias.astype(np.float32)
    packed = io.BytesIO()
    np.savez_compressed(packed, **stored)
    atomic_write.write_bytes(assets.VARIATIONAL_WEIGHTS, packed.getvalue())
    print(f"{assets.VARIATIONAL_WEIGHTS.name}: {len(packed.getvalue()):,} bytes")
    record = {f"{beta:g}": measure(digits, beta) for beta in assets.VARIATIONAL_BETAS}
    text = json.dumps({"sizes": SHIPPED, "epochs": EPOCHS, "networks": record}, indent=1)
    atomic_write.write_text(assets.VARIATIONAL_RECORD, text + "\n")
    print(text, flush=True)


def measure(digits: Dataset, beta: float) -> dict[str, float]:
    """Return the bound, the error of copies, and how sure the classifier is of samples."""
    net: Any = assets.digit_variational(beta) if beta else assets.plain_digit_autoencoder()
    copies = net.reconstruct(digits.x_test)
    measured = {"error": rounded(metrics.squared_error(digits.x_test, copies))}
    if beta:
        bill = net.bill(digits.x_test, draws=10)
        measured |= {
            "bound": rounded(bill.total.mean()),
            "code_cost": rounded(bill.code.mean()),
            "train_bound": rounded(net.bill(digits.x_train, draws=10).total.mean()),
        }
    return measured


def make_plane(digits: Dataset) -> None:
    """Train a network for each price, and draw what its plane of codes holds."""
    facts: dict[str, Any] = {
        "betas": BETAS,
        "side": SIDE,
        "extent": EXTENT,
        "level": LEVEL,
        "examples": [f"a {digit}" for digit in range(10)],
        "labels": digits.y_test[:_SHOWN].tolist(),
        **{
            name: []
            for name in (
                *("codes", "holes", "reads", "sure", "hole_shares", "sure_shares"),
                *("errors", "code_costs"),
            )
        },
    }
    shown = np.array([np.flatnonzero(digits.y_test == digit)[3] for digit in range(10)])
    blocks = []
    places = plane_codes()
    rng = np.random.default_rng(_SEED)
    noise = rng.standard_normal((_SAMPLES, 2))
    for beta in BETAS:
        net: Any = train(digits, PLANE, beta, epochs=EPOCHS)
        to_plane, from_plane = ruler(net.encode(digits.x_train), plain=beta == 0)
        decoded = net.decode(from_plane(places))
        copies = net.reconstruct(digits.x_test)
        trained = to_plane(training_codes(net, digits.x_train, rng))
        probabilities = classifier.load().probabilities(decoded)
        sure = classifier.load().probabilities(net.decode(from_plane(noise))).max(axis=1)
        facts["codes"].append(to_plane(net.encode(digits.x_test[:_SHOWN])).round(2).tolist())
        facts["reads"].append(probabilities.argmax(axis=1).tolist())
        facts["sure"].append(probabilities.max(axis=1).round(2).tolist())
        facts["holes"].append(empty_places(trained))
        facts["hole_shares"].append(rounded((nearest(noise, trained) > HOLE).mean()))
        facts["sure_shares"].append(rounded((sure > LEVEL).mean()))
        facts["errors"].append(rounded(metrics.squared_error(digits.x_test, copies)))
        cost = net.bill(digits.x_test).code.mean() if beta else 0.0
        facts["code_costs"].append(rounded(cost))
        blocks += [_plane_sheet(decoded), _row(copies[shown])]
        print(
            beta,
            *(facts[name][-1] for name in ("hole_shares", "sure_shares", "errors")),
            flush=True,
        )
    blocks.append(_row(digits.x_test[shown]))
    atomic_write.write_bytes(code_plane.PICTURES, png(1 - np.concatenate(blocks)))
    atomic_write.write_text(code_plane.FACTS, json.dumps(facts) + "\n")


def plane_codes() -> Float32Array:
    """Return the codes in the middle of the places of the plane, row by row from the top."""
    middles = EXTENT * ((2 * np.arange(SIDE) + 1) / SIDE - 1)
    x, y = np.meshgrid(middles, -middles)
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def training_codes(net: Any, x: Float32Array, rng: np.random.Generator) -> Float32Array:
    """Return a code for each image as in training: one drawn from its cloud, if it has any."""
    if not hasattr(net, "clouds"):
        codes: Float32Array = net.encode(x)
        return codes
    mean, log_variance = net.clouds(x)
    drawn: Float32Array = mean + np.exp(0.5 * log_variance) * rng.standard_normal(mean.shape)
    return drawn


def empty_places(codes: Float32Array) -> list[int]:
    """Return the places of the plane without any of these codes."""
    columns, rows = np.floor((codes * [1, -1] / EXTENT + 1) / 2 * SIDE).astype(int).T
    inside = (columns >= 0) & (columns < SIDE) & (rows >= 0) & (rows < SIDE)
    counts = np.bincount(rows[inside] * SIDE + columns[inside], minlength=SIDE**2)
    return [int(place) for place in np.flatnonzero(counts == 0)]


def nearest(codes: FloatArray, known: FloatArray) -> FloatArray:
    """Return how far the nearest of the known codes is from each code."""
    from scipy.spatial import KDTree

    distances: FloatArray = KDTree(known).query(codes)[0]
    return distances


def ruler(codes: Float32Array, *, plain: bool) -> tuple[Any, Any]:
    """Return functions from codes to the plane and back.

    A variational autoencoder's prior fits the plane. The codes of a plain one have any size, so
    they are moved and scaled to the mean and the spread of the prior, which suits it best.
    """
    if not plain:
        return (lambda x: x), (lambda x: x)
    mean, root = codes.mean(axis=0), np.linalg.cholesky(np.cov(codes.T))
    return (lambda x: (x - mean) @ np.linalg.inv(root).T), (lambda x: x @ root.T + mean)


def _plane_sheet(images: Float32Array) -> Float32Array:
    tiles = images.reshape(SIDE, SIDE, 28, 28)
    sheet: Float32Array = tiles.transpose(0, 2, 1, 3).reshape(SIDE * 28, SIDE * 28)
    return sheet


def _row(images: Float32Array) -> Float32Array:
    row = np.zeros((28, SIDE * 28), np.float32)
    for i, image in enumerate(images):
        row[:, 28 * i : 28 * (i + 1)] = image.reshape(28, 28)
    return row


if __name__ == "__main__":
    main()
