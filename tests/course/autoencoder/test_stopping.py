"""Stopping: the model keeps what it learned, whenever and however often it is stopped."""

from __future__ import annotations

import importlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from course import autoencoder, data
from course.autoencoder import steps
from course.autoencoder.display import Display
from course.autoencoder.history import History
from course.autoencoder.interrupts import deferred_interrupt
from course.autoencoder.steps import TrainingSteps
from course.metrics import squared_error

BATCH = 64  # 23 steps an epoch, in calls of 20 and 3


def digits() -> Any:
    return data.digits("bundled").x_train[:1501]


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Handle SIGINT as a notebook does; background jobs start with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    handler = signal.signal(signal.SIGINT, before)
    assert handler is signal.default_int_handler


def press_stop() -> None:
    signal.raise_signal(signal.SIGINT)


def interrupt() -> None:
    raise KeyboardInterrupt


class Watched:
    """Stops training in a certain call of `take`; keeps the averages after each whole call."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int, stop: Any) -> None:
        self.averaged_weights: list[Any] = []
        calls, take = [], TrainingSteps.take

        def taken(steps_: TrainingSteps, order: Any) -> Any:
            calls.append(1)
            if len(calls) == at:
                stop()
            results = take(steps_, order)
            self.averaged_weights.append(steps_.averaged_weights())
            return results

        patch.setattr(TrainingSteps, "take", taken)

    def are_in(self, model: Any) -> bool:
        pairs = zip(self.averaged_weights[-1], model.get_weights(), strict=True)
        return all(np.array_equal(ours, theirs) for ours, theirs in pairs)


@pytest.mark.parametrize(
    ("at", "stop", "calls", "epochs"),
    [
        (2, interrupt, 1, 20 / 23),  # in the first epoch: the one that learners wait for
        pytest.param(5, interrupt, 4, 2, marks=pytest.mark.slow),
        pytest.param(6, interrupt, 5, 2 + 20 / 23, marks=pytest.mark.slow),
        (1, press_stop, 1, 20 / 23),  # the call is finished first
        pytest.param(2, press_stop, 2, 1, marks=pytest.mark.slow),
        pytest.param(21, press_stop, 21, 10 + 20 / 23, marks=pytest.mark.slow),
    ],
)
def test_learned_weights_survive_a_stop(
    at: int, stop: Any, calls: int, epochs: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = autoencoder.build(784, 32, 5)
    watched = Watched(monkeypatch, at, stop)
    history = autoencoder.train(model, digits(), epochs=30, batch=BATCH, live=False)
    assert history.interrupted
    assert len(watched.averaged_weights) == calls
    assert watched.are_in(model)
    assert history.epochs == pytest.approx(epochs)
    assert len(history.loss) == len(history.seconds) == np.ceil(epochs)
    assert history.total_seconds == history.seconds[-1] > 0
    assert history.seconds == sorted(history.seconds)
    assert repr(history).startswith(f"{epochs:.4g} epoch")
    assert repr(history).endswith(", interrupted")
    if calls > 20:  # and it is something: the mean image has 53
        assert squared_error(digits(), model(digits()).numpy()) < 45


def test_a_stop_in_the_first_call_of_an_epoch_leaves_whole_epochs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Watched(monkeypatch, 3, interrupt)
    history = autoencoder.train(
        autoencoder.build(784, 5),
        digits(),
        epochs=9,
        batch=BATCH,
        validation=digits()[:9],
        live=False,
    )
    assert (history.epochs, history.part, len(history.validation)) == (1, 0, 1)


@pytest.mark.parametrize("stop", [interrupt, press_stop])
def test_a_stop_while_the_graph_is_built_raises_no_traceback(
    stop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = steps.build_graph

    def stopped(*given: Any, **options: Any) -> Any:
        stop()
        return graph(*given, **options)

    monkeypatch.setattr(steps, "build_graph", stopped)
    history = autoencoder.train(autoencoder.build(784, 2), digits(), live=False)
    assert (history.interrupted, history.loss, history.epochs) == (True, [], 0)
    assert history.total_seconds == 0
    assert repr(history) == "0 epochs, interrupted"


@pytest.mark.slow
@pytest.mark.parametrize("again", [interrupt, press_stop])
@pytest.mark.parametrize("where", ["settling", "drawing"])
def test_a_second_stop_loses_no_progress(
    where: str, again: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = autoencoder.build(784, 32, 5)
    watched = Watched(monkeypatch, 6, press_stop)
    settle, leave = TrainingSteps.assign_weights, Display.__exit__
    pressed: list[int] = []

    def settled(steps_: TrainingSteps, weights: Any) -> None:
        settle(steps_, [weights[0], *steps_.current()[1:]])  # the first layer is, the others not
        if where == "settling" and not pressed:
            pressed.append(1)
            again()
        settle(steps_, weights)

    def left(display: Display, *given: Any) -> None:
        if where == "drawing":
            pressed.append(1)
            again()
        leave(display, *given)

    monkeypatch.setattr(TrainingSteps, "assign_weights", settled)
    monkeypatch.setattr(Display, "__exit__", left)
    history = autoencoder.train(model, digits(), epochs=30, batch=BATCH, live=False)
    assert pressed
    assert history.interrupted
    assert history.epochs == 3
    assert watched.are_in(model)


def test_training_goes_on_after_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    model = autoencoder.build(784, 32, 5)
    with monkeypatch.context() as patch:
        Watched(patch, 6, press_stop)
        first = autoencoder.train(model, digits(), epochs=30, batch=BATCH, live=False)
    second = autoencoder.train(model, digits(), epochs=1, batch=BATCH, live=False)
    assert second.loss[0] < first.loss[-1]


def test_training_works_outside_the_main_thread() -> None:
    results = []

    def learn() -> None:
        with deferred_interrupt() as stopped:
            model = autoencoder.build(784, 2)
            results.append(autoencoder.train(model, digits(), epochs=1, live=False).epochs)
            results.append(stopped())

    thread = threading.Thread(target=learn)
    thread.start()
    thread.join()
    assert results == [1, False]


def test_an_ignored_interrupt_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    with deferred_interrupt() as stopped:
        press_stop()
        assert not stopped()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    signal.signal(signal.SIGINT, before)


def test_the_curve_ends_where_it_was_stopped() -> None:
    display = importlib.import_module("course.autoencoder.display")
    history = History([20.0, 10.0], [8.0], [1.0, 1.5], interrupted=True, part=0.5)
    assert "after each of 1.5 epochs" in display.loss_curve(history).alt
