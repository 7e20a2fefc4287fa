"""Compare how well the codes of PCA and of autoencoders separate classes, over several seeds.

``python -m benchmarks.separability`` trains and measures as lesson 3 does: codes of 10,000
training images and the first 2,000 test images, and two numbers for each news story. It writes
``benchmarks/separability.md``; with MNIST and Reuters in ``COURSE_DATA`` or a cache that takes
about ten minutes. ``--print`` writes no file; ``--paper`` uses the network of Hinton and
Salakhutdinov 2006, 784-1000-500-250, and takes ten times as long.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from course import autoencoder, data, metrics
from course.baselines import LSA, PCA
from course.data import Dataset

TABLES: Final = Path(__file__).with_suffix(".md")
LESSON: Final = (256, 128, 64)
PAPER: Final = (1000, 500, 250)
CODES: Final = (2, 30)
Encode = Callable[[ArrayLike], ArrayLike]

_HEAD: Final = """# How well codes separate classes

Written by `python -m benchmarks.separability --rounds {rounds}`; don't edit the numbers.
Each autoencoder was trained with {rounds} seeds: the tables show the mean and, in brackets, the
smallest and the largest value. PCA has no seed, but k-means has.

Digits: codes of the first 10,000 training and the first 2,000 test images. 5-NN: accuracy of
5-nearest-neighbor classification of the test codes. Linear probe: accuracy of a linear
classifier. Trustworthiness: of 12 neighbors, compared with the pixels. k-means: ten clusters of the
training codes compared with their labels, adjusted Rand index. Error: squared, summed over the
pixels of a test image. The autoencoders are 784-256-128-64-k.
"""


@dataclass(frozen=True)
class Column:
    """One measure of a code: its title, and the format of its values."""

    title: str
    format: str


DIGITS: Final = (
    Column("5-NN", "{:.1%}"),
    Column("linear probe", "{:.1%}"),
    Column("trustworthiness", "{:.3f}"),
    Column("silhouette", "{:.3f}"),
    Column("k-means", "{:.2f}"),
    Column("error", "{:.2f}"),
)
NEWS: Final = DIGITS[:1]
Rows = dict[str, list[list[float]]]  # by name of the code: the measures for each seed


def digit_rows(
    digits: Dataset, hidden: tuple[int, ...], epochs: int, codes: tuple[int, ...], seeds: range
) -> Rows:
    """Measure the codes of PCA and of autoencoders, and the pixels themselves."""
    train, test = digits.x_train, digits.x_test[:2000]
    coded, labels = train[:10_000], digits.y_train[:10_000]
    truth = digits.y_test[: len(test)]
    rows: Rows = {}

    def measure(encode: Encode, reconstructions: ArrayLike, seed: int) -> list[float]:
        codes = np.asarray(encode(coded))
        result = metrics.separability(codes, labels, encode(test), truth, test)
        agreement = _cluster_agreement(codes, labels, seed)
        error = metrics.squared_error(test, reconstructions)
        trust = result.trustworthiness or 0.0
        return [result.knn, result.probe, trust, result.silhouette, agreement, error]

    for size in codes:
        pca = PCA(size).fit(train)
        first = measure(pca.encode, pca.reconstruct(test), seeds.start)
        pca_codes = np.asarray(pca.encode(coded))
        others = (_cluster_agreement(pca_codes, labels, seed) for seed in seeds[1:])
        rows[f"PCA-{size}"] = [first, *([*first[:4], other, first[5]] for other in others)]
        rows[f"AE-{size}"] = []
        for seed in seeds:
            model = autoencoder.build(784, *hidden, size, seed=seed)
            autoencoder.train(
                model,
                train,
                epochs=epochs,
                batch=256 if len(train) > 10_000 else 128,
                learning_rate=3e-3,
                loss="cross_entropy",
                shift=0,
                live=False,
                seed=seed,
            )
            rows[f"AE-{size}"].append(measure(_encoder(model), model(test).numpy(), seed))
    rows["pixels"] = [measure(np.asarray, test, seeds.start)]
    return rows


def news_rows(news: Dataset, seeds: range) -> Rows:
    """Measure codes of two numbers: LSA, PCA, and the lesson's autoencoder of word frequencies."""
    stories, topics = news.x_test[:2000], news.y_test[:2000]

    def measure(encode: Encode) -> list[float]:
        return [metrics.knn_accuracy(encode(news.x_train), news.y_train, encode(stories), topics)]

    rows: Rows = {
        "LSA-2": [measure(LSA(2).fit(news.x_train).encode)],
        "PCA-2": [measure(PCA(2).fit(news.x_train).encode)],
        "AE-2": [],
    }
    for seed in seeds:
        width = news.x_train.shape[1]
        model = autoencoder.build(width, 128, 64, 2, output="softmax", seed=seed)
        autoencoder.train(
            model,
            _frequencies(news.x_train),
            epochs=20,
            batch=64,
            loss="cross_entropy",
            shift=0,
            live=False,
            seed=seed,
        )
        rows["AE-2"].append(measure(_encoder(model, _frequencies)))
    return rows


