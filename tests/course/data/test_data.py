"""The data that comes with the course, and the real data where it is available."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import fetch_olivetti_faces
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.assets import make_bundled_digits
from course import data
from course.data import bundled_digits, drawn_faces, sources, written_news
from course.data.dataset import Dataset
from course.data.locations import cache_folder
from course.data.word_counts import weight_counts
from tests.course.data.toys import REAL_DATA, needs_real_data

if TYPE_CHECKING:
    from collections.abc import Callable

FALLBACKS: dict[str, Callable[[], Dataset]] = {
    "digits": lambda: data.digits("bundled"),
    "faces": lambda: data.faces("drawn"),
    "news": lambda: data.news("written"),
}


def tiny(**changes: object) -> Dataset:
    fields: dict[str, object] = {
        "name": "tiny",
        "x_train": np.zeros((3, 4), np.float32),
        "y_train": np.array([0, 1, 0]),
        "x_test": np.ones((2, 4), np.float32),
        "y_test": np.array([1, 0]),
        "labels": ("no", "yes"),
        "image_shape": (2, 2),
    }
    return Dataset(**{**fields, **changes})  # type: ignore[arg-type]  # tests pass wrong types


@pytest.mark.parametrize("kind", FALLBACKS)
def test_fallback_data_has_the_documented_form(kind: str) -> None:
    dataset = FALLBACKS[kind]()
    assert dataset.name == kind
    for x, y in ((dataset.x_train, dataset.y_train), (dataset.x_test, dataset.y_test)):
        assert x.dtype == np.float32
        assert y.dtype == np.int64
        assert len(x) == len(y)
        assert 0 <= x.min() < x.max() <= 1
        assert set(np.unique(y)) == set(range(len(dataset.labels)))  # every class in both sets
    if kind != "news":
        assert dataset.image_shape == (28, 28)
        assert dataset.x_train.shape[1] == dataset.x_test.shape[1] == 784


@pytest.mark.parametrize("kind", FALLBACKS)
def test_fallback_data_is_shared_and_read_only(kind: str) -> None:
    dataset = FALLBACKS[kind]()
    assert FALLBACKS[kind]() is dataset
    with pytest.raises(ValueError, match="read-only"):
        dataset.x_train[0, 0] = 0.5
    with pytest.raises(FrozenInstanceError):
        dataset.x_train = dataset.x_test  # type: ignore[misc]  # this must fail


@pytest.mark.parametrize("module", [bundled_digits, drawn_faces, written_news])
def test_fallback_data_is_reproducible(module: object) -> None:
    first, second = (module.load() for _ in range(2))  # type: ignore[attr-defined]  # a module
    np.testing.assert_array_equal(first.x_train, second.x_train)
    np.testing.assert_array_equal(first.y_test, second.y_test)


def test_no_example_is_in_both_sets() -> None:
    for load in FALLBACKS.values():
        dataset = load()
        train = {row.tobytes() for row in dataset.x_train}
        assert not any(row.tobytes() in train for row in dataset.x_test)


def test_bundled_digits_have_their_labels() -> None:
    digits = data.digits("bundled")
    nearest = KNeighborsClassifier(5).fit(digits.x_train, digits.y_train)
    assert nearest.score(digits.x_test, digits.y_test) > 0.9
    assert np.bincount(digits.y_test).min() > 170  # every class is well represented


def test_a_damaged_file_of_bundled_digits_is_rejected(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with np.load(bundled_digits.FILE) as stored:
        arrays = dict(stored)
    arrays["x_test"][7, 100] += 1
    monkeypatch.setattr(bundled_digits, "FILE", tmp_path / "digits.npz")
    np.savez(bundled_digits.FILE, **arrays)
    with pytest.raises(data.DataError, match="x_test is not the original: its SHA-256 differs"):
        bundled_digits.load()


@needs_real_data
def test_bundled_digits_are_mnists_first_training_images() -> None:
    with np.load(REAL_DATA / "mnist.npz") as mnist:
        images, labels = mnist["x_train"][:10_000].reshape(-1, 784), mnist["y_train"][:10_000]
    packed = make_bundled_digits.pack([images[labels == digit] for digit in range(10)])
    with np.load(io.BytesIO(packed)) as made, np.load(bundled_digits.FILE) as shipped:
        assert sorted(made) == sorted(shipped)
        for name in made:
            np.testing.assert_array_equal(made[name], shipped[name])


def test_generated_news_is_separable_but_not_by_a_single_word() -> None:
    news = data.news("written")
    probe = LogisticRegression(max_iter=500, C=10).fit(news.x_train, news.y_train)
    assert 0.9 < probe.score(news.x_test, news.y_test) <= 1
    np.testing.assert_allclose(np.linalg.norm(news.x_test, axis=1), 1, rtol=1e-5)
    share = np.sort((news.x_train > 0).mean(0))[::-1]
    assert share[0] > 0.5
    assert share[100] < 0.15  # few words are common
    assert share[-1] < 0.02
    assert len(set(news.words)) == len(news.words) == news.x_train.shape[1]


def test_weight_counts_follows_its_formula() -> None:
    counts = np.array([[0, 1, 9], [0, 0, 0]])
    logs = np.log([1, 2, 10])
    np.testing.assert_allclose(weight_counts(counts)[0], logs / np.linalg.norm(logs), rtol=1e-6)
    assert not weight_counts(counts)[1].any()  # an empty story stays empty


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"x_train": np.zeros((3, 4))},
            r"x_train must be a float32 array.* got an array \(3, 4\) of float64",
        ),
        ({"x_train": [[0.0]]}, "x_train must be a float32 array.* got a list"),
        ({"x_train": np.full((3, 4), 255, np.float32)}, r"from 255 to 255; divide .* by 255"),
        (
            {"x_test": np.full((2, 4), np.nan, np.float32)},
            r"x_test must lie in \[0, 1\], got values from nan to nan",
        ),
        (
            {"x_test": np.zeros((2, 5), np.float32)},
            "x_test must have 4 columns for images of 2 x 2, got 5",
        ),
        ({"x_test": np.zeros((0, 4), np.float32), "y_test": np.zeros(0, int)}, "x_test is empty"),
        (
            {"y_train": np.array([0, 1])},
            r"y_train must be an int64 array \(3,\), got an array \(2,\) of int64",
        ),
        (
            {"y_test": np.array([0, 2])},
            "y_test must lie between 0 and 1 for 2 labels, got values from 0 to 2",
        ),
        (
            {"image_shape": None, "x_test": np.zeros((2, 5), np.float32)},
            r"x_test must have as many columns as x_train \(4\), got 5",
        ),
        (
            {"image_shape": None, "words": ("a",)},
            r"words must hold one word per column \(4\), got 1",
        ),
    ],
)
def test_an_inconsistent_dataset_says_what_is_wrong(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**changes)


def test_factors_must_match_the_images() -> None:
    faces = data.faces("drawn")
    with pytest.raises(ValueError, match="factors_train must hold 2250 values of each factor"):
        replace(faces, factors_train=faces.factors_test)


def test_the_callers_array_stays_writeable() -> None:
    mine = np.zeros((3, 4), np.float32)
    dataset = tiny(x_train=mine)
    mine[0, 0] = 1
    assert not dataset.x_train.flags.writeable


def test_repr_shows_sizes_and_note() -> None:
    shown = repr(data.digits("bundled"))
    assert shown.splitlines()[0] == (
        "digits: 8,000 to train on, 2,000 to test on; 28 x 28 pixels; 10 labels."
    )
    assert "10,000 digits of MNIST" in shown.splitlines()[1]
    assert "742 words" in repr(data.news("written"))
    assert "array" not in shown


@pytest.mark.parametrize(
    ("platform", "ending"),
    [
        ("linux", ".cache/autoencoder-course"),
        ("darwin", "Library/Caches/autoencoder-course"),
        ("win32", "AppData/Local/autoencoder-course/Cache"),
    ],
)
def test_the_cache_folder_follows_the_platform(
    platform: str, ending: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    assert cache_folder(platform) == tmp_path / ending


def test_importing_course_data_loads_nothing_heavy() -> None:
    heavy = "sklearn scipy PIL matplotlib tensorflow tqdm http.client"
    code = f"import sys, course.data; print(*set('{heavy}'.split()) & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@needs_real_data
def test_mnist_is_mnist() -> None:
    mnist = data.digits("mnist")
    assert mnist.x_train.shape == (60_000, 784)
    assert mnist.note == "MNIST, from the folder COURSE_DATA"
    assert data.digits() is mnist
    assert int((mnist.x_train.max(0) == 0).sum()) == 67  # pixels that are 0 in all training images
    assert mnist.x_train.max() == 1
    black = np.square(mnist.x_test).sum(1).mean()
    assert black == pytest.approx(89.34, abs=0.01)


@needs_real_data
def test_pca_on_mnist_gives_the_error_of_the_2006_paper() -> None:
    # Squared error per image: summed over 784 pixels, mean over the 10,000 test images.
    mnist = data.digits("mnist")
    mean = mnist.x_train.mean(0, dtype=np.float64).astype(np.float32)
    centered = mnist.x_train - mean
    axes = np.linalg.eigh(centered.T @ centered)[1][:, ::-1]
    rest = mnist.x_test - mean
    for k, error, tolerance in ((30, 13.87, 0.02), (2, 43.65, 0.05)):
        lost = np.square(rest).sum(1) - np.square(rest @ axes[:, :k]).sum(1)
        assert lost.mean(dtype=np.float64) == pytest.approx(error, abs=tolerance)


@needs_real_data
def test_olivetti_agrees_with_scikit_learn() -> None:
    folder = REAL_DATA / "scikit_learn_data"
    theirs = fetch_olivetti_faces(data_home=folder, download_if_missing=False)
    ours = data.faces("olivetti")
    assert (len(ours.x_train), len(ours.x_test), len(ours.labels)) == (300, 100, 40)
    assert set(ours.y_train).isdisjoint(ours.y_test)  # no person in both sets
    for i in (0, 137):
        small = Image.fromarray(theirs.images[i]).resize((28, 28), Image.Resampling.LANCZOS)
        np.testing.assert_allclose(
            ours.x_train[i].reshape(28, 28), np.clip(np.asarray(small), 0, 1), atol=1e-5
        )


@needs_real_data
def test_reuters_has_the_expected_topics() -> None:
    reuters = data.news("reuters")
    topics = np.bincount(np.concatenate([reuters.y_train, reuters.y_test]))
    dataset = dict(zip(reuters.labels, topics.tolist(), strict=True))
    assert dataset["earn"] == 3700
    assert dataset["gold"] == 99
    assert sum(dataset.values()) == 7487
    assert len(reuters.words) == reuters.x_train.shape[1] == 2000
    oil = reuters.words.index("oil")
    about_oil = reuters.x_train[:, oil] > 0
    crude = reuters.labels.index("crude")
    assert (reuters.y_train[about_oil] == crude).mean() > 0.5


def test_clear_memory_forces_a_reload() -> None:
    first = data.digits("bundled")
    sources.clear_memory()
    assert data.digits("bundled") is not first
