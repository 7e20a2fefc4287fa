"""How well the classifier reads real pen strokes, and what each variation in training gains.

Run ``python -m benchmarks.pen_accuracy``; it needs ``COURSE_DATA`` (MNIST and
``pen_strokes.jsonl.gz``), takes some ten minutes on two cores, and writes ``pen_accuracy.md``
beside this file. With ``--errors`` it trains nothing and renews what comes after the first table,
in some minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.assets.make_digit_classifier import PASSES, accuracy, train
from benchmarks.not_digits import SHAPES
from course import atomic_write, classifier, data, drawing
from course.autoencoder import frozen
from course.classifier.augmentation import KINDS
from course.classifier.network import DigitClassifier
from course.deployment.scoring import ERROR_LIMIT
from course.drawing import boxes, centre

OUT = Path(__file__).with_suffix(".md")
SECOND = "## Which digits are misread"
WIDTHS = ((3, 5), (8, 12), (20, 24))
SIDE = 280
SHORT = 4  # passes of the networks that are trained for the comparison
FloatArray = NDArray[np.float32]


def strokes() -> list[dict[str, Any]]:
    """Return the stored drawings; the longest side of each is 1."""
    path = Path(os.environ["COURSE_DATA"]) / "pen_strokes.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def anywhere(
    lines: Any, rng: np.random.Generator, widths: tuple[float, float] = (8, 24)
) -> NDArray[np.uint8]:
    """Draw lines on the canvas: 100 to 240 pixels large, with a pen of any such width, anywhere."""
    points = np.concatenate([np.asarray(line, dtype=float) for line in lines])
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    size, pen = rng.uniform(100, 240) / extent.max(), rng.uniform(*widths)
    place = pen / 2 + rng.random(2) * (SIDE - pen - size * extent)
    moved = [((np.asarray(line, float) - low) * size + place).tolist() for line in lines]
    return drawing.rasterise(moved, SIDE, SIDE, pen)


def prepared(canvas: NDArray[np.uint8]) -> dict[str, FloatArray]:
    """Return the 784 numbers of a canvas, prepared three ways."""
    alpha = canvas[..., 3]
    small = centre.centred(centre.fit(boxes.crop(alpha, boxes.bounding_box(alpha))))
    return {
        "mnist": drawing.preprocess(canvas, "mnist").vector[0],
        "own pen": (small.ravel() / 255).astype(np.float32),
        "lecture": drawing.preprocess(canvas, "lecture").vector[0],
    }


def pens() -> tuple[dict[str, FloatArray], NDArray[np.integer], NDArray[np.bool_]]:
    """Return all stored drawings prepared, their classes, and which are of every second writer."""
    rng = np.random.default_rng(0)
    stored = strokes()
    each = [prepared(anywhere(one["strokes"], rng)) for one in tqdm(stored, desc="drawing")]
    writers = sorted({one["writer"] for one in stored})
    half = np.array([writers.index(one["writer"]) % 2 == 0 for one in stored])
    images = {way: np.stack([one[way] for one in each]) for way in each[0]}
    return images, np.array([one["digit"] for one in stored]), half


def not_digits() -> FloatArray:
    """Return drawings of other things, prepared MNIST's way; 20 of each."""
    rng = np.random.default_rng(1)
    found = []
    for shape in SHAPES.values():
        for _ in range(20):
            turn, slant = rng.normal(0, 0.12), rng.normal(0, 0.12)
            matrix = np.array([[np.cos(turn), np.sin(turn) + slant], [-np.sin(turn), np.cos(turn)]])
            lines = [np.asarray(line) @ (matrix * np.exp(rng.normal(0, 0.1, 2))) for line in shape]
            found.append(drawing.preprocess(anywhere(lines, rng)).vector[0])
    return np.stack(found)


def line(name: str, network: DigitClassifier, images: dict[str, FloatArray], labels: Any) -> str:
    digits = data.digits("mnist")
    shares = [accuracy(network, digits.x_test, digits.y_test)]
    shares += [accuracy(network, images[way], labels) for way in ("mnist", "own pen", "lecture")]
    return f"| {name} | " + " | ".join(f"{share:.1%}" for share in shares) + " |"


