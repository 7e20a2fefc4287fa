"""The code-plane explorer and its precomputed asset."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import traitlets

from benchmarks.assets import make_variational
from course import classifier
from course.assets import code_plane
from course.widgets.code_plane import CodePlane
from tests.course.imports import loaded


@pytest.fixture
def explorer() -> Iterator[CodePlane]:
    widget = CodePlane()
    yield widget
    widget.close()


def test_a_price_snaps_to_the_nearest_trained_network(explorer: CodePlane) -> None:
    for beta in code_plane.facts().betas:
        explorer.beta = min(beta + 0.01, 64)
        assert explorer.beta == beta


@pytest.mark.parametrize(("name", "value"), [("beta", -1), ("beta", 65), ("place", 169)])
def test_a_value_out_of_range_is_rejected(explorer: CodePlane, name: str, value: int) -> None:
    with pytest.raises(traitlets.TraitError, match=f"{name} must be from 0 to .*got {value}"):
        explorer.set_trait(name, value)


def test_the_page_gets_all_data_once(explorer: CodePlane) -> None:
    state = explorer.get_state()
    assert state["pictures"].startswith(b"\x89PNG")
    assert set(state["facts"]) == set(code_plane.CodePlaneFacts.__dataclass_fields__)
    assert len(repr(explorer)) < 110  # pages without widgets cut it off


def test_the_asset_is_small_and_complete() -> None:
    facts, pictures = code_plane.facts(), code_plane.pictures()
    networks, places = len(facts.betas), facts.side**2
    assert tuple(facts.betas) == make_variational.BETAS
    assert code_plane.PICTURES.stat().st_size + code_plane.FACTS.stat().st_size < 600_000
    assert pictures.planes.shape == (networks, 28 * facts.side, 28 * facts.side)
    assert pictures.copies.shape == (networks, len(facts.examples), 784)
    for values in (facts.reads, facts.sure):
        assert np.shape(values) == (networks, places)
    assert np.shape(facts.codes) == (networks, len(facts.labels), 2)


def test_the_classifier_reads_the_pictures_as_recorded() -> None:
    facts, pictures = code_plane.facts(), code_plane.pictures()
    tiles = 1 - pictures.planes.reshape(-1, facts.side, 28, facts.side, 28)
    images = tiles.transpose(0, 1, 3, 2, 4).reshape(-1, 784)
    read = classifier.load().probabilities(images).argmax(axis=1)
    # The pictures have 16 gray levels; the digits were read before rounding.
    assert (read == np.ravel(facts.reads)).mean() > 0.9


def test_a_higher_price_closes_holes_and_blurs_copies() -> None:
    facts = code_plane.facts()
    holes, errors = np.array(facts.hole_shares), np.array(facts.errors)
    assert holes[0] > 2 * holes[facts.betas.index(1)]
    assert np.all(np.diff(holes[:4]) < 0)
    assert np.all(np.diff(errors) > 0)
    assert facts.code_costs[-1] < 0.1  # collapsed


def test_neither_widget_nor_asset_load_tensorflow_or_matplotlib() -> None:
    program = "from course.widgets.code_plane import CodePlane as C; C().close()"
    assert loaded(program) == []
