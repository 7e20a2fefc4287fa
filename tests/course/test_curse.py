"""The curse in numbers: closed forms, simulations and the literature's examples."""

from __future__ import annotations

import math

import numpy as np
import pytest

from course import curse, regression
from course.widgets.curse import CurseExplorer


@pytest.mark.parametrize(
    ("d", "share"), [(1, 0.9997), (2, 0.905), (3, 0.530), (5, 0.079), (10, 0.00034)]
)
def test_twenty_points_occupy_the_known_share_of_three_bins_per_side(d: int, share: float) -> None:
    assert curse.occupied_share(20, 3, d) == pytest.approx(share, rel=0.01)


@pytest.mark.parametrize(("n", "bins", "d"), [(20, 3, 2), (50, 4, 3), (5, 10, 1), (30, 2, 6)])
def test_simulation_agrees_with_the_formula(n: int, bins: int, d: int) -> None:
    rng = np.random.default_rng(1)
    draws = [curse.count_occupied(rng.random((n, d)), bins) / bins**d for _ in range(2000)]
    error = np.std(draws) / math.sqrt(len(draws))
    assert np.mean(draws) == pytest.approx(curse.occupied_share(n, bins, d), abs=4 * error)


def test_tiny_shares_keep_their_precision() -> None:
    assert curse.occupied_share(20, 3, 60) == pytest.approx(20 * 3.0**-60, rel=1e-9)
    assert curse.occupied_share(0, 3, 2) == 0
    assert curse.occupied_share(4, 1, 2) == 1


def test_the_border_belongs_to_the_last_cell() -> None:
    assert curse.count_occupied([[1.0, 1.0], [0.99, 0.99]], 3) == 1
    with pytest.raises(ValueError, match="in the unit cube, got coordinates"):
        curse.count_occupied([[1.2]], 3)


@pytest.mark.parametrize(("d", "share"), [(1, 0.10), (3, 0.271), (10, 0.6513), (50, 0.9948)])
def test_edges_hold_the_known_share(d: int, share: float) -> None:
    assert curse.edge_share(d) == pytest.approx(share, abs=5e-4)
    rng = np.random.default_rng(d)
    points = rng.random((20_000, d))
    near = (np.minimum(points, 1 - points).min(axis=1) < 0.05).mean()
    assert near == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(("d", "edge"), [(1, 0.10), (3, 0.464), (10, 0.794), (100, 0.977)])
def test_edge_length_is_the_inverse_of_volume(d: int, edge: float) -> None:
    assert curse.edge_length(0.1, d) == pytest.approx(edge, abs=1e-3)
    assert curse.edge_length(0.1, d) ** d == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("d", "share"), [(1, 1), (2, math.pi / 4), (3, math.pi / 6), (10, 0.00249), (20, 2.46e-8)]
)
def test_the_ball_leaves_the_cube_to_its_corners(d: int, share: float) -> None:
    assert curse.ball_share(d) == pytest.approx(share, rel=2e-3)


def test_the_mean_squared_distance_is_a_sixth_of_the_dimension() -> None:
    for d in (1, 7, 300):
        squared = curse.pair_distances(d, pairs=20_000) ** 2
        assert squared.mean() == pytest.approx(d / 6, rel=0.03)


@pytest.mark.parametrize(("d", "variation"), [(2, 0.48), (3, 0.37), (10, 0.19), (100, 0.058)])
def test_distances_vary_less_and_less(d: int, variation: float) -> None:
    sample = curse.pair_distances(d, pairs=20_000)
    assert curse.coefficient_of_variation(sample) == pytest.approx(variation, rel=0.05)


@pytest.mark.parametrize(("d", "contrast"), [(3, 25), (10, 2.9), (100, 0.44), (1000, 0.12)])
def test_contrast_falls_as_measured(d: int, contrast: float) -> None:
    rng = np.random.default_rng(0)
    draws = [
        curse.relative_contrast(rng.random((1000, d)), rng.random(d))
        for _ in range(100 if d < 500 else 10)
    ]
    assert np.median(draws) == pytest.approx(contrast, rel=0.25)


