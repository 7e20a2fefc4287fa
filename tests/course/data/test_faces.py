"""The drawn faces: each factor has its documented effect."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, RidgeClassifier

from course import data
from course.arrays import Float32Array
from course.data.face_factors import EMOTIONS, random_faces
from course.data.shapes import cover, ellipse, segment


def face(**changes: float) -> Float32Array:
    return data.draw(data.plain_face(**changes)).reshape(28, 28)


def dark_rows(picture: np.ndarray, rows: slice, columns: slice) -> float:
    """Return the mean row of the dark pixels in a part of the picture."""
    part = np.clip(0.5 - picture[rows, columns], 0, 1)
    return float((part.sum(1) * np.arange(28)[rows]).sum() / part.sum())


def test_there_are_three_thousand_faces_of_six_hundred_people() -> None:
    faces = data.faces("drawn")
    assert faces.labels == ("angry", "happy", "neutral", "sad", "surprised")
    assert faces.factors_train is not None
    assert faces.factors_test is not None
    train, test = faces.factors_train.identity, faces.factors_test.identity
    assert (len(train), len(test)) == (2250, 750)
    assert (len(set(train)), len(set(test))) == (450, 150)
    assert set(train).isdisjoint(test)
    assert len(set(train[:10])) > 5  # the first few are different people
    np.testing.assert_array_equal(np.bincount(faces.y_train), np.full(5, 450))


def test_pictures_follow_from_their_factors() -> None:
    faces = data.faces("drawn")
    assert faces.factors_test is not None
    np.testing.assert_allclose(data.draw(faces.factors_test), faces.x_test, atol=1e-6)


def test_traits_belong_to_the_person_and_expressions_to_the_picture() -> None:
    factors, _ = random_faces(people=6, pictures_each=10, seed=3)
    for person in range(6):
        mine = factors.identity == person
        assert np.ptp(factors.eye_distance[mine]) == 0
        assert np.ptp(factors.glasses[mine]) == 0
        assert np.ptp(factors.mouth_curve[mine]) > 0.5


@pytest.mark.parametrize(
    ("factor", "high", "low"),
    [
        ("mouth_curve", "happy", "sad"),
        ("mouth_open", "surprised", "neutral"),
        ("brow_height", "surprised", "angry"),
        ("brow_angle", "sad", "angry"),
    ],
)
def test_emotions_move_mouth_and_brows(factor: str, high: str, low: str) -> None:
    faces = data.faces("drawn")
    values = getattr(faces.factors_train, factor)
    of = {name: values[faces.y_train == EMOTIONS.index(name)] for name in (high, low)}
    assert of[high].mean() > of[low].mean() + 0.5
    assert of[high].std() > 0.1  # the strength varies


def test_a_linear_probe_reads_the_emotion_well_but_not_perfectly() -> None:
    faces = data.faces("drawn")
    pixels = RidgeClassifier(10.0).fit(faces.x_train, faces.y_train)
    assert 0.85 < pixels.score(faces.x_test, faces.y_test) < 0.98
    pca = PCA(30, random_state=0).fit(faces.x_train)
    code = LogisticRegression(max_iter=500).fit(pca.transform(faces.x_train), faces.y_train)
    assert 0.80 < code.score(pca.transform(faces.x_test), faces.y_test) < 0.97


def test_the_mouth_curves_up_and_down() -> None:
    corners = (slice(17, 23), slice(10, 12))
    middle = (slice(17, 23), slice(13, 15))
    smile, frown = face(mouth_curve=1), face(mouth_curve=-1)
    assert dark_rows(smile, *corners) < dark_rows(smile, *middle)  # corners higher up
    assert dark_rows(frown, *corners) > dark_rows(frown, *middle)


def test_an_open_mouth_is_darker() -> None:
    mouth = (slice(17, 25), slice(10, 18))
    assert face(mouth_open=1)[mouth].mean() < face()[mouth].mean() - 0.1


def test_raised_brows_are_higher() -> None:
    brows = (slice(7, 11), slice(7, 12))
    assert dark_rows(face(brow_height=1), *brows) < dark_rows(face(brow_height=-1), *brows)


def test_a_turned_head_is_the_mirror_image_of_the_other_turn() -> None:
    # Except for the nose, whose shadow is on one side.
    left, right = face(turn=-0.6), face(turn=0.6)
    assert np.abs(left - right[:, ::-1]).mean() < 0.01
    assert np.abs(left - right).mean() > 0.03


def test_faces_change_smoothly_with_every_factor() -> None:
    plain = data.plain_face()
    for factor in data.FaceFactors._fields[1:]:
        value = float(getattr(plain, factor)[0])
        step = np.abs(face(**{factor: value + 0.01}) - face())
        assert step.max() < 0.2, factor
        leap = np.abs(face(**{factor: value + 0.5}) - face())
        assert leap.max() > 0.02, factor  # every factor has an effect


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"beard": 1.0}, "unknown factor 'beard'"), ({"turn": float("nan")}, "turn must be a finite")],
)
def test_plain_face_rejects_bad_factors(changes: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        data.plain_face(**changes)


def test_extreme_factors_still_give_a_picture() -> None:
    extreme = face(mouth_open=9.0, mouth_curve=-5.0, turn=4.0, brow_height=-6.0, hair_line=99.0)
    assert np.isfinite(extreme).all()
    assert 0 <= extreme.min() <= extreme.max() <= 1


def test_shapes_have_the_area_of_their_formula() -> None:
    y, x = np.mgrid[:40, :40] + 0.5
    disk = cover(ellipse(x - 20, y - 20, 9, 9)).sum()
    assert disk == pytest.approx(np.pi * 81, rel=0.01)
    oval = cover(ellipse(x - 20, y - 20, 6, 12)).sum()
    assert oval == pytest.approx(np.pi * 72, rel=0.02)
    stroke = cover(segment(x, y, (10, 20), (30, 20)) - 2).sum()
    assert stroke == pytest.approx(20 * 4 + np.pi * 4, rel=0.02)
