"""The data that comes with the course, and the real data where it is at hand."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
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

from course import data
from course.data import bundled_digits, drawn_faces, sources, written_news
from course.data.dataset import Dataset
from course.data.locations import cache_folder
from course.data.word_counts import weight_counts

if TYPE_CHECKING:
    from collections.abc import Callable

EMBEDDED: dict[str, Callable[[], Dataset]] = {
    "digits": lambda: data.digits("bundled"),
    "faces": lambda: data.faces("drawn"),
    "news": lambda: data.news("written"),
}
real = pytest.mark.skipif(
    not (Path(os.environ.get("COURSE_DATA", "")) / "mnist.npz").is_file(),
    reason="COURSE_DATA names no folder with mnist.npz",
)


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
    return Dataset(**{**fields, **changes})  # type: ignore[arg-type]  # wrong types are the point


@pytest.mark.parametrize("kind", EMBEDDED)
def test_embedded_data_has_the_promised_form(kind: str) -> None:
    found = EMBEDDED[kind]()
    assert found.name == kind
    for x, y in ((found.x_train, found.y_train), (found.x_test, found.y_test)):
        assert x.dtype == np.float32
        assert y.dtype == np.int64
        assert len(x) == len(y)
        assert 0 <= x.min() < x.max() <= 1
        assert set(np.unique(y)) == set(range(len(found.labels)))  # every class in both parts
    if kind != "news":
        assert found.image_shape == (28, 28)
        assert found.x_train.shape[1] == found.x_test.shape[1] == 784


@pytest.mark.parametrize("kind", EMBEDDED)
def test_embedded_data_is_shared_and_read_only(kind: str) -> None:
    found = EMBEDDED[kind]()
    assert EMBEDDED[kind]() is found
    with pytest.raises(ValueError, match="read-only"):
        found.x_train[0, 0] = 0.5
    with pytest.raises(FrozenInstanceError):
        found.x_train = found.x_test  # type: ignore[misc]  # this must fail


@pytest.mark.parametrize("module", [bundled_digits, drawn_faces, written_news])
def test_embedded_data_is_the_same_every_time(module: object) -> None:
    first, second = (module.load() for _ in range(2))  # type: ignore[attr-defined]  # a module
    np.testing.assert_array_equal(first.x_train, second.x_train)
    np.testing.assert_array_equal(first.y_test, second.y_test)


def test_no_example_is_in_both_parts() -> None:
    for load in EMBEDDED.values():
        found = load()
        train = {row.tobytes() for row in found.x_train}
        assert not any(row.tobytes() in train for row in found.x_test)


def test_bundled_digits_sit_as_mnist_digits_do() -> None:
    digits = data.digits("bundled")
    images = np.concatenate([digits.x_train, digits.x_test]).reshape(-1, 28, 28)
    assert len(images) == 1797
    steps = np.arange(28)
    mass = images.sum((1, 2))
    assert np.abs((images.sum(2) @ steps / mass) - 13.5).mean() < 0.5
    assert np.abs((images.sum(1) @ steps / mass) - 13.5).mean() < 0.5
    inked = (images > 0.25).any(2).sum(1)  # rows with ink, 20 of them in MNIST
    assert 18 <= np.median(inked) <= 21
    assert np.bincount(digits.y_test).min() >= 28  # every class has its share of the test


def test_bundled_digits_are_told_apart() -> None:
    digits = data.digits("bundled")
    nearest = KNeighborsClassifier(5).fit(digits.x_train, digits.y_train)
    assert nearest.score(digits.x_test, digits.y_test) > 0.95


def test_written_news_is_told_apart_but_not_by_one_word() -> None:
    news = data.news("written")
    probe = LogisticRegression(max_iter=500, C=10).fit(news.x_train, news.y_train)
    assert 0.9 < probe.score(news.x_test, news.y_test) <= 1
    np.testing.assert_allclose(np.linalg.norm(news.x_test, axis=1), 1, rtol=1e-5)
    share = np.sort((news.x_train > 0).mean(0))[::-1]
    assert share[0] > 0.5
    assert share[100] < 0.15  # few words are common
    assert share[-1] < 0.02
    assert len(set(news.words)) == len(news.words) == news.x_train.shape[1]


def test_weigh_follows_its_formula() -> None:
    counts = np.array([[0, 1, 9], [0, 0, 0]])
    logs = np.log([1, 2, 10])
    np.testing.assert_allclose(weight_counts(counts)[0], logs / np.linalg.norm(logs), rtol=1e-6)
    assert not weight_counts(counts)[1].any()  # an empty story stays empty


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x_train": np.zeros((3, 4))}, r"x_train: an array \(3, 4\) of float64; a float32 array"),
        ({"x_train": [[0.0]]}, "x_train: a list; a float32 array"),
        ({"x_train": np.full((3, 4), 255, np.float32)}, r"from 255 to 255; .* divided by 255"),
        ({"x_test": np.full((2, 4), np.nan, np.float32)}, r"x_test: values from nan to nan"),
        ({"x_test": np.zeros((2, 5), np.float32)}, "x_test: rows of 5 numbers; images of 2 x 2"),
        ({"x_test": np.zeros((0, 4), np.float32), "y_test": np.zeros(0, int)}, "x_test: empty"),
        ({"y_train": np.array([0, 1])}, r"y_train: an array \(2,\) of int64; .* \(3,\) is right"),
        (
            {"y_test": np.array([0, 2])},
            "y_test: labels from 0 to 2; with 2 names they run from 0 to 1",
        ),
        ({"image_shape": None, "x_test": np.zeros((2, 5), np.float32)}, "x_test: 5 columns, but"),
        ({"image_shape": None, "words": ("a",)}, "words: 1 for 4 columns"),
    ],
)
def test_a_dataset_that_does_not_fit_says_what_is_wrong(
    changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        tiny(**changes)


def test_factors_must_match_the_images() -> None:
    faces = data.faces("drawn")
    with pytest.raises(ValueError, match="factors_train: each factor needs 2250 values"):
        replace(faces, factors_train=faces.factors_test)


def test_the_callers_own_array_stays_writeable() -> None:
    mine = np.zeros((3, 4), np.float32)
    dataset = tiny(x_train=mine)
    mine[0, 0] = 1
    assert not dataset.x_train.flags.writeable


def test_repr_says_how_much_of_what_from_where() -> None:
    shown = repr(data.digits("bundled"))
    assert shown.splitlines()[0] == (
        "digits: 1,501 to train on, 296 to test on; 28 x 28 pixels; 10 labels."
    )
    assert "scikit-learn" in shown.splitlines()[1]
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
def test_the_cache_lies_where_the_system_wants_it(
    platform: str, ending: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    assert cache_folder(platform) == tmp_path / ending


def test_importing_the_data_room_loads_nothing_heavy() -> None:
    heavy = "sklearn scipy PIL matplotlib tensorflow tqdm http.client"
    code = f"import sys, course.data; print(*set('{heavy}'.split()) & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    "name", ["course.data", *(f"course.data.{m.name}" for m in pkgutil.iter_modules(data.__path__))]
)
def test_every_example_in_the_documentation_runs(name: str) -> None:
    flags = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    result = doctest.testmod(importlib.import_module(name), optionflags=flags)
    assert result.failed == 0
    assert result.attempted > 0


@real
def test_mnist_is_mnist() -> None:
    mnist = data.digits("mnist")
    assert mnist.x_train.shape == (60_000, 784)
    assert mnist.note == "MNIST, from the folder COURSE_DATA"
    assert data.digits() is mnist
    assert int((mnist.x_train.max(0) == 0).sum()) == 67  # pixels that are never lit in training
    assert mnist.x_train.max() == 1
    black = np.square(mnist.x_test).sum(1).mean()
    assert black == pytest.approx(89.34, abs=0.01)


@real
def test_pca_on_mnist_gives_the_error_of_the_2006_paper() -> None:
    # Squared error per image: summed over 784 pixels, mean over the 10,000 test images.
    mnist = data.digits("mnist")
    mean = mnist.x_train.mean(0, dtype=np.float64).astype(np.float32)
    centred = mnist.x_train - mean
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    rest = mnist.x_test - mean
    for k, error, tolerance in ((30, 13.87, 0.02), (2, 43.65, 0.05)):
        lost = np.square(rest).sum(1) - np.square(rest @ axes[:, :k]).sum(1)
        assert lost.mean(dtype=np.float64) == pytest.approx(error, abs=tolerance)


@real
def test_olivetti_agrees_with_scikit_learns_own_reader() -> None:
    folder = Path(os.environ["COURSE_DATA"]) / "scikit_learn_data"
    theirs = fetch_olivetti_faces(data_home=folder, download_if_missing=False)
    ours = data.faces("olivetti")
    assert (len(ours.x_train), len(ours.x_test), len(ours.labels)) == (300, 100, 40)
    assert set(ours.y_train).isdisjoint(ours.y_test)  # no person in both parts
    for i in (0, 137):
        small = Image.fromarray(theirs.images[i]).resize((28, 28), Image.Resampling.LANCZOS)
        np.testing.assert_allclose(
            ours.x_train[i].reshape(28, 28), np.clip(np.asarray(small), 0, 1), atol=1e-5
        )


@real
def test_reuters_has_its_topics() -> None:
    reuters = data.news("reuters")
    topics = np.bincount(np.concatenate([reuters.y_train, reuters.y_test]))
    found = dict(zip(reuters.labels, topics.tolist(), strict=True))
    assert found["earn"] == 3700
    assert found["gold"] == 99
    assert sum(found.values()) == 7487
    assert len(reuters.words) == reuters.x_train.shape[1] == 2000
    oil = reuters.words.index("oil")
    about_oil = reuters.x_train[:, oil] > 0
    crude = reuters.labels.index("crude")
    assert (reuters.y_train[about_oil] == crude).mean() > 0.5


def test_forget_reads_again() -> None:
    first = data.digits("bundled")
    sources.clear_memory()
    assert data.digits("bundled") is not first