def errors_table(images: dict[str, FloatArray]) -> list[str]:
    """Say why the meter's limit is where it is."""
    net = frozen.digits()
    rows = {
        "MNIST's test digits": data.digits("mnist").x_test,
        "pen strokes, MNIST's way": images["mnist"],
        "pen strokes, own pen": images["own pen"],
        "pen strokes, the lecture's way": images["lecture"],
        "drawings of other things, MNIST's way": not_digits(),
    }
    out = [
        f"| images | number | median | 95% | 99% | above {ERROR_LIMIT} |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, x in rows.items():
        errors = net.error(x)
        middle, most, nearly = np.quantile(errors, [0.5, 0.95, 0.99])
        above = (errors > ERROR_LIMIT).mean()
        out.append(
            f"| {name} | {len(x):,} | {middle:.1f} | {most:.1f} | {nearly:.1f} | {above:.1%} |"
        )
    return out


def digits_table(images: dict[str, FloatArray], labels: Any) -> list[str]:
    """Say which digits the course's network misreads, prepared either way."""
    out = [
        "| | " + " | ".join(map(str, range(10))) + " | all |",
        "|---|" + "---:|" * 11,
        "| drawn | " + " | ".join(str((labels == d).sum()) for d in range(10)) + " | 1,000 |",
    ]
    for way, name in (
        ("mnist", "MNIST's way"),
        ("own pen", "own pen"),
        ("lecture", "the lecture's"),
    ):
        wrong = classifier.load().logits(images[way]).argmax(axis=1) != labels
        counts = [int((wrong & (labels == digit)).sum()) for digit in range(10)]
        out.append(f"| misread, {name} | " + " | ".join(map(str, counts)) + f" | {sum(counts)} |")
    return out


def widths_table() -> list[str]:
    """Say what making the line as thick as MNIST's gains, by the pen."""
    out = [
        "| pen on a canvas of 280 | refused | read, MNIST's way | read, own pen |",
        "|---|---:|---:|---:|",
    ]
    stored = strokes()
    for low, high in WIDTHS:
        rng = np.random.default_rng(5)
        each, labels = [], []
        for one in tqdm(stored, desc=f"pens of {low} to {high}"):
            with contextlib.suppress(drawing.DrawingError):  # taken for two digits
                each.append(prepared(anywhere(one["strokes"], rng, (low, high))))
                labels.append(one["digit"])
        shares = [
            accuracy(classifier.load(), np.stack([one[way] for one in each]), np.array(labels))
            for way in ("mnist", "own pen")
        ]
        counts = f"{len(stored) - len(each)} | {shares[0]:.1%} | {shares[1]:.1%}"
        out.append(f"| {low} to {high} pixels | {counts} |")
    return out


def compared(images: dict[str, FloatArray], labels: Any) -> list[str]:
    """Train the networks of the comparison and return their lines."""
    kinds: dict[str, tuple[str, ...]] = {"MNIST alone": ()}
    kinds |= {f"without {one}": tuple(k for k in KINDS if k != one) for one in KINDS}
    kinds["all variations"] = KINDS
    digits = data.digits("mnist")
    return [
        line(f"{name}, {SHORT} passes", train(digits, chosen, passes=SHORT), images, labels)
        for name, chosen in kinds.items()
    ]


def accuracy_part(images: dict[str, FloatArray], labels: Any, half: Any) -> list[str]:
    network = classifier.load()
    shipped = line(f"**the course's**, all variations, {PASSES} passes", network, images, labels)
    halves = [accuracy(network, images["mnist"][part], labels[part]) for part in (half, ~half)]
    return [
        "# Reading real pen strokes",
        "",
        "Made by `python -m benchmarks.pen_accuracy`. 1,000 digits of 163 writers, each",
        "drawn 100 to 240 pixels large with a pen of 8 to 24 pixels, anywhere on a canvas of 280;",
        "all seeds fixed. No network trained on them. *Own pen* is MNIST's way without making the",
        "line as thick as MNIST's. A short training is enough to compare; the course's network had",
        "a longer one.",
        "",
        "| trained on | MNIST's test digits | strokes, MNIST's way | own pen | the lecture's way |",
        "|---|---:|---:|---:|---:|",
        *compared(images, labels),
        shipped,
        "",
        f"Every second writer: {halves[0]:.1%}; the others: {halves[1]:.1%}. Neither half was held",
        "out: no network trained on them, but the habits to add come from what a network that",
        "was trained on MNIST alone misreads in all of them. For new writers it may read a little",
        "less.",
        "",
    ]


def later_part(images: dict[str, FloatArray], labels: Any) -> list[str]:
    return [
        SECOND,
        "",
        "By the course's network.",
        "",
        *digits_table(images, labels),
        "",
        "## What evening the pen gains",
        "",
        "All strokes once more, drawn with thin, usual and thick pens. Refused is what seems to be",
        "two digits, its strokes too far apart.",
        "",
        *widths_table(),
        "",
        "## This is not a digit",
        "",
        "Error of the copy by the 30-number autoencoder, squared, summed over 784 numbers.",
        f"Other things: {', '.join(SHAPES)}; 20 of each.",
        "",
        *errors_table(images),
        "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pen_accuracy")
    parser.add_argument(
        "--errors",
        action="store_true",
        help="train nothing, renew what comes after the first table",
    )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    errors_alone = parser.parse_args().errors
    images, labels, half = pens()
    if errors_alone:
        first = OUT.read_text(encoding="utf-8").partition(SECOND)[0]
    else:
        first = "\n".join([*accuracy_part(images, labels, half), ""])
    atomic_write.write_text(OUT, first + "\n".join(later_part(images, labels)))


if __name__ == "__main__":
    main()
