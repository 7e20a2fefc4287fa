"""The feature explorer: what it sends, and that Python computes what the page shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import traitlets

from course import classifier, drawing
from course.assets import digit_features
from course.widgets.feature_explorer import FeatureExplorer
from tests.course.imports import loaded


@pytest.fixture
def explorer() -> Iterator[FeatureExplorer]:
    widget = FeatureExplorer()
    yield widget
    widget.close()


def test_the_page_gets_networks_pictures_and_names(explorer: FeatureExplorer) -> None:
    state = explorer.get_state()
    assert state["pictures"].startswith(b"\x89PNG")
    assert state["classifier"].startswith(b"PK")
    assert state["dictionary"].startswith(b"PK")
    assert set(state["facts"]) == {"active", "names", "strongest"}
    assert sorted(state["samples"]) == list("0123456789")
    assert len(repr(explorer)) < 110  # pages without widgets cut it off


@pytest.mark.parametrize("name", "0123456789")
def test_with_all_features_a_drawing_is_read_as_in_lesson_6(
    explorer: FeatureExplorer, name: str
) -> None:
    explorer.strokes = [*drawing.stored()[name].strokes]
    explorer.pen = drawing.stored()[name].pen
    expected = classifier.load().probabilities(explorer.vector)
    np.testing.assert_allclose(explorer.probabilities, expected, atol=1e-5)
    assert 0 < (explorer.strengths > 0).sum() <= digit_features.facts().active


def test_a_feature_that_is_off_is_subtracted(explorer: FeatureExplorer) -> None:
    before = explorer.probabilities
    assert before.argmax() == 1  # with a foot
    explorer.off = [int(explorer.strengths[0].argmax())]
    hidden = classifier.load().hidden(explorer.vector)
    left = digit_features.dictionary().without(hidden, explorer.off[0])
    expected = classifier.softmax(classifier.load().logits_from_hidden(left))
    np.testing.assert_allclose(explorer.probabilities, expected, rtol=1e-4, atol=1e-6)
    assert explorer.probabilities.argmax() != 1


@pytest.mark.parametrize("feature", [-1, 10_000])
def test_an_unknown_feature_is_rejected(explorer: FeatureExplorer, feature: int) -> None:
    with pytest.raises(traitlets.TraitError, match=rf"off must hold features .*got {feature}"):
        explorer.off = [feature]


def test_a_drawing_that_is_not_a_digit_still_has_a_picture(explorer: FeatureExplorer) -> None:
    explorer.strokes = []
    assert "A drawn digit and the features" in explorer.picture().alt


def test_neither_widget_nor_asset_load_tensorflow_or_matplotlib() -> None:
    program = "from course.widgets.feature_explorer import FeatureExplorer as F; F().close()"
    assert loaded(program) == []
