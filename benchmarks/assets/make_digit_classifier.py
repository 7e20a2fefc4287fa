"""Train the digit classifier that ships.

Run as ``python -m benchmarks.assets.make_digit_classifier``.

It takes a few minutes on two cores, needs MNIST, and writes ``course/assets/digit_classifier.npz``.
The network (12 and 32 filters of 5 by 5, then 96 and 10 units) trains on MNIST's 60,000 training
digits and on augmented ones: other habits of writing, other shapes, other pens
(``course.classifier.augmentation``). The test digits and all pen strokes are only used to measure.

It reads 99.3% of MNIST's test digits and 98.4% of 1,000 real pen strokes, drawn at random
size, place and pen width and preprocessed MNIST's way; ``benchmarks/pen_accuracy.md`` has the
whole table. Training is seeded, but machines add numbers in different orders, so another run gives
almost, not exactly, these numbers.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from course import atomic_write, classifier, data
from course.classifier.augmentation import KINDS, augment
from course.classifier.network import SIDE, STRIDE, WINDOW, DigitClassifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from course.data import Dataset

WINDOWS: Final = (12, 32)
HIDDEN: Final = 96
PASSES: Final = 12
SEED: Final = 1
_VARIED: Final = 30_000  # augmented digits per pass
_PLAIN: Final = 10_000  # unchanged digits per pass
_EPOCHS: Final = 2  # per pass
_BATCH: Final = 256
_STEP: Final = 2e-3


def main() -> None:
    """Train and store the network; print its accuracy on MNIST's test digits."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    digits = data.digits("mnist")
    trained = train(digits)
    store(trained, classifier.WEIGHTS)
    classifier.load.cache_clear()
    share = accuracy(classifier.load(), digits.x_test, digits.y_test)
    size = classifier.WEIGHTS.stat().st_size
    print(f"MNIST's test digits: {share:.2%}; {size:,} bytes")


def train(
    digits: Dataset, kinds: tuple[str, ...] = KINDS, *, passes: int = PASSES, seed: int = SEED
) -> DigitClassifier:
    """Train a network on digits and on augmented copies of them.

    Example:
        >>> train(data.digits("bundled"), passes=1)  # doctest: +SKIP
        DigitClassifier(...)

    Args:
        digits: Only the training part is used.
        kinds: Kinds of augmentation, any of ``KINDS``; none trains on the unchanged digits.
        passes: How often new copies are made.
        seed: For the initial weights, the augmentation and the order of the digits.
    """
    import keras
    from tqdm import tqdm

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = _model()
    count = len(digits.x_train)
    varied, plain = min(_VARIED, count), min(_PLAIN, count)
    steps = passes * _EPOCHS * -(-(varied + plain) // _BATCH)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(_STEP, steps)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    for _ in tqdm(range(passes), desc=f"learning with {', '.join(kinds) or 'MNIST alone'}"):
        order = rng.permutation(count)
        new, old = order[:varied], rng.permutation(count)[:plain]
        shown = digits.x_train[new]
        if kinds:
            shown = augment(shown, digits.y_train[new], rng, kinds)
        model.fit(
            np.concatenate([shown, digits.x_train[old]]),
            np.concatenate([digits.y_train[new], digits.y_train[old]]),
            batch_size=_BATCH,
            epochs=_EPOCHS,
            verbose=0,
        )
    pairs = [layer.get_weights() for layer in model.layers if layer.weights]
    return DigitClassifier(
        tuple(kernel.astype(np.float32) for kernel, _ in pairs),
        tuple(bias.astype(np.float32) for _, bias in pairs),
    )


def _model() -> Any:
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((SIDE * SIDE,)),
            layers.Reshape((SIDE, SIDE, 1)),
            *(layers.Conv2D(n, WINDOW, strides=STRIDE, activation="relu") for n in WINDOWS),
            layers.Flatten(),
            layers.Dense(HIDDEN, activation="relu"),
            layers.Dense(10),
        ]
    )


def accuracy(network: DigitClassifier, images: Any, labels: NDArray[np.integer]) -> float:
    """Return the share of images ``(n, 784)`` that a network classifies correctly."""
    parts = np.array_split(np.asarray(images), max(1, len(images) // 1000))
    read = np.concatenate([network.logits(part).argmax(axis=1) for part in parts])
    return float((read == labels).mean())


def store(network: DigitClassifier, path: Path) -> None:
    """Write a network's weights with 16 bits each, atomically."""
    packed = io.BytesIO()
    named: dict[str, Any] = {}
    for i, (kernel, bias) in enumerate(zip(network.kernels, network.biases, strict=True)):
        named[f"kernel_{i}"] = kernel.astype(np.float16)
        named[f"bias_{i}"] = bias.astype(np.float16)
    np.savez_compressed(packed, **named)
    atomic_write.write_bytes(path, packed.getvalue())


if __name__ == "__main__":
    main()