def table(rows: Rows, columns: tuple[Column, ...]) -> str:
    """Return a Markdown table with one row per code: mean (smallest to largest) over the seeds."""
    lines = [
        f"| code | {' | '.join(column.title for column in columns)} |",
        f"|:--|{'--:|' * len(columns)}",
    ]
    for name, seeds in rows.items():
        cells = [
            spread(list(values), column)
            for values, column in zip(zip(*seeds, strict=True), columns, strict=True)
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def spread(values: list[float], column: Column) -> str:
    """Return the mean of some values and, if they differ when rounded, their range.

    Example:
        >>> spread([0.75, 0.78], Column("5-NN", "{:.1%}"))
        '76.5% (75.0 to 78.0)'
    """
    numbers = (float(np.mean(values)), min(values), max(values))
    mean, low, high = map(column.format.format, numbers)
    if low == high:
        return mean
    return f"{mean} ({low.removesuffix('%')} to {high.removesuffix('%')})"


def tables(
    hidden: tuple[int, ...], epochs: int | None, codes: tuple[int, ...], seeds: range
) -> str:
    """Return all tables, those of the original data first."""
    parts = []
    for digits in _both(data.digits, "bundled"):
        usual = 6 if len(digits.x_train) > 10_000 else 30
        rows = digit_rows(digits, hidden, usual if epochs is None else epochs, codes, seeds)
        parts += [f"## {_title(digits)}", table(rows, DIGITS)]
    for news in _both(data.news, "written"):
        parts += [f"## {_title(news)}", table(news_rows(news, seeds), NEWS)]
    return "\n\n".join(parts)


def _both(load: Callable[..., Dataset], bundled: str) -> list[Dataset]:
    """Return the original data, if available, and the course's own."""
    dataset = load()
    return [dataset] if dataset.source == bundled else [dataset, load(bundled)]


def _title(dataset: Dataset) -> str:
    note = dataset.note.partition(", from ")[0].partition(". Why ")[0]
    return f"{note}: {len(dataset.x_train):,} to train on"


def _cluster_agreement(code: np.ndarray[Any, Any], labels: ArrayLike, seed: int) -> float:
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    clusters = KMeans(10, n_init=5, random_state=seed).fit_predict(code)
    return float(adjusted_rand_score(labels, clusters))


def _frequencies(stories: ArrayLike) -> ArrayLike:
    counts: np.ndarray[Any, Any] = np.asarray(stories)
    frequencies: ArrayLike = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9)
    return frequencies


def _encoder(model: Any, prepare: Encode = np.asarray) -> Encode:
    def encode(x: ArrayLike) -> ArrayLike:
        codes: ArrayLike = model.encoder(prepare(x)).numpy()
        return codes

    return encode


def main() -> None:
    """Train, measure, print and write the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.separability")
    parser.add_argument("--rounds", type=int, default=5, help="seeds for each autoencoder")
    parser.add_argument("--print", action="store_true", help="print only, write no file")
    parser.add_argument("--paper", action="store_true", help="the network of the 2006 paper")
    parser.add_argument("--epochs", type=int, help="as in the lesson if left out")
    parser.add_argument("--codes", type=int, nargs="+", default=list(CODES), metavar="SIZE")
    args = parser.parse_args()
    hidden, codes = PAPER if args.paper else LESSON, tuple(args.codes)
    with threadpool_limits(1):
        text = tables(hidden, args.epochs, codes, range(args.rounds))
    print(text)
    if not args.print:
        TABLES.write_text(f"{_HEAD.format(rounds=args.rounds)}\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
