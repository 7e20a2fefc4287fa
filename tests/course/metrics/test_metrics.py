"""The measures against closed forms, scikit-learn and Keras's definitions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course import data, metrics
from course.baselines import PCA, MeanImage

real = pytest.mark.skipif(
    not (Path(os.environ.get("COURSE_DATA", "")) / "mnist.npz").is_file(),
    reason="COURSE_DATA names no folder with mnist.npz",
)
LINE = [[0], [1], [2], [3], [90], [91], [92], [93]]
SIDE = [0, 0, 0, 0, 1, 1, 1, 1]


def test_squared_error_sums_pixels_and_averages_images() -> None:
    x = np.zeros((4, 784), np.float32)
    x_hat = np.full((4, 784), 0.5, np.float32)
    x_hat[2:] = 0
    assert metrics.squared_error(x, x_hat) == pytest.approx(784 / 4 / 2)
    assert metrics.mean_squared_error(x, x_hat) == pytest.approx(1 / 8)


def test_cross_entropy_is_that_of_its_formula() -> None:
    x, x_hat = np.array([[0.0, 0.25, 1.0]]), np.array([[0.1, 0.5, 0.8]])
    expected = -(np.log(0.9) + np.log(0.5) + np.log(0.8))
    assert metrics.cross_entropy(x, x_hat) == pytest.approx(expected)
    assert metrics.cross_entropy([[1.0]], [[0.0]]) == pytest.approx(-np.log(1e-7))
    assert metrics.cross_entropy(np.ones((1, 3), np.float32), np.ones((1, 3))) < 1e-5


def test_no_reconstruction_is_below_the_floor() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((5, 20))
    floor = metrics.cross_entropy_floor(x)
    entropy = -(x * np.log(x) + (1 - x) * np.log(1 - x)).sum(1).mean()
    assert floor == pytest.approx(entropy)
    for _ in range(20):
        near = np.clip(x + rng.normal(0, 0.05, x.shape), 0, 1)
        assert metrics.cross_entropy(x, near) > floor
    assert metrics.cross_entropy_floor([[0.0, 1.0, 1.0]]) < 1e-5


@pytest.mark.parametrize("measure", [metrics.squared_error, metrics.cross_entropy])
@pytest.mark.parametrize(
    ("x", "x_hat", "message"),
    [
        (
            np.zeros((2, 3)),
            np.zeros((2, 4)),
            r"x_hat must have the shape of x, \(2, 3\), got \(2, 4\)",
        ),
        (np.zeros((2, 3)), np.zeros((1, 3)), "x_hat must have the shape"),  # no silent broadcasting
        (np.zeros(3), np.zeros(3), r"x must have the shape \(n, d\), got \(3,\)"),
        (np.zeros((2, 3)), np.full((2, 3), np.nan), "x_hat must hold finite numbers"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "x is empty"),
        ([["a"]], [["b"]], r"x must be an array \(n, d\) of numbers"),
    ],
)
def test_errors_name_the_invalid_argument(measure: Any, x: Any, x_hat: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        measure(x, x_hat)


def test_cross_entropy_needs_intensities() -> None:
    with pytest.raises(ValueError, match=r"x must lie in \[0, 1\], got values from 0 to 255"):
        metrics.cross_entropy([[0, 255]], [[0, 1]])
    with pytest.raises(ValueError, match=r"x_hat must lie in \[0, 1\], got values from -0.5 to 1"):
        metrics.cross_entropy([[0, 1]], [[-0.5, 1]])


def test_knn_counts_the_votes_of_k_neighbors() -> None:
    codes, labels = [[0.0], [1.0], [2.0], [10.0]], [0, 1, 1, 1]
    assert metrics.knn_accuracy(codes, labels, [[0.1]], [0], k=1) == 1
    assert metrics.knn_accuracy(codes, labels, [[0.1]], [0], k=3) == 0
    with pytest.raises(ValueError, match="k must be between 1 and the 4 training codes, got 5"):
        metrics.knn_accuracy(codes, labels, [[0.1]], [0])


def test_knn_gives_the_same_by_tree_and_by_brute_force() -> None:
    rng = np.random.default_rng(1)
    few = rng.normal(size=(300, 2))
    labels = (few.sum(1) + rng.normal(0, 0.5, 300) > 0).astype(int)
    many = np.hstack([few, np.zeros((300, 20))])
    by_tree = metrics.knn_accuracy(few[:200], labels[:200], few[200:], labels[200:])
    by_force = metrics.knn_accuracy(many[:200], labels[:200], many[200:], labels[200:])
    assert by_tree == by_force
    assert 0.7 < by_tree < 1


def test_linear_probe_separates_lines_but_not_rings() -> None:
    rng = np.random.default_rng(2)
    points = rng.normal(size=(400, 2))
    right = (points @ [1.0, 2.0] > 0.3).astype(int)
    ring = (np.linalg.norm(points, axis=1) > 1.2).astype(int)
    assert metrics.linear_probe(points[:300], right[:300], points[300:], right[300:]) > 0.95
    assert metrics.linear_probe(points[:300], ring[:300], points[300:], ring[300:]) < 0.75


def test_linear_probe_ignores_scales_and_constant_columns() -> None:
    rng = np.random.default_rng(3)
    points = rng.normal(size=(200, 3))
    labels = (points[:, 0] + rng.normal(0, 0.3, 200) > 0).astype(int)
    scaled = np.hstack([points * [1e4, 1e-4, 1] + [5e4, 0, 0], np.full((200, 1), 0.1)])
    plain = metrics.linear_probe(points[:100], labels[:100], points[100:], labels[100:])
    assert metrics.linear_probe(scaled[:100], labels[:100], scaled[100:], labels[100:]) == plain


def test_linear_probe_needs_two_labels() -> None:
    with pytest.raises(ValueError, match="two different labels"):
        metrics.linear_probe(LINE, [0] * 8, LINE, SIDE)


def test_trustworthiness_is_one_for_a_copy_and_one_half_for_random_codes() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(200, 5))
    assert metrics.trustworthiness(x, 3 * x - 1) == 1
    assert metrics.trustworthiness(x, rng.normal(size=(200, 2))) == pytest.approx(0.5, abs=0.06)
    assert 0.5 < metrics.trustworthiness(x, x[:, :2]) < 1


def test_trustworthiness_follows_its_formula() -> None:
    # Four points on a line; the code swaps two of them, so each has a false neighbor.
    x, z, k, n = np.array([[0.0], [1], [2.1], [9]]), np.array([[0.0], [9], [2.1], [1]]), 1, 4
    ranks = np.argsort(np.argsort(np.abs(x - x.T), axis=1), axis=1)  # 0 is the point itself
    near = np.argsort(np.abs(z - z.T), axis=1)[:, 1]
    cost = sum(max(ranks[i, near[i]] - k, 0) for i in range(n))
    expected = 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * cost
    assert metrics.trustworthiness(x, z, k=1) == pytest.approx(expected)
    assert expected < 1


@pytest.mark.parametrize("k", [0, 4, 100])
def test_trustworthiness_needs_enough_points(k: int) -> None:
    with pytest.raises(ValueError, match="less than n / 2 = 4"):
        metrics.trustworthiness(LINE, LINE, k=k)


def test_lengths_must_match() -> None:
    with pytest.raises(ValueError, match=r"z must hold one code per point \(8\), got 7"):
        metrics.trustworthiness(LINE, LINE[:7])
    with pytest.raises(ValueError, match=r"labels of z must have the shape \(8,\), got \(7,\)"):
        metrics.silhouette(LINE, SIDE[:7])
    with pytest.raises(ValueError, match=r"labels of code_test must .* got \(8, 1\)"):
        metrics.knn_accuracy(LINE, SIDE, LINE, np.reshape(SIDE, (8, 1)))
    with pytest.raises(
        ValueError, match=r"code_test must have as many columns as code_train \(1\), got 2"
    ):
        metrics.linear_probe(LINE, SIDE, np.zeros((8, 2)), SIDE)


def test_silhouette_follows_its_formula() -> None:
    # Two tight pairs: for each point (b - a) / max(a, b), with a within and b between.
    z, y = [[0.0], [1.0], [10.0], [11.0]], [0, 0, 1, 1]
    outer, inner = (10.5 - 1) / 10.5, (9.5 - 1) / 9.5
    assert metrics.silhouette(z, y) == pytest.approx((outer + inner) / 2)


@pytest.mark.parametrize("labels", [[0] * 8, list(range(8))])
def test_silhouette_needs_classes_with_several_codes(labels: list[int]) -> None:
    with pytest.raises(ValueError, match="at least two different labels"):
        metrics.silhouette(LINE, labels)


@pytest.mark.parametrize("degrees", [0, 1e-5, 30, 60, 90])
def test_principal_angles_between_two_directions(degrees: float) -> None:
    turn = np.radians(degrees)
    result = metrics.principal_angles([[1, 0, 0]], [[np.cos(turn), np.sin(turn), 0]])
    assert np.degrees(result) == pytest.approx([degrees], abs=1e-9)


def test_principal_angles_do_not_depend_on_the_axes_chosen() -> None:
    rng = np.random.default_rng(5)
    a, mix = rng.normal(size=(3, 10)), rng.normal(size=(3, 3))
    assert metrics.principal_angles(a, mix @ a).max() < 1e-7
    b = rng.normal(size=(3, 10))
    angles = metrics.principal_angles(a, b)
    np.testing.assert_allclose(metrics.principal_angles(mix @ b, a), angles, atol=1e-9)
    assert (np.diff(angles) >= 0).all()
    assert metrics.principal_angles(a[:1], a).tolist() == pytest.approx([0], abs=1e-7)


def test_principal_angles_reject_invalid_axes() -> None:
    with pytest.raises(ValueError, match=r"b must have as many columns as a \(3\), got 2"):
        metrics.principal_angles(np.eye(3), np.eye(2))
    with pytest.raises(ValueError, match="The 2 axes of b must be linearly independent"):
        metrics.principal_angles(np.eye(3), [[1, 0, 0], [2, 0, 0]])


def test_separability_returns_all_four_measures() -> None:
    result = metrics.separability(LINE, SIDE, LINE, SIDE)
    assert (result.knn, result.probe, result.trustworthiness) == (1, 1, None)
    assert result.silhouette == metrics.silhouette(LINE, SIDE)
    many = np.arange(60.0)[:, None]
    side = (many[:, 0] > 30).astype(int)
    assert metrics.separability(many, side, many, side, many).trustworthiness == 1


def test_the_table_has_a_line_per_code() -> None:
    result = metrics.separability(LINE, SIDE, LINE, SIDE)
    lines = metrics.separability_table({"pixels": result, "PCA-2": result}).splitlines()
    assert [len(line) for line in lines] == [len(lines[0])] * 4
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells == ["pixels", "100.0%", "100.0%", "–", f"{result.silhouette:.3f}"]


@real
def test_floor_and_mean_image_on_mnist() -> None:
    mnist = data.digits("mnist")
    floor = metrics.cross_entropy_floor(mnist.x_test)
    assert floor == pytest.approx(45.5, abs=0.1)
    assert floor / 784 == pytest.approx(0.0581, abs=1e-4)
    mean = MeanImage().fit(mnist.x_train).reconstruct(mnist.x_test)
    assert metrics.cross_entropy(mnist.x_test, mean) / 784 == pytest.approx(0.2625, abs=5e-4)
    assert metrics.mean_squared_error(mnist.x_test, mean) == pytest.approx(52.90 / 784, abs=1e-4)


@real
@pytest.mark.slow
def test_separability_on_mnist_is_as_measured_before() -> None:
    # 10,000 random training images, 2,000 random test images.
    mnist = data.digits("mnist")
    rng = np.random.RandomState(0)
    train, test = rng.permutation(60_000)[:10_000], rng.permutation(10_000)[:2_000]
    x, y = mnist.x_train[train], mnist.y_train[train]
    x_test, y_test = mnist.x_test[test], mnist.y_test[test]
    pixels = metrics.knn_accuracy(x, y, x_test, y_test)
    assert pixels == pytest.approx(0.9485, abs=0.012)
    assert metrics.silhouette(x_test, y_test) == pytest.approx(0.051, abs=0.01)
    pca = PCA(30).fit(mnist.x_train)
    code, code_test = pca.encode(x), pca.encode(x_test)
    for k, knn, trust, round_ in ((30, 0.9595, 0.998, 0.083), (2, 0.4255, 0.741, 0.025)):
        result = metrics.separability(code[:, :k], y, code_test[:, :k], y_test, x_test)
        assert result.knn == pytest.approx(knn, abs=0.02)
        assert result.trustworthiness == pytest.approx(trust, abs=0.01)
        assert result.silhouette == pytest.approx(round_, abs=0.01)
        assert result.probe > result.silhouette


def test_matched_directions_are_used_once() -> None:
    a = np.array([[1.0, 0.0], [2.0, 0.1]])
    b = np.array([[5.0, 0.0], [0.0, 3.0], [-1.0, 0.0]])
    assert metrics.cosines(a, b)[0].tolist() == [1, 0, -1]
    pairs = metrics.match_directions(a, b)
    assert sorted(pairs.round(2).tolist()) == [0.05, 1.0]
    np.testing.assert_allclose(np.sort(metrics.match_directions(b, a)), np.sort(pairs))
    assert metrics.cosines([[0.0, 0.0]], b).tolist() == [[0, 0, 0]]
