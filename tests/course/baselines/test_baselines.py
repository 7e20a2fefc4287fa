"""The baselines against closed forms, scikit-learn and the numbers of the 2006 paper."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import sklearn.decomposition

from course import data
from course.baselines import LSA, PCA, Baseline, ClippedPCA, LogisticPCA, MeanImage, NotFittedError
from course.baselines.linear import leading_axes
from course.metrics import cross_entropy, principal_angles, squared_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

real = pytest.mark.skipif(
    not (Path(os.environ.get("COURSE_DATA", "")) / "mnist.npz").is_file(),
    reason="COURSE_DATA names no folder with mnist.npz",
)


def everyone() -> list[Baseline]:
    quick = LogisticPCA(3, steps=5, progress=False)
    return [MeanImage(), PCA(3), ClippedPCA(3), LSA(3), quick]


def gray(n: int = 40, d: int = 12, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).random((n, d))


@pytest.mark.parametrize("baseline", everyone(), ids=repr)
def test_all_keep_the_same_protocol(baseline: Baseline) -> None:
    x = gray().astype(np.float32)
    assert baseline.fit(x) is baseline
    code = baseline.encode(x[:7])
    assert code.shape == (7, baseline.k)
    assert baseline.decode(code).shape == (7, 12)
    np.testing.assert_allclose(baseline.reconstruct(x[:7]), baseline.decode(code))
    assert baseline.reconstruct(x).dtype == np.float32
    assert baseline.encode(x.tolist()).shape == (40, baseline.k)  # lists do, too


@pytest.mark.parametrize("baseline", everyone(), ids=repr)
def test_fitting_is_repeatable_and_leaves_the_data_unchanged(baseline: Baseline) -> None:
    x = gray()
    before = x.copy()
    first = baseline.fit(x).reconstruct(x)
    np.testing.assert_array_equal(baseline.fit(x).reconstruct(x), first)
    np.testing.assert_array_equal(x, before)
    x.flags.writeable = False  # like the course's data
    baseline.fit(x)


@pytest.mark.parametrize("baseline", everyone(), ids=repr)
def test_methods_require_fit(baseline: Baseline) -> None:
    with pytest.raises(NotFittedError, match="is not fitted; call fit"):
        baseline.encode(gray())
    with pytest.raises(NotFittedError, match="is not fitted"):
        baseline.decode(np.zeros((1, baseline.k)))


@pytest.mark.parametrize("baseline", everyone(), ids=repr)
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.full((5, 12), np.nan), "x must hold finite numbers; NaN or infinity in 60 places"),
        (np.full((5, 12), np.inf), "NaN or infinity"),
        (np.zeros(12), r"shape \(n, d\), got \(12,\); turn a single row into x\[None\]"),
        (np.zeros((5, 3, 4)), r"got \(5, 3, 4\); flatten each image"),
        (np.zeros((0, 12)), "x is empty"),
        ([["a", "b"]], r"x must be an array \(n, d\) of numbers"),
        ([[1, 2], [3]], "of numbers"),
        (None, "of numbers"),
    ],
)
def test_invalid_data_is_rejected(baseline: Baseline, x: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        baseline.fit(x)
    baseline.fit(gray())
    with pytest.raises(ValueError, match=r"x (must|is)"):
        baseline.encode(x)


@pytest.mark.parametrize("baseline", everyone(), ids=repr)
def test_wrong_widths_are_rejected(baseline: Baseline) -> None:
    baseline.fit(gray())
    with pytest.raises(ValueError, match=r"x must have the shape \(n, 12\), got \(40, 11\)"):
        baseline.encode(gray(d=11))
    with pytest.raises(
        ValueError, match=rf"z must have the shape \(n, {baseline.k}\), got \(2, 5\)"
    ):
        baseline.decode(np.zeros((2, 5)))


@pytest.mark.parametrize("name", ["MeanImage", "PCA", "ClippedPCA", "LogisticPCA"])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_images_of_0_to_255_are_rejected(name: str, kind: type) -> None:
    pixels: NDArray[Any] = np.random.default_rng(0).integers(0, 256, (30, 12)).astype(kind)
    baseline = next(b for b in everyone() if type(b).__name__ == name)
    with pytest.raises(ValueError, match="like pixels from 0 to 255; divide by 255 first"):
        baseline.fit(pixels)
    baseline.fit(gray())
    with pytest.raises(ValueError, match="divide by 255"):
        baseline.encode(pixels)


def test_other_data_than_images_is_accepted_where_it_makes_sense() -> None:
    points = np.array([[1, 2], [3, 4], [5, 7]])
    assert PCA(1).fit(points).encode(points).shape == (3, 1)
    assert PCA(1).fit(gray() * 300 - 100).k == 1
    assert LSA(1).fit(np.array([[0, 200], [3, 1]])).k == 1  # word counts
    for baseline in (ClippedPCA(1), LogisticPCA(1, progress=False)):
        with pytest.raises(
            ValueError, match=r"x must lie in \[0, 1\] for \w+PCA, got values from -1 to 1"
        ):
            baseline.fit(np.array([[-1.0, 1.0], [0.0, 0.5]]))


@pytest.mark.parametrize("k", [0, -1, 2.0, "3", True, None])
def test_k_must_be_a_positive_integer(k: Any) -> None:
    with pytest.raises(ValueError, match="k must be a whole number, 1 or more, got"):
        PCA(k)


def test_more_axes_than_the_data_has_are_rejected() -> None:
    with pytest.raises(ValueError, match="k must be at most 5 for 5 examples of 12 numbers, got 6"):
        PCA(6).fit(gray(n=5))


def test_a_failed_fit_leaves_the_baseline_unfitted() -> None:
    class Broken(PCA):
        def _fit(self, x: NDArray[Any]) -> None:
            raise FloatingPointError(str(x.shape))

    pca = Broken(2)
    with pytest.raises(FloatingPointError):
        pca.fit(gray())
    with pytest.raises(NotFittedError):
        pca.encode(gray())


def test_the_mean_image_is_the_mean() -> None:
    x = gray()
    np.testing.assert_allclose(MeanImage().fit(x).reconstruct(x[:2]), np.tile(x.mean(0), (2, 1)))
    assert repr(MeanImage()) == "MeanImage()"


@pytest.mark.parametrize("shape", [(40, 12), (9, 12)])  # tall and wide take different ways
def test_pca_agrees_with_scikit_learn(shape: tuple[int, int]) -> None:
    x = gray(*shape)
    ours, theirs = PCA(4).fit(x), sklearn.decomposition.PCA(4).fit(x)
    assert principal_angles(ours.axes, theirs.components_).max() < 1e-6
    np.testing.assert_allclose(np.abs((ours.axes * theirs.components_).sum(1)), 1, atol=1e-9)
    np.testing.assert_allclose(ours.explained, theirs.explained_variance_ratio_, atol=1e-9)
    back = theirs.inverse_transform(theirs.transform(x))
    np.testing.assert_allclose(ours.reconstruct(x), back, atol=1e-9)


def test_pca_is_lossless_with_all_axes_and_for_points_on_a_plane() -> None:
    x = gray()
    np.testing.assert_allclose(PCA(12).fit(x).reconstruct(x), x, atol=1e-9)
    plane = gray(d=2) @ gray(n=2, seed=1) + 5
    np.testing.assert_allclose(PCA(2).fit(plane).reconstruct(plane), plane, atol=1e-9)


def test_pca_of_data_that_never_change() -> None:
    still = np.full((6, 4), 0.3)
    pca = PCA(2).fit(still)
    np.testing.assert_allclose(pca.reconstruct(still), still)
    assert pca.explained.tolist() == [0, 0]


def test_axes_point_the_same_way_every_time() -> None:
    axes, _ = leading_axes(gray(), 5)
    turned, _ = leading_axes(-gray(), 5)
    np.testing.assert_allclose(axes, turned, atol=1e-9)
    assert (axes.max(1) >= -axes.min(1)).all()


def test_clipping_reduces_the_error() -> None:
    digits = data.digits("bundled")
    plain, clipped = (c(10).fit(digits.x_train) for c in (PCA, ClippedPCA))
    errors = [squared_error(digits.x_test, b.reconstruct(digits.x_test)) for b in (plain, clipped)]
    assert errors[1] < errors[0]
    np.testing.assert_array_equal(plain.encode(digits.x_test), clipped.encode(digits.x_test))


def test_lsa_agrees_with_scikit_learn() -> None:
    news = data.news("written")
    ours = LSA(5).fit(news.x_train)
    theirs = sklearn.decomposition.TruncatedSVD(5, algorithm="arpack").fit(news.x_train)
    assert principal_angles(ours.axes, theirs.components_).max() < 1e-3
    assert not hasattr(ours, "mean")
    first = ours.axes[0]
    mean = news.x_train.mean(0)
    assert first @ mean / np.linalg.norm(mean) > 0.95  # the price of not centering


def test_logistic_pca_follows_its_gradient() -> None:
    x = gray(n=20, d=5)
    model = LogisticPCA(2, steps=0, progress=False).fit(x)
    gradients = model._gradients(x)
    for values, gradient in zip((model.encoder, model.decoder, model.bias), gradients, strict=True):
        numeric = np.empty_like(values)
        for index in np.ndindex(values.shape):
            kept, sides = values[index], []
            for step in (1e-6, -1e-6):
                values[index] = kept + step
                sides.append(cross_entropy(x, model.reconstruct(x)))
            values[index] = kept
            numeric[index] = (sides[0] - sides[1]) / 2e-6
        np.testing.assert_allclose(gradient, numeric, atol=1e-7)


def test_logistic_pca_beats_clipped_pca_on_cross_entropy_and_error() -> None:
    digits = data.digits("bundled")
    linear = ClippedPCA(10).fit(digits.x_train).reconstruct(digits.x_test)
    logistic = LogisticPCA(10, steps=400, batch=200, progress=False).fit(digits.x_train)
    ours = logistic.reconstruct(digits.x_test)
    assert cross_entropy(digits.x_test, ours) < cross_entropy(digits.x_test, linear)
    assert squared_error(digits.x_test, ours) < 0.9 * squared_error(digits.x_test, linear)


def test_logistic_pca_handles_pixels_that_are_always_0(capsys: pytest.CaptureFixture[str]) -> None:
    x = np.zeros((10, 4))
    x[:5, 0] = 1
    model = LogisticPCA(1, steps=300).fit(x)
    assert squared_error(x, model.reconstruct(x)) < 0.01
    far = model.decode([[1e6], [-1e6]])  # no overflow, whatever the code
    assert np.isfinite(far).all()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("wrong", [{"steps": -1}, {"batch": 0}])
def test_logistic_pca_rejects_bad_settings(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="steps must be at least 0 and batch at least 1"):
        LogisticPCA(2, **wrong)


@real
def test_the_table_of_baselines_on_mnist() -> None:
    mnist = data.digits("mnist")

    def error(baseline: Baseline) -> float:
        return squared_error(mnist.x_test, baseline.reconstruct(mnist.x_test))

    pca = PCA(100).fit(mnist.x_train)
    assert pca.explained[:30].sum() == pytest.approx(0.7305, abs=2e-4)
    assert pca.explained.sum() == pytest.approx(0.915, abs=1e-3)
    assert error(pca) == pytest.approx(4.40, abs=0.01)
    assert error(MeanImage().fit(mnist.x_train)) == pytest.approx(52.90, abs=0.01)
    clipped = ClippedPCA(30).fit(mnist.x_train)
    assert error(clipped) == pytest.approx(12.59, abs=0.02)
    plain = clipped.mean + clipped.encode(mnist.x_test) @ clipped.axes
    assert squared_error(mnist.x_test, plain) == pytest.approx(13.87, abs=0.02)


@real
@pytest.mark.slow
def test_logistic_pca_reaches_the_papers_error_on_mnist() -> None:
    mnist = data.digits("mnist")
    model = LogisticPCA(30, progress=False).fit(mnist.x_train)
    assert squared_error(mnist.x_test, model.reconstruct(mnist.x_test)) < 8.01
