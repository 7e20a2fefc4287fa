"""The code-size explorer and its precomputed assets."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
import traitlets

from benchmarks.assets import make_intro
from course import assets, data
from course.baselines import PCA
from course.data import drawn_faces
from course.metrics import squared_error
from course.widgets.code_size import CodeSizeExplorer
from course.widgets.frontend import FOLDER
from tests.course.imports import loaded


@pytest.fixture
def explorer() -> Iterator[CodeSizeExplorer]:
    widget = CodeSizeExplorer()
    yield widget
    widget.close()


def test_a_size_snaps_to_the_nearest_measured_one(explorer: CodeSizeExplorer) -> None:
    for size, nearest in ((1, 1), (17, 20), (31, 30), (99, 100)):
        explorer.code_size = size
        assert explorer.code_size == nearest


@pytest.mark.parametrize("size", [0, -1, 101])
def test_a_size_out_of_range_is_rejected(explorer: CodeSizeExplorer, size: int) -> None:
    with pytest.raises(traitlets.TraitError, match=f"code_size must be from 1 to 100, got {size}"):
        explorer.code_size = size


def test_an_unknown_image_is_rejected(explorer: CodeSizeExplorer) -> None:
    with pytest.raises(
        traitlets.TraitError, match=r"image must be one of a 0, a 1, .* a star; got '3'"
    ):
        explorer.image = "3"


def test_the_page_gets_all_data_once(explorer: CodeSizeExplorer) -> None:
    state = explorer.get_state()
    assert state["pictures"].startswith(b"\x89PNG")
    assert set(state["facts"]) == set(assets.CodeSizeFacts.__dataclass_fields__)
    assert len(repr(explorer)) < 110  # pages without widgets cut it off


def test_the_script_marks_measured_sizes_only() -> None:
    script = (FOLDER / "code_size.js").read_text(encoding="utf-8")
    (marks,) = re.findall(r"MARKS = \[([\d, ]+)\]", script)
    assert {int(mark) for mark in marks.split(",")} <= set(assets.code_size_facts().sizes)


def test_the_assets_take_less_than_a_megabyte() -> None:
    files = (assets.CODE_SIZE_FACTS, assets.CODE_SIZE_PICTURES, assets.FACE_WEIGHTS)
    assert sum(file.stat().st_size for file in files) < 1_000_000


def test_pca_errors_are_those_of_the_bundled_digits() -> None:
    digits, facts = data.digits("bundled"), assets.code_size_facts()
    mean = np.tile(digits.x_train.mean(axis=0), (len(digits.x_test), 1))
    assert squared_error(digits.x_test, mean) == pytest.approx(facts.mean_image, abs=0.01)
    for size in (10, 100):
        error = squared_error(
            digits.x_test, PCA(size).fit(digits.x_train).reconstruct(digits.x_test)
        )
        assert error == pytest.approx(facts.pca[facts.sizes.index(size)], abs=0.01)


def test_the_codes_are_those_of_the_images() -> None:
    digits, facts = data.digits("bundled"), assets.code_size_facts()
    pictures = assets.code_size_pictures()
    for size in (1, 10, 100):
        at = facts.sizes.index(size)
        pca = PCA(size).fit(digits.x_train)
        for image in range(10):
            code = np.array(facts.pca_codes[image][at])
            ink = 1 - pictures[image, 0, 0].reshape(1, -1)  # 16 shades: nearly the original
            assert abs(abs(code) - abs(pca.encode(ink)[0])).max() < 0.5, (size, image)
            learned = facts.autoencoder_codes[image][at]
            assert len(learned) == len(code) == size
            assert max(map(abs, learned)) <= facts.largest("autoencoder", size)
    network = [facts.autoencoder_codes[image][facts.sizes.index(2)] for image in range(10)]
    assert len(set(network)) == 10  # no two digits have the same code


def test_the_script_names_the_number_of_test_digits() -> None:
    script = (FOLDER / "code_size.js").read_text(encoding="utf-8")
    assert f"Over all {len(data.digits('bundled').x_test):,} test digits" in script


def test_the_errors_support_the_lesson() -> None:
    facts = assets.code_size_facts()
    pca, network = np.array(facts.pca), np.array(facts.autoencoder)
    at = {size: facts.sizes.index(size) for size in (2, 10, 100)}
    assert np.all(network < pca)
    assert network[at[10]] / pca[at[10]] == pytest.approx(0.6, abs=0.05)
    assert network[at[100]] / pca[at[100]] == pytest.approx(0.93, abs=0.05)
    face, at_30 = facts.names.index("a face"), facts.sizes.index(30)
    assert facts.autoencoder_each[face][at_30] / network[at_30] == pytest.approx(7, abs=1)


def test_the_pictures_match_their_names_and_errors() -> None:
    facts, pictures = assets.code_size_facts(), assets.code_size_pictures()
    assert pictures.shape == (len(facts.names), 2, 1 + len(facts.sizes), 28, 28)
    assert np.array_equal(pictures[:, 0, 0], pictures[:, 1, 0])
    digits = data.digits("bundled")
    for digit in range(10):
        ink = 1 - pictures[digit, 0, 0].ravel()
        nearest = ((digits.x_test - ink) ** 2).sum(axis=1).argmin()
        assert digits.labels[digits.y_test[nearest]] == str(digit)
        error = squared_error(
            pictures[digit, :1, 0].reshape(1, -1), pictures[digit, 1:, 11].reshape(1, -1)
        )
        # The picture has 16 gray levels; the error was measured before rounding.
        assert error == pytest.approx(facts.autoencoder_each[digit][10], rel=0.15, abs=0.6)


def test_the_face_autoencoder_beats_pca_on_new_faces() -> None:
    faces, coder = data.faces("drawn"), assets.face_autoencoder()
    error = squared_error(faces.x_test, coder.decode(coder.encode(faces.x_test)))
    assert error == pytest.approx(1.56, abs=0.08)
    pca = PCA(30).fit(faces.x_train)
    assert error < 0.6 * squared_error(faces.x_test, pca.reconstruct(faces.x_test))


@pytest.mark.parametrize("shape", [(784,), (2, 783), (2, 2, 784)])
def test_images_of_the_wrong_shape_are_rejected(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"x must have the shape \(n, 784\), got"):
        assets.face_autoencoder().encode(np.zeros(shape))


def test_codes_of_the_wrong_size_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"code must have the shape \(n, 30\), got \(3, 29\)"):
        assets.face_autoencoder().decode(np.zeros((3, 29)))


def test_extreme_codes_decode_without_a_warning() -> None:
    images = assets.face_autoencoder().decode(np.full((1, 30), 1e6))
    assert np.all((images >= 0) & (images <= 1))


def test_neither_widget_nor_assets_load_tensorflow_or_matplotlib() -> None:
    program = (
        "from course.widgets.code_size import CodeSizeExplorer as E; E().close(); "
        "from course import assets; assets.face_autoencoder()"
    )
    assert loaded(program) == []


def test_the_face_autoencoder_was_trained_on_other_faces() -> None:
    assert int(make_intro._FACE_SEED) != drawn_faces._SEED
