"""Train the dictionary of lesson 8: ``python -m benchmarks.assets.make_digit_features``.

It takes a minute on one core and writes to ``course/assets``:

- ``digit_features.npz``: a sparse autoencoder for the hidden layer of the digit classifier, in
  16 bits per number;
- ``digit_features.json``: its errors, and what its features respond to;
- ``digit_features.png``: for each feature a row of the digits that turn it on the most.

It learned from the 8,000 bundled training digits, from copies of them with other habits of
writing (slashed zeros, sevens with a bar, ...), and is measured on the 2,000 bundled test digits.
``NAMES`` were given by looking at the pictures; numbers of features change if anything else does,
so name them anew after training.
"""

from __future__ import annotations

import io
import json
from typing import Any, Final

import numpy as np

from benchmarks.assets.encoding import png, rounded
from course import atomic_write, classifier, data
from course.arrays import Float32Array, IntArray
from course.assets import digit_features
from course.autoencoder.sparse import train_sparse
from course.classifier.augmentation import augment

FEATURES: Final = 128
ACTIVE: Final = 4
EPOCHS: Final = 40
RATE: Final = 3e-3
STRONGEST: Final = 8
NAMES: Final = {
    9: "loop at the bottom",
    24: "7 with a tip",
    47: "1 that leans left",
    59: "flat loop",
    65: "hook of a 9",
    74: "upright 1",
    75: "flag of a 1",
    77: "slanted 1",
    87: "slash through a 0",
    99: "bar of a 7",
    106: "loop at the top",
    110: "round 0",
    116: "narrow 0",
    117: "foot of a 1",
}
_SEED: Final = 8


def main() -> None:
    """Train, measure and write all files, each atomically."""
    digits = data.digits("bundled")
    images, labels = training_images(digits)
    reader = classifier.load()
    hidden = reader.hidden(images)
    net = train_sparse(hidden, FEATURES, active=ACTIVE, epochs=EPOCHS, rate=RATE, seed=_SEED)
    alive = (net.encode(hidden) > 0).any(axis=0)
    print(f"{int((~alive).sum())} features never fire and are left out")
    arrays = {
        "encoder": net.encoder[:, alive],
        "bias": net.bias[alive],
        "decoder": net.decoder[alive],
        "center": net.center,
    }
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        allow_pickle=False,
        # The page reads arrays row by row only.
        **{name: np.ascontiguousarray(array, np.float16) for name, array in arrays.items()},
    )
    atomic_write.write_bytes(digit_features.WEIGHTS, packed.getvalue())
    write_facts(digits, hidden, labels)
    codes = digit_features.dictionary().encode(hidden)
    sheet = strongest_images(images, codes, STRONGEST)
    atomic_write.write_bytes(digit_features.PICTURES, png(1 - sheet))
    for path in (digit_features.WEIGHTS, digit_features.FACTS, digit_features.PICTURES):
        print(f"{path.name}: {path.stat().st_size:,} bytes")


def training_images(digits: data.Dataset) -> tuple[Float32Array, IntArray]:
    """Return the training digits, then copies of them with other habits, and all labels."""
    rng = np.random.default_rng(_SEED)
    varied = augment(digits.x_train, digits.y_train, rng, ("habits",))
    labels = np.concatenate([digits.y_train, digits.y_train]).astype(np.int64)
    return np.concatenate([digits.x_train, varied]), labels


def write_facts(digits: data.Dataset, hidden: Float32Array, labels: IntArray) -> None:
    """Measure the stored dictionary and record it."""
    record: dict[str, Any] = {"active": ACTIVE, "epochs": EPOCHS, "features": FEATURES}
    # `dictionary` reads how many features are active from the record.
    atomic_write.write_text(
        digit_features.FACTS,
        json.dumps(
            record
            | dict.fromkeys(("error", "spread", "accuracy", "copied_accuracy", "mean_active"), 0)
            | {"shares": [], "digits": [], "names": {}, "strongest": STRONGEST}
        ),
    )
    digit_features.facts.cache_clear()
    digit_features.dictionary.cache_clear()
    net, reader = digit_features.dictionary(), classifier.load()
    test = reader.hidden(digits.x_test)
    codes, copies = net.encode(hidden), net.reconstruct(test)
    totals = np.array([codes[labels == digit].sum(axis=0) for digit in range(10)]).T
    by_digit = totals / np.maximum(totals.sum(axis=1, keepdims=True), 1e-9)

    def accuracy(outputs: Float32Array) -> float:
        return rounded((reader.logits_from_hidden(outputs).argmax(1) == digits.y_test).mean())

    record |= {
        "error": rounded(net.error(test).mean()),
        "spread": rounded(np.square(test - test.mean(axis=0)).sum(axis=1).mean()),
        "accuracy": accuracy(test),
        "copied_accuracy": accuracy(copies),
        "mean_active": rounded((net.encode(test) > 0).sum(axis=1).mean()),
        "shares": [rounded(share) for share in (codes > 0).mean(axis=0)],
        "digits": [[rounded(share) for share in row] for row in by_digit],
        "names": {str(feature): name for feature, name in NAMES.items()},
        "strongest": STRONGEST,
    }
    atomic_write.write_text(digit_features.FACTS, json.dumps(record) + "\n")
    digit_features.facts.cache_clear()
    print({name: value for name, value in record.items() if not isinstance(value, list | dict)})


def strongest_images(images: Float32Array, codes: Float32Array, count: int) -> Float32Array:
    """Return a sheet with a row of ``count`` images for each feature, 28 pixels each."""
    rows = []
    for strengths in codes.T:
        chosen = images[np.argsort(-strengths, kind="stable")[:count]]
        rows.append(chosen.reshape(count, 28, 28).transpose(1, 0, 2).reshape(28, -1))
    return np.concatenate(rows)


if __name__ == "__main__":
    main()
