"""The factors of a drawn face: identity, pose and emotion."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from course.arrays import Float32Array, IntArray

EMOTIONS: Final = ("angry", "happy", "neutral", "sad", "surprised")

# How each emotion moves the face at full strength: mouth curve, mouth open, brow height, brow
# angle. After Ekman and Friesen 1978, Facial Action Coding System: brows down and together for
# anger, inner ends up for sadness, brows up and jaw dropped for surprise.
_EXPRESSIONS: Final = np.array(
    [
        [-0.55, 0.12, -0.70, -0.95],
        [1.00, 0.30, 0.15, 0.00],
        [0.05, 0.03, 0.00, 0.00],
        [-0.90, 0.04, 0.15, 0.90],
        [0.00, 1.00, 1.00, 0.15],
    ]
)
_MIN_STRENGTH, _MAX_STRENGTH = 0.55, 1.1  # how strongly the emotion shows
_EXPRESSION_NOISE = 0.16

# Range of each trait of a person; lengths are in pixels.
_TRAITS: Final = {
    "face_width": (8.4, 10.2),
    "face_length": (10.3, 11.6),
    "eye_distance": (3.7, 4.6),
    "eye_size": (0.85, 1.2),
    "mouth_width": (3.8, 5.0),
    "nose_length": (0.6, 1.2),
    "skin": (0.62, 0.95),
    "hair": (0.14, 0.62),
    "hair_line": (6.2, 8.3),
    "hair_length": (0.0, 1.0),
    "parting": (-1.0, 1.0),
    "shirt": (0.2, 0.6),
}
_GLASSES_SHARE = 0.25

# Standard deviation of each part of the pose; values are clipped at twice that.
_POSE: Final = {"turn": 0.32, "nod": 0.2, "tilt": 0.04, "shift_x": 0.3, "shift_y": 0.25}


class FaceFactors(NamedTuple):
    """The factors of n faces: one array of n values for each factor.

    Example:
        >>> from course import data
        >>> faces = data.faces("drawn")
        >>> faces.factors_train.mouth_curve.shape
        (2250,)
        >>> round(float(faces.factors_train.mouth_curve[faces.y_train == 1].mean()), 1)
        0.8

    Attributes:
        identity: Number of the person, int64; -1 for nobody in particular. All pictures of a
            person share the traits from ``face_width`` on.
        turn: Head turned to the picture's left (-) or right (+); 1 is far.
        nod: Head up (-) or down (+).
        tilt: Head leaning to a shoulder, in radians, clockwise.
        shift_x, shift_y: Whole person moved right and down, in pixels.
        mouth_curve: Corners of the mouth down (-1) or up (+1).
        mouth_open: Mouth closed (0) or wide open (1).
        brow_height: Brows low (-1) or high (+1).
        brow_angle: Inner ends of the brows down (-1) or up (+1).
        face_width, face_length: Half the width and height of the head, in pixels.
        eye_distance: From the middle of the face to an eye, in pixels.
        eye_size: 1 is normal.
        mouth_width: Half the width of the closed mouth, in pixels.
        nose_length: 1 is normal.
        skin, hair, shirt: Brightness, 0 to 1.
        hair_line: Height of the hairline above the middle of the face, in pixels.
        hair_length: Short (0) to long (1).
        parting: Position of the parting, left (-1) to right (+1).
        glasses: 1 with glasses, 0 without.
    """

    identity: IntArray
    turn: Float32Array
    nod: Float32Array
    tilt: Float32Array
    shift_x: Float32Array
    shift_y: Float32Array
    mouth_curve: Float32Array
    mouth_open: Float32Array
    brow_height: Float32Array
    brow_angle: Float32Array
    face_width: Float32Array
    face_length: Float32Array
    eye_distance: Float32Array
    eye_size: Float32Array
    mouth_width: Float32Array
    nose_length: Float32Array
    skin: Float32Array
    hair: Float32Array
    hair_line: Float32Array
    hair_length: Float32Array
    parting: Float32Array
    shirt: Float32Array
    glasses: Float32Array


def plain_face(**changes: float) -> FaceFactors:
    """Return an average person looking straight ahead without emotion, except for ``changes``.

    Example:
        >>> face = plain_face(mouth_curve=1.0, turn=-0.5)
        >>> face.mouth_curve, face.eye_distance
        (array([1.], dtype=float32), array([4.15], dtype=float32))

    Args:
        **changes: Values for factors of `FaceFactors`.

    Returns:
        The factors of one face, each an array of length 1, for `draw`.

    Raises:
        ValueError: A factor is unknown, or a value is not a finite number.
    """
    values = dict.fromkeys(FaceFactors._fields, 0.0)
    values |= {trait: (low + high) / 2 for trait, (low, high) in _TRAITS.items()}
    values["hair_length"] = 0.2
    for factor, value in changes.items():
        if factor not in values:
            raise ValueError(
                f"plain_face: unknown factor {factor!r}; choose from "
                f"{', '.join(FaceFactors._fields)}."
            )
        if not np.isfinite(value):
            raise ValueError(f"plain_face: {factor} must be a finite number, got {value!r}.")
        values[factor] = value
    identity = np.array([changes.get("identity", -1)]).astype(np.int64)
    del values["identity"]
    return FaceFactors(identity, **{f: np.array([v], np.float32) for f, v in values.items()})


def random_faces(people: int, pictures_each: int, seed: int) -> tuple[FaceFactors, IntArray]:
    """Return random people and emotions; each person shows all emotions equally often.

    Example:
        >>> factors, emotion = random_faces(people=4, pictures_each=5, seed=1)
        >>> np.bincount(factors.identity), np.bincount(emotion)
        (array([5, 5, 5, 5]), array([4, 4, 4, 4, 4]))

    The faces are in random order; emotions are indices into `EMOTIONS`, int64. Mouth and brows
    follow from the emotion with varying strength and some noise, so a faint one can be misleading.
    ``pictures_each`` should be a multiple of 5, for the five emotions.
    """
    rng = np.random.RandomState(seed)  # its stream never changes between versions (NEP 19)
    n = people * pictures_each
    identity = np.repeat(np.arange(people), pictures_each)
    emotion = np.resize(np.arange(len(EMOTIONS)), n)
    order = rng.permutation(n)  # so that the first few faces are different people
    identity, emotion = identity[order], emotion[order]

    trait = {name: rng.uniform(low, high, people) for name, (low, high) in _TRAITS.items()}
    trait["glasses"] = (rng.permutation(people) < _GLASSES_SHARE * people).astype(float)
    trait["hair"] = np.minimum(trait["hair"], trait["skin"] - 0.2)  # hair darker than skin
    factor = {name: values[identity] for name, values in trait.items()}

    for name, spread in _POSE.items():
        factor[name] = np.clip(rng.normal(0, spread, n), -2 * spread, 2 * spread)

    strength = rng.uniform(_MIN_STRENGTH, _MAX_STRENGTH, (n, 1))
    noise = rng.normal(0, _EXPRESSION_NOISE, (n, _EXPRESSIONS.shape[1]))
    curve, opening, height, angle = (_EXPRESSIONS[emotion] * strength + noise).T
    factor["mouth_curve"], factor["mouth_open"] = curve, np.clip(opening, 0, 1.2)
    factor["brow_height"], factor["brow_angle"] = height, angle

    arrays = {name: values.astype(np.float32) for name, values in factor.items()}
    return FaceFactors(identity.astype(np.int64), **arrays), emotion.astype(np.int64)
