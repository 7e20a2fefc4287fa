"""How well do codes keep classes apart: PCA against autoencoders, seed by seed.

``python -m benchmarks.separability`` trains what lesson 3 trains, with several seeds, and
measures as the lesson does: codes of 10,000 training and of the first 2,000 test images, and two
numbers for each news story. The tables go to ``separability.md`` beside this file; with MNIST and
Reuters in ``COURSE_DATA`` or a cache that takes some ten minutes. ``--print`` writes no file;
``--paper`` takes the network of Hinton and Salakhutdinov 2006, 784-1000-500-250, which wants ten
times as long.
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

_HEAD: Final = """# How well codes keep classes apart

Written by `python -m benchmarks.separability --rounds {rounds}`; no number is typed. Each
autoencoder was trained {rounds} times, with other seeds: given are the mean and, in brackets, the
smallest and the largest value. PCA has no seed, but k-means has.

Digits: codes of the first 10,000 training images vote on, and are clustered beside, those of the
first 2,000 test images. 5-NN: share of test codes that their five nearest training codes name
correctly. Linear probe: the same by a linear classifier. Trustworthiness: of 12 neighbors, against
the pixels. k-means: ten clusters of the training codes against their labels, adjusted Rand index.
Error: squared, summed over the pixels of a test image. The autoencoders are 784-256-128-64-k.
"""


@dataclass(frozen=True)
class Column:
    """One measure of a code: its title, and how its values are written."""

    title: str
    form: str
    factor: float = 1


DIGITS: Final = (
    Column("5-NN", "{:.1f}%", 100),
    Column("linear probe", "{:.1f}%", 100),
    Column("trustworthiness", "{:.3f}"),
    Column("silhouette", "{:.3f}"),
    Column("k-means", "{:.2f}"),
    Column("error", "{:.2f}"),
)
NEWS: Final = DIGITS[:1]
Rows = dict[str, list[list[float]]]  # name of a code: for each seed its measures


def digit_rows(
    digits: Dataset, hidden: tuple[int, ...], epochs: int, codes: tuple[int, ...], seeds: range
) -> Rows:
    """Measure codes of digits by PCA and by autoencoders, and at last the pixels themselves."""
    train, test = digits.x_train, digits.x_test[:2000]
    known, labels = train[:10_000], digits.y_train[:10_000]
    truth = digits.y_test[: len(test)]
    rows: Rows = {}

    def measured(encode: Encode, copies: ArrayLike, seed: int) -> list[float]:
        code = np.asarray(encode(known))
        found = metrics.separability(code, labels, encode(test), truth, test)
        heaps = _agreement(code, labels, seed)
        error = metrics.squared_error(test, copies)
        trust = found.trustworthiness or 0.0
        return [found.knn, found.probe, trust, found.silhouette, heaps, error]

    for size in codes:
        pca = PCA(size).fit(train)
        first = measured(pca.encode, pca.reconstruct(test), seeds.start)
        again = (_agreement(np.asarray(pca.encode(known)), labels, seed) for seed in seeds[1:])
        rows[f"PCA-{size}"] = [first, *([*first[:4], heaps, first[5]] for heaps in again)]
        rows[f"AE-{size}"] = []
        for seed in seeds:
            model = autoencoder.build(784, *hidden, size, seed=seed)
            autoencoder.train(
                model,
                train,
                epochs=epochs,
                batch=256 if len(train) > 10_000 else 64,
                learning_rate=3e-3,
                loss="cross_entropy",
                shift=0,
                live=False,
                seed=seed,
            )
            found = measured(_encoding(model), model(test).numpy(), seed)
            rows[f"AE-{size}"].append(found)
    rows["pixels"] = [measured(np.asarray, test, seeds.start)]
    return rows


def news_rows(news: Dataset, seeds: range) -> Rows:
    """Measure two numbers for each story: LSA, PCA, and the lesson's autoencoder of shares."""
    stories, topics = news.x_test[:2000], news.y_test[:2000]

    def measured(encode: Encode) -> list[float]:
        return [metrics.knn_accuracy(encode(news.x_train), news.y_train, encode(stories), topics)]

    rows: Rows = {
        "LSA-2": [measured(LSA(2).fit(news.x_train).encode)],
        "PCA-2": [measured(PCA(2).fit(news.x_train).encode)],
        "AE-2": [],
    }
    for seed in seeds:
        width = news.x_train.shape[1]
        reader = autoencoder.build(width, 128, 64, 2, output="softmax", seed=seed)
        autoencoder.train(
            reader,
            _shares(news.x_train),
            epochs=20,
            batch=64,
            loss="cross_entropy",
            shift=0,
            live=False,
            seed=seed,
        )
        rows["AE-2"].append(measured(_encoding(reader, _shares)))
    return rows


