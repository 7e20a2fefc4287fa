"""The RBM against sums over all states, finite differences and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neural_network import BernoulliRBM

from course import rbm
from course.arrays import Float64Array
from course.rbm import RBM
from course.widgets.gibbs import GibbsExplorer


def machine(visible: int = 3, hidden: int = 2, seed: int = 0) -> RBM:
    rng = np.random.default_rng(seed)
    return RBM(
        rng.normal(size=(hidden, visible)), rng.normal(size=visible), rng.normal(size=hidden)
    )


def joint(of: RBM) -> Float64Array:
    """p(v, h) by brute force, ``(2**visible, 2**hidden)``."""
    weights = np.array(
        [
            [np.exp(-float(of.energy(v, h))) for h in rbm.states(len(of.hidden_bias))]
            for v in rbm.states(len(of.visible_bias))
        ]
    )
    return np.asarray(weights / weights.sum())


def test_energy_follows_its_formula() -> None:
    m = machine()
    v, h = np.array([1.0, 0, 1]), np.array([0.0, 1])
    expected = -m.visible_bias[0] - m.visible_bias[2] - m.hidden_bias[1]
    expected -= m.weights[1, 0] + m.weights[1, 2]
    assert float(m.energy(v, h)) == pytest.approx(expected)
    assert m.energy(np.stack([v, v]), np.stack([h, h])).shape == (2,)


@pytest.mark.parametrize(("visible", "hidden"), [(3, 2), (2, 5), (6, 1)])
def test_conditionals_and_marginal_agree_with_brute_force(visible: int, hidden: int) -> None:
    m = machine(visible, hidden)
    p = joint(m)
    p_v = p.sum(axis=1)
    vs, hs = rbm.states(visible), rbm.states(hidden)
    assert np.exp(-m.free_energy(vs) - rbm.log_partition(m)) == pytest.approx(p_v)
    assert m.p_h_given_v(vs) == pytest.approx((p @ hs) / p_v[:, None])
    assert m.p_v_given_h(hs) == pytest.approx((p.T @ vs) / p.sum(axis=0)[:, None])


def test_the_exact_gradient_is_the_slope_of_the_likelihood() -> None:
    m, data = machine(4, 3), rbm.states(4)[[1, 5, 5, 12]]
    gradient = rbm.exact_gradient(m, data)
    step = 1e-5
    for name in ("weights", "visible_bias", "hidden_bias"):
        exact = getattr(gradient, name)
        for index in np.ndindex(exact.shape):
            parts = {}
            for sign in (1, -1):
                arrays = {
                    key: getattr(m, key).copy()
                    for key in ("weights", "visible_bias", "hidden_bias")
                }
                arrays[name][index] += sign * step
                parts[sign] = rbm.log_likelihood(RBM(**arrays), data)
            assert (parts[1] - parts[-1]) / (2 * step) == pytest.approx(exact[index], abs=1e-8)


def test_averaged_cd_k_matches_its_expectation_and_approaches_the_gradient() -> None:
    m, data = machine(3, 2), rbm.states(3)[[5, 5, 6]]
    rng = np.random.default_rng(1)
    many = np.repeat(data, 20_000, axis=0)
    for k in (1, 3):
        drawn = rbm.contrastive_divergence(m, many, rng, k).flat()
        assert drawn == pytest.approx(rbm.expected_cd(m, data, k).flat(), abs=0.015)
    truth = rbm.exact_gradient(m, data).flat()
    misses = [
        np.linalg.norm(rbm.expected_cd(m, data, k).flat() - truth) for k in (1, 2, 5, 10, 100)
    ]
    assert misses == sorted(misses, reverse=True)
    assert misses[-1] < 1e-6


def test_a_gibbs_chain_visits_states_according_to_their_probability() -> None:
    m = machine(3, 2)
    rng = np.random.default_rng(2)
    chain = m.gibbs(np.zeros((4000, 3)), rng)
    for _ in range(60):
        h, v = next(chain)
    codes = (v @ [4, 2, 1]).astype(int) * 4 + (h @ [2, 1]).astype(int)
    # h is drawn before v, so the pair is a state of the chain at equilibrium as well
    frequencies = np.bincount(codes, minlength=32).reshape(8, 4) / len(codes)
    assert frequencies == pytest.approx(joint(m), abs=0.03)


@pytest.mark.parametrize(("persistent", "rate"), [(False, 0.2), (True, 0.1)])
def test_training_makes_the_data_more_probable(persistent: bool, rate: float) -> None:
    rng = np.random.default_rng(3)
    data = np.repeat([[1.0, 1, 0, 0], [0, 0, 1, 1]], 100, axis=0)
    start = RBM.random(4, 3, rng)
    likelihoods: list[float] = []
    end = rbm.train(
        start,
        data,
        rng,
        epochs=150,
        rate=rate,
        persistent=persistent,
        watch=lambda _, m: likelihoods.append(rbm.log_likelihood(m, data)),
    )
    assert rbm.log_likelihood(start, data) == pytest.approx(-4 * np.log(2), abs=0.05)
    assert likelihoods[-1] == rbm.log_likelihood(end, data) > -1.5  # at best -log 2 = -0.69
    assert len(likelihoods) == 150


def test_it_agrees_with_scikit_learn() -> None:
    data = (np.random.default_rng(4).random((60, 8)) < 0.4).astype(float)
    theirs = BernoulliRBM(n_components=5, n_iter=5, random_state=0).fit(data)
    ours = RBM(theirs.components_, theirs.intercept_visible_, theirs.intercept_hidden_)
    assert ours.p_h_given_v(data) == pytest.approx(theirs.transform(data))
    assert ours.free_energy(data) == pytest.approx(theirs._free_energy(data))


def test_without_sampling_it_is_a_deterministic_tied_autoencoder() -> None:
    m, v = machine(6, 3), rbm.states(6)[[9, 40]]
    hidden = 1 / (1 + np.exp(-(v @ m.weights.T + m.hidden_bias)))
    out = 1 / (1 + np.exp(-(hidden @ m.weights + m.visible_bias)))
    assert m.reconstruct(v) == pytest.approx(out)
    rng = np.random.default_rng(0)
    draws = {tuple(m.sample_h(v[0], rng)) for _ in range(50)}
    assert len(draws) > 1


def test_errors_name_the_argument() -> None:
    m = machine()
    with pytest.raises(ValueError, match="v must have 3 numbers per row"):
        m.free_energy([1, 0])
    with pytest.raises(ValueError, match=r"visible_bias must .* got \(2,\)"):
        RBM(np.zeros((2, 3)), np.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        rbm.contrastive_divergence(m, [[1, 0, 1]], np.random.default_rng(0), k=0)
    with pytest.raises(ValueError, match="units must be between 1 and 16, got 40"):
        rbm.log_partition(RBM(np.zeros((2, 40)), np.zeros(40), np.zeros(2)))


def explorer() -> GibbsExplorer:
    rng = np.random.default_rng(5)
    return GibbsExplorer(RBM.random(784, 64, rng, scale=0.1), rng.random((3, 784)) < 0.2)


def test_the_explorer_walks_by_coins_and_starts_again() -> None:
    widget = explorer()
    assert widget.steps == 1  # all three pictures show something
    first = widget.pictures
    assert set(first["hidden"]) == {0, 255}
    widget.step()
    assert widget.steps == 2
    assert widget.pictures["before"] == first["after"] != widget.pictures["after"]
    widget.restart()
    assert widget.steps == 0
    widget.step()
    assert widget.pictures["before"] == first["before"]
    assert widget.pictures["hidden"] != first["hidden"]  # other coins


def test_the_explorer_without_coins_is_deterministic() -> None:
    widget = explorer()
    widget.sampling = False
    widget.step()
    first = widget.pictures
    widget.restart()
    widget.step()
    assert widget.pictures == first
    assert "coins off" in widget.words


def test_the_explorer_shows_the_next_image_and_ignores_unknown_messages() -> None:
    widget = explorer()
    before = widget.pictures["before"]
    widget.step()
    widget.choice = 1
    assert widget.steps == 0
    assert widget.pictures["before"] != before
    widget._on_message(widget, {"delete": "everything"}, [])
    assert widget.steps == 0
    widget._on_message(widget, "step", [])
    assert widget.steps == 1
