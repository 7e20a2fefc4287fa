"""How well do codes keep the digits apart: PCA against autoencoders, by 2 and by 30 numbers.

Run as ``python -m tests.benchmarks.separability``; on MNIST if ``COURSE_DATA`` or a cache has it,
else on the bundled digits. By default it trains what lesson 3 trains; ``--paper`` takes the
network of Hinton and Salakhutdinov 2006, 784-1000-500-250, which wants ten times as long. The
measures are those of the lesson: codes of 10,000 training and 2,000 test images.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from course import autoencoder, data, metrics
from course.baselines import PCA

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

LESSON = (256, 128, 64)
PAPER = (1000, 500, 250)
CODES = (2, 30)


def measure(hidden: tuple[int, ...], epochs: int, codes: tuple[int, ...]) -> str:
    """Return the table of `course.metrics.separability_table`, and the errors below it."""
    digits = data.digits()
    train, test = digits.x_train, digits.x_test[:2000]
    rows, errors = {}, []

    def note(name: str, encode: Callable[[ArrayLike], ArrayLike], copies: ArrayLike) -> None:
        rows[name] = metrics.separability(
            encode(train[:10_000]),
            digits.y_train[:10_000],
            encode(test),
            digits.y_test[: len(test)],
            test,
        )
        errors.append(f"{name}: squared error {metrics.squared_error(test, copies):.2f}")

    for size in codes:
        pca = PCA(size).fit(train)
        note(f"PCA-{size}", pca.encode, pca.reconstruct(test))
        model = autoencoder.build(784, *hidden, size)
        batch = 256 if len(train) > 10_000 else 64
        autoencoder.train(
            model,
            train,
            epochs=epochs,
            batch=batch,
            learning_rate=3e-3,
            loss="cross_entropy",
            shift=0,
            live=False,
        )
        note(f"AE-{size}", _encoding(model), model(test).numpy())
    return "\n".join([repr(digits), metrics.separability_table(rows), *errors])


def _encoding(model: Any) -> Callable[[ArrayLike], ArrayLike]:
    def encode(x: ArrayLike) -> ArrayLike:
        codes: ArrayLike = model.encoder(x).numpy()
        return codes

    return encode


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.separability")
    parser.add_argument("--paper", action="store_true", help="the network of the 2006 paper")
    parser.add_argument("--epochs", type=int, help="as in the lesson if left out")
    parser.add_argument("--codes", type=int, nargs="+", default=list(CODES), metavar="SIZE")
    chosen = parser.parse_args()
    many = len(data.digits().x_train) > 10_000
    epochs = chosen.epochs if chosen.epochs is not None else 6 if many else 45
    with threadpool_limits(1):
        print(measure(PAPER if chosen.paper else LESSON, epochs, tuple(chosen.codes)))


if __name__ == "__main__":
    main()
