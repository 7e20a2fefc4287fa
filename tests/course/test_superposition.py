"""Toy models of superposition, held against closed forms and the published picture."""

from __future__ import annotations

import numpy as np
import pytest

from course import superposition
from course.superposition import ARRANGEMENTS


def test_features_are_as_rare_as_their_density() -> None:
    x = superposition.sample(np.random.default_rng(0), 20_000, 3, [0.1, 1.0])
    assert x.shape == (2, 20_000, 3)
    np.testing.assert_allclose((x > 0).mean(axis=(1, 2)), [0.1, 1.0], atol=0.01)
    np.testing.assert_allclose(x[0][x[0] > 0].mean(), 0.5, atol=0.01)


@pytest.mark.parametrize(("density", "importance"), [(0.1, 1.0), (0.5, 0.3), (1.0, 4.0)])
def test_the_closed_forms_agree_with_a_simulation(density: float, importance: float) -> None:
    x = superposition.sample(np.random.default_rng(1), 200_000, 2, [density] * 3)
    weights = np.array([[[1.0], [0.0]], [[0.0], [1.0]], [[1.0], [-1.0]]])
    mean = density / 2
    biases = np.array([[0.0, mean], [mean, 0.0], [0.0, 0.0]])
    models = superposition.ToyModels(weights, biases)
    simulated = models.losses(x, np.tile([1.0, importance], (3, 1)))
    np.testing.assert_allclose(superposition.pair_losses(density, importance), simulated, rtol=0.08)


def test_equal_features_share_a_number_below_four_sevenths() -> None:
    losses = superposition.pair_losses(np.array([0.56, 0.58]), 1.0)
    shared = ARRANGEMENTS.index("superposition")
    assert [row.argmin() == shared for row in losses] == [True, False]


def test_training_finds_the_phases_of_the_closed_form() -> None:
    """Elhage and others 2022, "Superposition as a phase change"."""
    densities, importances = [0.05, 0.2, 1.0], [0.1, 0.5, 1.0, 2.0, 10.0]
    found = superposition.trained_arrangements(densities, importances)
    expected = superposition.best_arrangements(densities, importances)
    assert (found == expected).mean() > 0.9
    assert found[:, 0].tolist() == [2] * 5  # rare features share, whatever their importance
    assert found[[0, 1, 3, 4], 2].tolist() == [0, 0, 1, 1]  # of dense ones the important one stays


def test_rare_features_form_a_pentagon_and_dense_ones_take_turns() -> None:
    """Five features in two numbers, with the importances of the paper."""
    importances = np.tile(0.9 ** np.arange(5), (2, 1))
    models = superposition.train([1.0, 0.05], importances, dimensions=2, tries=3)
    dense, rare = np.linalg.norm(models.weights, axis=2)
    assert (dense > 0.3).tolist() == [True, True, False, False, False]
    assert (rare > 0.3).all()
    first, second = models.weights[0, :2]
    assert abs(first @ second) < 0.05
    angles = np.sort(np.degrees(np.arctan2(*models.weights[1].T)))
    gaps = np.diff(angles, append=angles[0] + 360)
    np.testing.assert_allclose(gaps, 72, atol=12)
    sizes = superposition.dimensionalities(models.weights[1])
    np.testing.assert_allclose(sizes, 0.4, atol=0.08)


def test_an_unused_direction_has_no_dimension() -> None:
    sizes = superposition.dimensionalities([[1.0, 0.0], [0.0, 0.0], [0.0, -2.0]])
    np.testing.assert_allclose(sizes, [1, 0, 1])
