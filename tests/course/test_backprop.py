"""Exact against numerical gradients, and an autoencoder that learns."""

from __future__ import annotations

import numpy as np
import pytest
from traitlets import TraitError

from benchmarks.assets import make_architecture_grid
from course import backprop, data
from course.arrays import FloatArray
from course.backprop import Loss
from course.widgets import architecture_grid as grid
from course.widgets.architecture import NetworkExplorer


@pytest.mark.parametrize("kind", ["squared", "cross-entropy"])
@pytest.mark.parametrize("sizes", [[5, 2, 5], [7, 4, 2, 4, 7], [6, 9, 3, 2, 4, 8, 6]])
def test_gradients_agree_with_numerical_gradients(sizes: list[int], kind: Loss) -> None:
    rng = np.random.default_rng(len(sizes))
    # Weights large enough that rounding doesn't dominate small slopes.
    layers = [(2 * w, rng.normal(size=b.shape)) for w, b in backprop.build(sizes, rng)]
    x = rng.random((11, sizes[0]))
    exact = backprop.gradients(layers, x, kind)
    numerical = backprop.numerical_gradients(layers, x, kind)
    assert backprop.worst_relative_error(exact, numerical) < 1e-7


def test_a_wrong_gradient_is_detected() -> None:
    rng = np.random.default_rng(0)
    layers, x = backprop.build([5, 3, 5], rng), rng.random((4, 5))
    right = backprop.numerical_gradients(layers, x)
    wrong = backprop.gradients(layers, x)
    wrong[1] = (-wrong[1][0], wrong[1][1])
    assert backprop.worst_relative_error(wrong, right) == pytest.approx(1)


def test_numerical_gradients_leave_the_weights_unchanged() -> None:
    rng = np.random.default_rng(0)
    layers, x = backprop.build([4, 2, 4], rng), rng.random((3, 4))
    before = [array.copy() for pair in layers for array in pair]
    backprop.numerical_gradients(layers, x)
    after = [array for pair in layers for array in pair]
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


def test_the_code_is_linear_and_the_output_is_not() -> None:
    rng = np.random.default_rng(1)
    layers, x = backprop.build([6, 4, 2, 4, 6], rng), 40 * rng.normal(size=(9, 6))
    outputs = backprop.forward(layers, x)
    assert backprop.encode(layers, x) == pytest.approx(outputs[1] @ layers[1][0] + layers[1][1])
    for number, lowest in ((1, -1), (3, -1), (4, 0)):
        assert ((outputs[number] >= lowest) & (outputs[number] <= 1)).all()


def test_losses_are_sums_over_pixels_and_means_over_images() -> None:
    layers = [(np.zeros((4, 2)), np.zeros(2)), (np.zeros((2, 4)), np.zeros(4))]
    x = np.array([[0, 0, 1, 1], [1, 1, 1, 1.0]])  # the output is 0.5 everywhere
    assert backprop.loss(layers, x) == pytest.approx(4 * 0.25)
    assert backprop.loss(layers, x, "cross-entropy") == pytest.approx(4 * np.log(2))


def test_training_lowers_the_loss_and_keeps_the_initial_weights() -> None:
    rng = np.random.default_rng(2)
    x = 1 / (1 + np.exp(-3 * rng.normal(size=(300, 2)) @ rng.normal(size=(2, 12))))
    start = backprop.build([12, 10, 2, 10, 12], rng)
    before = start[0][0].copy()
    seen: list[float] = []
    end = backprop.train(
        start, x, rng, epochs=60, rate=0.01, watch=lambda _, now: seen.append(backprop.loss(now, x))
    )
    assert (start[0][0] == before).all()
    assert seen[-1] == backprop.loss(end, x) < 0.25 * backprop.loss(start, x)


def test_denoising_pairs_a_corrupted_input_with_its_clean_target() -> None:
    rng = np.random.default_rng(3)
    x = np.repeat(np.eye(8), 30, axis=0)
    plain = backprop.build([8, 6, 8], rng)

    def hide(images: FloatArray) -> FloatArray:
        return np.where(rng.random(images.shape) < 0.3, 0.5, images)

    learned = backprop.train(plain, x, rng, epochs=60, rate=0.02)
    denoising = backprop.train(plain, x, rng, epochs=60, rate=0.02, corrupt=hide)
    spoiled = hide(x)
    assert backprop.loss(denoising, spoiled, target=x) < backprop.loss(learned, spoiled, target=x)


@pytest.mark.parametrize(("sizes", "message"), [([4, 4], "odd"), ([5, 2, 4], "end as they start")])
def test_invalid_sizes_are_rejected(sizes: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        backprop.build(sizes, np.random.default_rng(0))


def test_the_grid_has_every_choice_of_the_explorer() -> None:
    measured = grid.load()
    assert sorted(tuple(network[:3]) for network in measured["networks"]) == sorted(grid.networks())
    errors = {tuple(network[:3]): network[3] for network in measured["networks"]}
    for (first, second, code), error in errors.items():
        assert error <= errors[first, second, 2]
        if first:
            assert error < measured["pca"][str(code)], f"PCA beats {first}-{second}-{code}"


@pytest.mark.slow
def test_the_grid_can_be_reproduced() -> None:
    digits = data.digits("bundled")
    written = {tuple(network[:3]): network[3] for network in grid.load()["networks"]}
    again = make_architecture_grid.network_error((0, 0, 2), digits)
    assert again == pytest.approx(written[0, 0, 2], rel=0.05)
    assert make_architecture_grid.pca_error(30, digits) == grid.load()["pca"]["30"]


def test_by_depth_counts_parameters_and_sorts_by_layers() -> None:
    kinds = grid.by_depth(code=10)
    assert sorted(len(pairs) for pairs in kinds.values()) == [1, 3, 3, 3]
    assert kinds["no hidden layer"][0][0] == 785 * 10 + 11 * 784


def test_the_explorer_rejects_sizes_without_measurements() -> None:
    explorer = NetworkExplorer(first=64, code=2)
    assert explorer.content["choices"]["first"] == grid.FIRST
    with pytest.raises(TraitError, match="first"):
        explorer.first = 65