def test_contrast_rejects_the_query_itself() -> None:
    with pytest.raises(ValueError, match="remove the point that equals it"):
        curse.relative_contrast([[1.0, 2.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"query must have the shape \(3,\)"):
        curse.relative_contrast([[1.0, 2.0, 3.0]], [1.0, 2.0])


def test_stone_rate_matches_the_published_example() -> None:
    assert curse.stone_rate(10_000, 2, 10) == pytest.approx(0.2683, abs=1e-4)
    needed = curse.samples_needed(10_000, 10, 20, 2)
    assert needed == pytest.approx(7.2e6, rel=0.01)
    assert curse.stone_rate(needed, 2, 20) == pytest.approx(curse.stone_rate(10_000, 2, 10))


@pytest.mark.parametrize(("d", "times"), [(1, 5.66), (2, 8), (10, 128), (20, 4096), (784, 2**394)])
def test_halving_the_error_costs_what_the_rate_says(d: int, times: float) -> None:
    assert curse.cost_of_halving(2, d) == pytest.approx(times, rel=1e-3)
    if d < 100:
        ratio = curse.stone_rate(1000 * times, 2, d) / curse.stone_rate(1000, 2, d)
        assert ratio == pytest.approx(0.5, rel=1e-3)


def test_learned_features_help_at_first_and_hurt_later() -> None:
    known = [curse.classifier_accuracy(d) for d in (1, 10, 100, 2000)]
    learned = [curse.classifier_accuracy(d, n=10) for d in (1, 20, 2000)]
    assert known == sorted(known)
    assert known[0] == pytest.approx(0.8413, abs=1e-3)  # a normal distribution below 1
    assert learned[0] < learned[1] > learned[2]
    assert all(share < 0.999 for share in learned)


def test_the_exact_accuracy_agrees_with_drawn_examples() -> None:
    d, n = 30, 10
    mu, rng = 1 / np.sqrt(np.arange(1, d + 1)), np.random.default_rng(3)
    right = []
    for _ in range(300):
        side = rng.choice([-1, 1], n)[:, None]
        learned = (side * (side * mu + rng.normal(size=(n, d)))).mean(axis=0)
        right.append((((mu + rng.normal(size=(50, d))) @ learned) > 0).mean())
    assert np.mean(right) == pytest.approx(curse.classifier_accuracy(d, n), abs=0.02)


@pytest.mark.parametrize("d", [1, 2, 5, 8])
def test_the_experiment_falls_with_stones_slope(d: int) -> None:
    sizes = [300, 1000, 3000]
    errors = regression.regression_errors(d, sizes, queries=300)
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert slope == pytest.approx(-2 / (4 + d), rel=0.3)


@pytest.mark.parametrize("d", [2, 6])
def test_neighbors_wrap_around_the_edge(d: int) -> None:
    x = np.full((3, d), 0.5)
    x[1, 0], x[2, 0] = 0.99, 0.25
    query = np.full((1, d), 0.5)
    query[0, 0] = 0.01
    assert regression._neighbors_on_torus(x, query, 3)[0].tolist() == [1, 2, 0]


@pytest.mark.parametrize("d", [1, 2, 5])
def test_intrinsic_dimension_sees_through_the_space_around_it(d: int) -> None:
    rng = np.random.default_rng(d)
    flat = rng.random((1500, d))
    turned = flat @ np.linalg.qr(rng.normal(size=(50, d)))[0].T
    assert curse.intrinsic_dimension(flat) == pytest.approx(d, rel=0.15)
    assert curse.intrinsic_dimension(turned) == pytest.approx(curse.intrinsic_dimension(flat))


def test_intrinsic_dimension_ignores_duplicates_and_says_when_nothing_is_left() -> None:
    flat = np.random.default_rng(0).random((400, 2))
    with_copies = np.vstack([flat, flat[:50]])
    assert curse.intrinsic_dimension(with_copies) == pytest.approx(2, rel=0.2)
    with pytest.raises(ValueError, match="too many duplicates"):
        curse.intrinsic_dimension(np.ones((20, 3)))
    with pytest.raises(ValueError, match=r"k must be between 2 and .* got 20"):
        curse.intrinsic_dimension(flat[:10], k=20)


def test_the_explorer_matches_the_library() -> None:
    explorer = CurseExplorer(n=50)
    points = np.array(explorer.content["points"])
    assert points.shape == (200, 3)
    assert curse.count_occupied(points[:20], 3) == 15  # as in the still figure beside it
    for panel in explorer.content["distances"]:
        assert panel["mean"] == pytest.approx(math.sqrt(panel["d"] / 6), rel=0.2)
    rates = explorer.content["rates"]
    assert [rate["d"] for rate in rates] == [1, 2, 3, 5, 8, 12]
    assert all(rate["slope"] == pytest.approx(rate["stone"], rel=0.4) for rate in rates)
    spreads = [panel["spread"] for panel in explorer.content["distances"]]
    assert spreads == sorted(spreads, reverse=True)
    assert "figures below" in repr(explorer)


def test_errors_name_the_argument() -> None:
    for call, message in (
        (lambda: curse.occupied_share(5, 0, 2), "bins must be 1 or more, got 0"),
        (lambda: curse.occupied_share(5, 3, 0), "d must be 1 or more, got 0"),
        (lambda: curse.edge_share(3, margin=0.7), "margin must be .* got 0.7"),
        (lambda: curse.edge_length(1.5, 2), "share must be .* got 1.5"),
        (lambda: curse.stone_rate(0, 2, 10), "m must be 1 or more, got 0"),
        (lambda: curse.stone_rate(10, 0, 10), "p must be above 0, got 0"),
        (lambda: curse.samples_needed(10, 1, -2, 1), "d_to must be above 0, got -2"),
        (lambda: regression.regression_errors(2, [0]), "sizes must be 1 or more, got 0"),
        (
            lambda: curse.count_occupied([0.5], 3),
            r"points must have the shape \(n, d\), got \(1,\)",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            call()
