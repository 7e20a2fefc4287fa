"""Progress of training: a bar, a curve, a line; in a notebook and a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from course import data
from course.autoencoder import display
from course.autoencoder.history import History


def digits() -> Any:
    return data.digits("bundled").x_train[:1501]


def test_the_bar_and_the_curve_in_a_notebook(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[dict[str, Any]] = []

    class Handle:
        def update(self, bundle: dict[str, Any], **_: Any) -> None:
            shown.append(bundle)

    def show(bundle: dict[str, Any], **_: Any) -> Handle:
        shown.append(bundle)
        return Handle()

    monkeypatch.setattr("course.progress.in_notebook", lambda: True)
    monkeypatch.setattr(display, "_REDRAW_INTERVAL_S", 0.0)
    monkeypatch.setattr("IPython.display.display", show)
    with display.Display(3, 2, shown=True) as screen:
        history = History()
        for epoch in range(3):
            screen.step(2, 9.0)
            history.add(9.0 / (epoch + 1), 5.0, float(epoch))
            screen.epoch(history)
    curves = [bundle for bundle in shown if "Figure" in bundle["text/plain"]]
    assert [bundle["text/plain"][:31] for bundle in curves] == [
        "Figure: Loss after each of 2 ep",
        *["Figure: Loss after each of 3 ep"] * 2,
    ]
    assert "validation data from 5.00 to 5.00" in curves[-1]["text/html"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
def test_a_run_in_a_terminal_shows_its_loss_and_no_chatter() -> None:
    code = (
        "from course import autoencoder, data\n"
        "x = data.digits('bundled').x_train[:1501]\n"
        "model = autoencoder.build(784, 8, 2)\n"
        "print(autoencoder.train(model, x, epochs=99, batch=128))\n"
        "model.encoder.predict(x[:9], verbose=0)\n"
        "import os, signal, threading\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # off in the background
        "from course.autoencoder.steps import TrainingSteps\n"
        "take = TrainingSteps.take\n"
        "def ringing(*given):\n"
        "    if TrainingSteps.take is ringing:\n"
        "        TrainingSteps.take = take\n"
        "        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "    return take(*given)\n"
        "TrainingSteps.take = ringing\n"
        "print(autoencoder.train(model, x, epochs=10**6, live=False))\n"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=clean,
        timeout=300,
    )
    assert done.stderr == ""
    assert "99 epochs in" in done.stdout
    assert "epoch 99/99, loss" in done.stdout  # the bar comes after half a second
    assert ", interrupted" in done.stdout.splitlines()[-1]


def test_the_history_reads_as_one_line() -> None:
    assert repr(History()) == "0 epochs"
    assert (
        repr(History([3.0], [4.0], [1.0])) == "1 epoch in 1.0 s: loss 3.00 -> 3.00, validation 4.00"
    )
