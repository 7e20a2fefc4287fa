"""Draw faces from their factors.

Layers from back to front: shoulders, neck, back hair, ears, head, bangs, eyes, brows, glasses,
nose, mouth. When the head turns, near layers (the nose) move further than far ones (the hair),
which creates the impression of depth.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from course.arrays import Float32Array
from course.data.face_factors import FaceFactors
from course.data.shapes import Grid, cover, ellipse, paint, segment

_SIZE: Final = 28
_CHUNK: Final = 64  # images at a time, so that all shapes fit into the processor's cache
_MIDDLE_X, _MIDDLE_Y = 14.0, 14.2
_NECK: Final = 9.0  # pixels below the middle; the head tilts around it
_WHITE, _PUPIL, _LIPS, _FRAME = 1.0, 0.03, 0.12, 0.15


def draw(factors: FaceFactors) -> Float32Array:
    """Draw one image per face.

    Example:
        >>> from course.data.face_factors import plain_face
        >>> picture = draw(plain_face(mouth_open=1.0, brow_height=1.0)).reshape(28, 28)
        >>> bool(0 <= picture.min() and picture.max() <= 1)
        True

    Args:
        factors: One array of n values for each factor.

    Returns:
        Images, ``(n, 784)``, float32 in [0, 1], on a black background.
    """
    images = []
    for start in range(0, len(factors.identity), _CHUNK):
        chunk = FaceFactors._make(values[start : start + _CHUNK] for values in factors)
        images.append(_draw(chunk))
    return np.concatenate(images)


def _draw(factors: FaceFactors) -> Float32Array:
    # Shape (n, 1, 1), to broadcast against the grid of pixels.
    face = FaceFactors._make(values[:, None, None] for values in factors)
    rows, columns = np.mgrid[:_SIZE, :_SIZE].astype(np.float32) + np.float32(0.5)
    x = columns - _MIDDLE_X - face.shift_x
    y = rows - _MIDDLE_Y - face.shift_y
    picture = np.zeros(x.shape, np.float32)

    _shoulders(picture, face, x, y)
    cos, sin = np.cos(face.tilt), np.sin(face.tilt)
    y = y - _NECK
    x, y = cos * x + sin * y, cos * y - sin * x + _NECK
    _head(picture, face, x, y)

    # Eyes and mouth are in front of the head's middle, so they move with a turn or nod.
    front_x, front_y = x - 2.3 * face.turn, y - 1.7 * face.nod
    for side in (-1, 1):
        _eye(picture, face, (front_x - side * face.eye_distance) * side, front_y + 1.6, side)
    bridge = face.eye_distance - 2.6
    line = segment(front_x, front_y + 1.6, (-bridge, 0.0), (bridge, 0.0)) - 0.3
    paint(picture, face.glasses * cover(line) * 0.8, _FRAME)
    _nose(picture, face, x - 3.2 * face.turn, y - 2.2 * face.nod)
    _mouth(picture, face, front_x, front_y - 5.9)
    return np.clip(picture, 0, 1).reshape(len(picture), -1)


def _shoulders(picture: Grid, face: FaceFactors, x: Grid, y: Grid) -> None:
    paint(picture, cover(ellipse(x, y - 16.5, 11.5, 5.2)), face.shirt)
    paint(picture, cover(np.maximum(np.abs(x) - 3.2, np.abs(y - 11) - 3.5)), face.skin * 0.8)


def _head(picture: Grid, face: FaceFactors, x: Grid, y: Grid) -> None:
    width, length = face.face_width, face.face_length
    end = 10.5 * face.hair_length - 1  # the lower end of the hair
    behind = ellipse(x + 0.5 * face.turn, y - 0.25 * end, width + 1.5, length + 0.3 * end + 0.6)
    paint(picture, cover(np.maximum(behind, y - end)), face.hair * 0.8)
    for side in (-1, 1):
        ear = ellipse(x - side * (width + 0.1) + 0.5 * face.turn, y - 0.5, 1.2, 1.9)
        paint(picture, cover(np.maximum(ear, end - y - 3)), face.skin * 0.85)
    jaw = 1 - 0.1 * np.clip(y / length, 0, 1)
    shading = 1 - 0.006 * y + 0.012 * face.turn * x
    paint(picture, cover(ellipse(x / jaw, y, width, length)), np.clip(face.skin * shading, 0, 1))
    fringe = face.nod - face.hair_line + 0.045 * np.square(x - 4 * face.parting)
    cap = ellipse(x + 0.3 * face.turn, y + 0.6, width + 0.9, length + 0.6)
    paint(picture, cover(np.maximum(cap, y - fringe)), face.hair)


def _eye(picture: Grid, face: FaceFactors, outward: Grid, y: Grid, side: int) -> None:
    """Draw an eye and its brow; ``outward`` increases from the nose to the ear on both sides."""
    # Raised brows open the eye; a frown or a broad smile narrows it.
    frown, smile = np.minimum(face.brow_angle, 0), np.maximum(face.mouth_curve, 0)
    openness = np.clip(1 + 0.35 * face.brow_height + 0.12 * (frown - smile), 0.5, 1.5)
    size = face.eye_size
    white = cover(ellipse(outward, y, 1.75 * size, 1.45 * size * openness))
    paint(picture, white, _WHITE)
    glance = outward - side * 0.35 * face.turn
    pupil = cover(ellipse(glance, y - 0.25 * face.nod, 0.95 * size, 1.05 * size))
    paint(picture, np.minimum(pupil, white), _PUPIL)
    brow_y = y + 3.1 + 1.3 * face.brow_height
    inner, outer = (-1.6, -0.9 * face.brow_angle), (2.0, 0.75 * face.brow_angle)
    brow = segment(outward, brow_y, inner, outer) - 0.62
    paint(picture, cover(brow), np.minimum(face.hair * 0.5, 0.15))
    rim = np.abs(ellipse(outward, y, 2.75, 2.5)) - 0.3
    paint(picture, face.glasses * cover(rim) * 0.8, _FRAME)


def _nose(picture: Grid, face: FaceFactors, x: Grid, y: Grid) -> None:
    tip = 2.4 * face.nose_length
    for line in (
        segment(x, y, (-0.3, 0.2), (0.2, tip)) - 0.45,
        segment(x, y, (-0.9, tip), (0.3, tip)) - 0.4,
    ):
        paint(picture, 0.55 * cover(line), face.skin * 0.55)


def _mouth(picture: Grid, face: FaceFactors, x: Grid, y: Grid) -> None:
    """Draw the lips as two parabolas with the open mouth between them."""
    opening = np.clip(face.mouth_open, 0, 2)
    half = face.mouth_width * (1 - 0.28 * opening)
    nearest = np.clip(x, -half, half)
    q = np.square(nearest / half)
    lift = -1.7 * face.mouth_curve  # y grows downward
    curve = lift * (q - 0.45)
    slope = 2 * lift * nearest / np.square(half)
    gap = 2.3 * opening * np.sqrt(1 - q)
    lower = curve + 0.95 * gap
    above = np.maximum(curve - 0.75 * gap - y, y - lower) / np.sqrt(1 + np.square(slope))
    past_corner = np.hypot(x - nearest, np.maximum(above, 0))
    lips = np.where(np.abs(x) > half, past_corner, above) - 0.62
    paint(picture, cover(lips), _LIPS)
    tongue = np.minimum(cover(lips + 0.9), cover(ellipse(x, y - lower - 0.2, 0.7 * half, 1.5)))
    paint(picture, 0.8 * tongue, 0.5 * face.skin)