def table(rows: Rows, columns: tuple[Column, ...]) -> str:
    """Return a table in Markdown: one line a code, mean (smallest to largest) of its seeds."""
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
    """Return the mean of some values and, if they differ as written, their range.

    Example:
        >>> spread([0.75, 0.78], Column("5-NN", "{:.1f}%", 100))
        '76.5% (75.0 to 78.0)'
    """
    mean, low, high = (
        column.form.format(column.factor * value)
        for value in (float(np.mean(values)), min(values), max(values))
    )
    if low == high:
        return mean
    return f"{mean} ({low.removesuffix('%')} to {high.removesuffix('%')})"


def tables(
    hidden: tuple[int, ...], epochs: int | None, codes: tuple[int, ...], seeds: range
) -> str:
    """Return all tables, those of the real data first."""
    parts = []
    for digits in _both(data.digits, "bundled"):
        usual = 6 if len(digits.x_train) > 10_000 else 45
        rows = digit_rows(digits, hidden, usual if epochs is None else epochs, codes, seeds)
        parts += [f"## {_title(digits)}", table(rows, DIGITS)]
    for news in _both(data.news, "written"):
        parts += [f"## {_title(news)}", table(news_rows(news, seeds), NEWS)]
    return "\n\n".join(parts)


def _both(load: Callable[..., Dataset], own: str) -> list[Dataset]:
    """The original, if it can be had, and what comes with the course."""
    found = load()
    return [found] if found.source == own else [found, load(own)]


def _title(found: Dataset) -> str:
    note = found.note.partition(", from ")[0].partition(". Why ")[0]
    return f"{note}: {len(found.x_train):,} to train on"


def _agreement(code: np.ndarray[Any, Any], labels: ArrayLike, seed: int) -> float:
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    clusters = KMeans(10, n_init=5, random_state=seed).fit_predict(code)
    return float(adjusted_rand_score(labels, clusters))


def _shares(stories: ArrayLike) -> ArrayLike:
    counts: np.ndarray[Any, Any] = np.asarray(stories)
    shares: ArrayLike = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9)
    return shares


def _encoding(model: Any, prepare: Encode = np.asarray) -> Encode:
    def encode(x: ArrayLike) -> ArrayLike:
        codes: ArrayLike = model.encoder(prepare(x)).numpy()
        return codes

    return encode


def main() -> None:
    """Train, measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.separability")
    parser.add_argument("--rounds", type=int, default=5, help="seeds for each autoencoder")
    parser.add_argument("--print", action="store_true", help="print, and write nothing")
    parser.add_argument("--paper", action="store_true", help="the network of the 2006 paper")
    parser.add_argument("--epochs", type=int, help="as in the lesson if left out")
    parser.add_argument("--codes", type=int, nargs="+", default=list(CODES), metavar="SIZE")
    given = parser.parse_args()
    hidden, codes = PAPER if given.paper else LESSON, tuple(given.codes)
    with threadpool_limits(1):
        found = tables(hidden, given.epochs, codes, range(given.rounds))
    print(found)
    if not given.print:
        TABLES.write_text(f"{_HEAD.format(rounds=given.rounds)}\n{found}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
