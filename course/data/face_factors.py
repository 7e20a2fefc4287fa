"""What a drawn face is made of: who it is, where it looks, what it feels.

Example:
    >>> face = plain_face(mouth_curve=1.0, turn=-0.5)
    >>> face.mouth_curve, face.eye_distance
    (array([1.], dtype=float32), array([4.15], dtype=float32))
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from course.data.dataset import FloatArray, IntArray

EMOTIONS: Final = ("angry", "happy", "neutral", "sad", "surprised")

# How each emotion moves the face at full strength:
# mouth curve, mouth open, brow height, brow angle. Brows drawn down and together
# for anger, inner ends up for sadness, brows up and jaw dropped for surprise are the
# classic description (Ekman and Friesen 1978, Facial Action Coding System).
_EXPRESSIONS: Final = np.array(
    [
        [-0.55, 0.12, -0.70, -0.95],
        [1.00, 0.30, 0.15, 0.00],
        [0.05, 0.03, 0.00, 0.00],
        [-0.90, 0.04, 0.15, 0.90],
        [0.00, 1.00, 1.00, 0.15],
    ]
)
_FAINTEST, _STRONGEST = 0.55, 1.1  # the same emotion shows more or less
_MOOD_NOISE = 0.16  # and no two smiles are the same

# Lowest and highest value of each trait of a person; lengths are in pixels.
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

# Standard deviation of each part of the pose; none goes beyond twice that.
_POSE: Final = {"turn": 0.32, "nod": 0.2, "tilt": 0.04, "shift_x": 0.3, "shift_y": 0.25}


class FaceFactors(NamedTuple):
    """The causes of n faces: one array of n values for each factor.

    Example:
        >>> from course import data
        >>> faces = data.faces("drawn")
        >>> faces.factors_train.mouth_curve.shape
        (2250,)
        >>> round(float(faces.factors_train.mouth_curve[faces.y_train == 1].mean()), 1)
        0.8

    Attributes:
        identity: Number of the person, int64; the traits below are the same in all pictures
            of one person. -1 for nobody in particular.
        turn: Head turned to the picture's left (-) or right (+); 1 is far.
        nod: Head up (-) or down (+).
        tilt: Head leant to a shoulder, in radians, clockwise.
        shift_x: Whole person moved right, in pixels.
        shift_y: Whole person moved down, in pixels.
        mouth_curve: Corners of the mouth down (-1) or up (+1).
        mouth_open: Mouth closed (0) or wide open (1).
        brow_height: Brows low (-1) or high (+1).
        brow_angle: Inner ends of the brows down (-1) or up (+1).
        face_width: Half the width of the head, in pixels.
        face_length: Half the height of the head, in pixels.
        eye_distance: From the middle of the face to an eye, in pixels.
        eye_size: 1 is usual.
        mouth_width: Half the width of the closed mouth, in pixels.
        nose_length: 1 is usual.
        skin: Brightness, 0 to 1.
        hair: Brightness, 0 to 1.
        hair_line: Where the hair begins above the middle of the face, in pixels.
        hair_length: Short (0) to long (1).
        parting: Where the hair parts, left (-1) to right (+1).
        shirt: Brightness, 0 to 1.
        glasses: 1 with glasses, 0 without.
    """

    identity: IntArray
    turn: FloatArray
    nod: FloatArray
    tilt: FloatArray
    shift_x: FloatArray
    shift_y: FloatArray
    mouth_curve: FloatArray
    mouth_open: FloatArray
    brow_height: FloatArray
    brow_angle: FloatArray
    face_width: FloatArray
    face_length: FloatArray
    eye_distance: FloatArray
    eye_size: FloatArray
    mouth_width: FloatArray
    nose_length: FloatArray
    skin: FloatArray
    hair: FloatArray
    hair_line: FloatArray
    hair_length: FloatArray
    parting: FloatArray
    shirt: FloatArray
    glasses: FloatArray


def plain_face(**changes: float) -> FaceFactors:
    """One average person who looks straight ahead and feels nothing much, but for ``changes``.

    Example:
        >>> plain_face(brow_angle=-1.0, mouth_curve=-0.5).brow_angle
        array([-1.], dtype=float32)

    Args:
        **changes: Any factor of `FaceFactors` by name, and its value.

    Returns:
        The factors of one face, each an array of length 1, for `draw`.

    Raises:
        ValueError: There is no such factor, or a value is not a finite number.
    """
    values = dict.fromkeys(FaceFactors._fields, 0.0)
    values |= {trait: (low + high) / 2 for trait, (low, high) in _TRAITS.items()}
    values["hair_length"] = 0.2
    for factor, value in changes.items():
        if factor not in values:
            raise ValueError(
                f"plain_face({factor}): no such factor; there are {', '.join(FaceFactors._fields)}."
            )
        if not np.isfinite(value):
            raise ValueError(f"plain_face({factor}): {value!r} is not a finite number.")
        values[factor] = value
    identity = np.array([changes.get("identity", -1)]).astype(np.int64)
    del values["identity"]
    return FaceFactors(identity, **{f: np.array([v], np.float32) for f, v in values.items()})


def random_faces(people: int, pictures_each: int, seed: int) -> tuple[FaceFactors, IntArray]:
    """Draw lots for ``people`` and their moods; each person shows all emotions equally often.

    Example:
        >>> factors, emotion = random_faces(people=4, pictures_each=5, seed=1)
        >>> np.bincount(factors.identity), np.bincount(emotion)
        (array([5, 5, 5, 5]), array([4, 4, 4, 4, 4]))

    Args:
        people: Number of different people.
        pictures_each: Pictures of each; a multiple of 5 shows all five emotions equally often.
        seed: The same seed gives the same faces.

    Returns:
        The factors of ``people * pictures_each`` faces in mixed order, and the number of each
        face's emotion in `EMOTIONS`, int64. The emotion was there first: mouth and brows
        follow from it with varying strength and some noise, so a faint one can mislead.
    """
    lots = np.random.RandomState(seed)  # its numbers never change between versions (NEP 19)
    n = people * pictures_each
    identity = np.repeat(np.arange(people), pictures_each)
    emotion = np.resize(np.arange(len(EMOTIONS)), n)
    order = lots.permutation(n)  # so that the first few faces are different people
    identity, emotion = identity[order], emotion[order]

    trait = {name: lots.uniform(low, high, people) for name, (low, high) in _TRAITS.items()}
    trait["glasses"] = (lots.permutation(people) < _GLASSES_SHARE * people).astype(float)
    trait["hair"] = np.minimum(trait["hair"], trait["skin"] - 0.2)  # else face and hair are one
    factor = {name: values[identity] for name, values in trait.items()}

    for name, spread in _POSE.items():
        factor[name] = np.clip(lots.normal(0, spread, n), -2 * spread, 2 * spread)

    strength = lots.uniform(_FAINTEST, _STRONGEST, (n, 1))
    noise = lots.normal(0, _MOOD_NOISE, (n, _EXPRESSIONS.shape[1]))
    mood = _EXPRESSIONS[emotion] * strength + noise
    curve, opening, height, angle = mood.T
    factor["mouth_curve"], factor["mouth_open"] = curve, np.clip(opening, 0, 1.2)
    factor["brow_height"], factor["brow_angle"] = height, angle

    arrays = {name: values.astype(np.float32) for name, values in factor.items()}
    return FaceFactors(identity.astype(np.int64), **arrays), emotion.astype(np.int64)
