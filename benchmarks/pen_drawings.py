"""Draw the stored pen strokes, and other things, on canvases as learners do."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.not_digits import SHAPES
from course import drawing
from course.arrays import ByteArray, Float32Array
from course.drawing import boxes, centre

SIDE = 280


def strokes() -> list[dict[str, Any]]:
    """Return the stored drawings, scaled so that their longer side is 1."""
    path = Path(os.environ["COURSE_DATA"]) / "pen_strokes.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def anywhere(
    lines: Any, rng: np.random.Generator, widths: tuple[float, float] = (8, 24)
) -> ByteArray:
    """Draw lines on a canvas at a random place, 100 to 240 pixels large, with a random pen."""
    points = np.concatenate([np.asarray(line, dtype=float) for line in lines])
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    size, pen = rng.uniform(100, 240) / extent.max(), rng.uniform(*widths)
    offset = pen / 2 + rng.random(2) * (SIDE - pen - size * extent)
    moved = [((np.asarray(line, float) - low) * size + offset).tolist() for line in lines]
    return drawing.rasterise(moved, SIDE, SIDE, pen)


def scattered(lines: Any, share: float, rng: np.random.Generator) -> ByteArray:
    """Draw a digit with each stroke moved at random, by this share of its height."""
    points = np.concatenate([np.asarray(line, float) for line in lines])
    distance = share * np.ptp(points[:, 1])
    angles = rng.uniform(0, 2 * np.pi, len(lines))
    steps = distance * np.column_stack([np.cos(angles), np.sin(angles)])
    return anywhere([np.asarray(line) + step for line, step in zip(lines, steps, strict=True)], rng)


def side_by_side(first: Any, second: Any, gap: float, rng: np.random.Generator) -> ByteArray:
    """Draw two digits of the same height; ``gap`` is a share of the height of their ink."""
    height, pen = rng.uniform(80, 160), rng.uniform(6, 16)
    left, drawn = pen, []
    for lines in (first, second):
        points = np.concatenate([np.asarray(line, float) for line in lines])
        low, scale = points.min(axis=0), height / max(np.ptp(points[:, 1]), 0.1)
        drawn += [(np.asarray(line) - low) * scale + (left, pen) for line in lines]
        left += scale * np.ptp(points[:, 0]) + pen + gap * (height + pen)
    width = int(max(line[:, 0].max() for line in drawn) + 2 * pen)
    return drawing.rasterise([line.tolist() for line in drawn], width, int(height + 3 * pen), pen)


def preprocess(canvas: ByteArray) -> dict[str, Float32Array]:
    """Return the 784 numbers of a canvas for each of three ways of preprocessing."""
    alpha = canvas[..., 3]
    small = centre.centred(centre.fit(boxes.crop(alpha, boxes.bounding_box(alpha))))
    return {
        "mnist": drawing.preprocess(canvas, "mnist").vector[0],
        "own pen": (small.ravel() / 255).astype(np.float32),
        "lecture": drawing.preprocess(canvas, "lecture").vector[0],
    }


def drawn_digits() -> tuple[dict[str, Float32Array], NDArray[np.integer], NDArray[np.bool_]]:
    """Return the preprocessed drawings, their labels, and a mask of every second writer's."""
    rng = np.random.default_rng(0)
    stored = strokes()
    drawn = [preprocess(anywhere(digit["strokes"], rng)) for digit in tqdm(stored, desc="drawing")]
    writers = sorted({digit["writer"] for digit in stored})
    half = np.array([writers.index(digit["writer"]) % 2 == 0 for digit in stored])
    images = {way: np.stack([vectors[way] for vectors in drawn]) for way in drawn[0]}
    return images, np.array([digit["digit"] for digit in stored]), half


def not_digits(count: int = 20) -> Float32Array:
    """Return drawings of other things, preprocessed MNIST's way; ``count`` of each."""
    rng = np.random.default_rng(1)
    images = []
    for shape in SHAPES.values():
        for _ in range(count):
            turn, slant = rng.normal(0, 0.12), rng.normal(0, 0.12)
            matrix = np.array([[np.cos(turn), np.sin(turn) + slant], [-np.sin(turn), np.cos(turn)]])
            lines = [np.asarray(line) @ (matrix * np.exp(rng.normal(0, 0.1, 2))) for line in shape]
            images.append(drawing.preprocess(anywhere(lines, rng)).vector[0])
    return np.stack(images)
