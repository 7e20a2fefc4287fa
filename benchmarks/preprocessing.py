"""Measure what each preprocessing step gains, and what input bugs cost a simple classifier.

Run ``python -m benchmarks.preprocessing``; it needs ``COURSE_DATA`` (MNIST), takes about a minute
and writes ``benchmarks/preprocessing.md``, which lesson 6 and ``course.drawing`` quote. The
classifier takes the five nearest neighbors among MNIST's 60,000 training digits, as 30 principal
components each: it hasn't learned to ignore position, size or thickness of the ink.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from course import atomic_write, data
from course.arrays import ByteArray, Float32Array
from course.data import Dataset
from course.drawing import boxes, centre, pen, resize

OUT = Path(__file__).with_suffix(".md")
SIDE = 280
DRAWN = 1_500
PLAIN = 2_000
EVERY = 5  # the line of every fifth test digit is measured
Reader = Callable[[Float32Array], float]


def bytes_of(images: Float32Array) -> ByteArray:
    """Return ``(n, 28, 28)`` gray levels, 0 to 255."""
    return np.rint(255 * images).astype(np.uint8).reshape(-1, 28, 28)


def anywhere(image: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Return a digit at a random place on a canvas, its longer side 60 to 240 pixels."""
    ink = boxes.crop(image, boxes.bounding_box(image))
    scale = rng.uniform(60, 240) / max(ink.shape)
    height, width = (round(side * scale) for side in ink.shape)
    large = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BICUBIC))
    top, left = (int(rng.integers(SIDE - side + 1)) for side in large.shape)
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    canvas[top : top + height, left : left + width] = large
    return canvas


def prepared(canvas: ByteArray) -> dict[str, ByteArray]:
    """Return 28 by 28 pixels, preprocessed with more and more of MNIST's steps."""
    box = boxes.bounding_box(canvas)
    squared = boxes.square(canvas, box)
    framed = np.zeros((28, 28), np.uint8)
    framed[4:24, 4:24] = resize.lanczos(squared, centre.INNER)
    return {
        "the whole canvas, made small": resize.area(canvas, (28, 28)),
        "a square that fills everything: the lecture's way": resize.lanczos(squared, 28),
        "the square in a frame of 4 pixels": framed,
        "20 by 20, by the center of mass": centre.centred(centre.fit(boxes.crop(canvas, box))),
    }


def reader(digits: Dataset, labels: NDArray[np.integer]) -> Reader:
    """Return a function that computes the share of images ``(n, 784)`` that are read correctly."""
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsClassifier

    axes = PCA(30, svd_solver="covariance_eigh").fit(digits.x_train)
    nearest = KNeighborsClassifier(5).fit(axes.transform(digits.x_train), digits.y_train)

    def share(images: Float32Array) -> float:
        return float((nearest.predict(axes.transform(images)) == labels[: len(images)]).mean())

    return share


def bugs(images: Float32Array) -> dict[str, Float32Array]:
    """Return correct images, and the same images with typical input bugs."""
    square = images.reshape(-1, 28, 28)
    return {
        "as they are": images,
        "not divided by 255": 255 * images,
        "transposed": np.ascontiguousarray(square.transpose(0, 2, 1)).reshape(-1, 784),
        "inverted": 1 - images,
    }


def table(head: str, shares: dict[str, float]) -> list[str]:
    rows = [f"| {name} | {share:.1%} |" for name, share in shares.items()]
    return [f"| {head} | read right |", "|---|---:|", *rows]


def line_thickness(image: ByteArray) -> tuple[float, float]:
    """Return the thickness of an image's line in pixels, measured at eight times the size.

    The first value is for repeated pixels, the second for smooth scaling: the truth lies between.
    """
    smooth = Image.fromarray(image).resize((224, 224), Image.Resampling.BILINEAR)
    return (
        pen.thickness(np.kron(image, np.ones((8, 8), np.uint8))) / 8,
        pen.thickness(np.asarray(smooth, dtype=np.uint8)) / 8,
    )


def mass(images: Float32Array) -> tuple[float, float]:
    """Return the mean row and column of the centers of mass."""
    square = images.reshape(-1, 28, 28).astype(np.float64)
    total = square.sum(axis=(1, 2))
    indices = np.arange(28)
    rows, columns = square.sum(axis=2) @ indices / total, square.sum(axis=1) @ indices / total
    return float(rows.mean()), float(columns.mean())


def main() -> None:
    digits = data.digits("mnist")
    share = reader(digits, digits.y_test)
    rng = np.random.default_rng(0)
    images = bytes_of(digits.x_test[:DRAWN])
    results = [prepared(anywhere(image, rng)) for image in tqdm(images, desc="drawing")]
    drawn = {
        name: share((np.stack([r[name] for r in results]).reshape(-1, 784) / 255).astype("f4"))
        for name in results[0]
    }
    with_bugs = {name: share(x) for name, x in bugs(digits.x_test[:PLAIN]).items()}
    lines = np.array([line_thickness(image) for image in bytes_of(digits.x_test[::EVERY])])
    repeated, smooth = np.median(lines, axis=0)
    low, high = np.quantile(lines, [0.25, 0.75])
    row, column = mass(digits.x_test)
    text = [
        "# What the steps of preprocessing are worth",
        "",
        "Made by `python -m benchmarks.preprocessing`. The reader: five nearest neighbors",
        "among MNIST's 60,000 training digits, each as 30 principal components.",
        "",
        f"{DRAWN:,} of MNIST's test digits, redrawn on a canvas of {SIDE}, their longer side 60 to",
        "240 pixels, in any place:",
        "",
        *table("prepared as", drawn),
        "",
        f"{PLAIN:,} test digits as MNIST has them, and with each of some bugs:",
        "",
        *table("the input", with_bugs),
        "",
        f"The center of mass of the 10,000 test digits, counted from 0: row {row:.2f}, column",
        f"{column:.2f} on average.",
        "",
        f"The line of every fifth test digit, {len(lines):,} of them, in pixels of 28, measured by",
        "`course.drawing.pen` in the image eight times enlarged: in the median",
        f"{repeated:.1f} with each pixel repeated and {smooth:.1f} enlarged smoothly; half of all",
        f"lie between {low:.1f} and {high:.1f}. `MNIST_THICKNESS`, {pen.MNIST_THICKNESS}, is",
        "between the medians.",
        "",
    ]
    atomic_write.write_text(OUT, "\n".join(text))
    print("\n".join(text))


if __name__ == "__main__":
    main()
