"""The goals of training: in a run of two epochs, and in the recorded benchmark."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from course import autoencoder, data
from course.autoencoder import frozen, measured
from course.metrics import squared_error

PCA, LOGISTIC_PCA, PAPER = 13.87, 8.01, 3.00  # Hinton and Salakhutdinov 2006, Figure 2B
PAGE = Path(__file__).resolve().parents[3] / "benchmarks" / "training.md"


@pytest.mark.long
@pytest.mark.skipif(
    not (Path(os.environ.get("COURSE_DATA", "")) / "mnist.npz").is_file(),
    reason="COURSE_DATA names no folder with mnist.npz",
)
def test_two_epochs_beat_pca() -> None:
    digits = data.digits("mnist")
    model = autoencoder.build(784, 1000, 500, 250, 30)
    autoencoder.train(model, digits.x_train, epochs=2, live=False)
    copies = model.predict(digits.x_test, batch_size=2000, verbose=0)
    assert squared_error(digits.x_test, copies) < PCA


def test_the_goals_are_reached_in_what_was_measured() -> None:
    rows = {row.method: row for row in measured.rows()}
    assert rows["the course's, 2 epochs"].error < PCA
    assert rows["the course's, 4 epochs"].error < LOGISTIC_PCA
    assert rows["PCA"].error == pytest.approx(PCA, abs=0.005)
    copied, ours = measured.record()["methods"]["to_target"]
    assert ours["target"] == copied["target"] == PAPER
    assert ours["error"] <= PAPER
    assert ours["seconds"] < 60
    assert copied["epoch"] is None or copied["epoch"] > ours["epoch"]
    shipped = next(row for row in rows.values() if "ships" in row.method)
    assert shipped.error == pytest.approx(frozen.digits_record()["test_error"], abs=0.01)
    assert shipped.error < 2


def test_the_page_and_the_lab_show_the_same_numbers() -> None:
    part = PAGE.read_text(encoding="utf-8").partition("## Methods")[2].partition("## What helps")[0]
    row = re.compile(r"^\| (.+) \| (\d+) \| ([\d.]+) \| (\S+) \| (\S+) \| (\S+) \|$", re.MULTILINE)
    lines = row.findall(part)
    printed = str(measured.table()).splitlines()[1:]
    del lines[len(measured.record()["methods"]["rows"])]  # the form to compare the others with
    assert len(lines) == len(printed) == len(measured.rows()) >= 13
    for cells, line in zip(lines, printed, strict=True):
        assert line.split()[-5:] == list(cells[1:])


def test_every_form_is_measured_beside_the_network_of_2006() -> None:
    dense, *others = (measured.MeasuredRun(**row) for row in measured.record()["forms"]["rows"])
    kinds = [row.method.partition(",")[0] for row in others]
    assert kinds == ["variational", "convolutional", "sparse"]
    for row in (dense, *others):
        assert 0 < row.error < PCA
        assert row.neighbours is not None
        assert row.neighbours > 0.9
    variational = others[0]
    assert variational.error > dense.error  # its code has a price, too
    assert dense.cross_entropy is not None
    assert variational.cross_entropy is not None
    floor = measured.record()["forms"]["floor"]
    assert floor == pytest.approx(45.53, abs=0.01)
    assert floor < dense.cross_entropy < variational.cross_entropy
