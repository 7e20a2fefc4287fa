"""Who takes part in the benchmark of training, and how they take turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.training_page import SIZES
from course.autoencoder import build
from course.autoencoder.backend import tensorflow
from course.autoencoder.measured import MeasuredRun
from course.autoencoder.recipe import Recipe
from course.autoencoder.training_run import TrainingRun
from course.baselines import PCA, ClippedPCA, LogisticPCA, MeanImage
from course.metrics import knn_accuracy, squared_error

_NEIGHBOURS, _ASKED = 10_000, 2_000


def through(model: Any, x: Any) -> Any:
    """Return what a Keras model answers, computed in parts."""
    return np.concatenate([model(x[i : i + 2000]).numpy() for i in range(0, len(x), 2000)])


class Contender:
    """Something that learns epoch by epoch; errors and seconds are noted after each."""

    def __init__(self, name: str, digits: Any, epochs: int) -> None:
        self.name, self.digits, self.epochs = name, digits, epochs
        self.errors: list[float] = []
        self.spent: list[float] = []
        self.failed = ""

    def turn(self) -> None:
        """Learn for one epoch, then measure outside the clock."""
        if self.failed or len(self.errors) == self.epochs:
            return
        start = time.perf_counter()
        try:
            self.learn()
        except Exception as error:  # noqa: BLE001 - a contender that fails is a result, too
            self.failed = type(error).__name__
            return
        self.spent.append(time.perf_counter() - start)
        self.errors.append(self.error())
        if len(self.errors) == self.epochs:
            self.finish()

    def row(self) -> MeasuredRun:
        """Return the line of this contender in the table of methods."""
        knn = Baselines.knn(self.digits, self.encode)
        return MeasuredRun(self.name, SIZES[-1], self.errors[-1], sum(self.spent), knn)

    def seconds_an_epoch(self) -> float:
        """Return the median but for the first epoch, in which the graph is built."""
        return float(np.median(self.spent[1:] or self.spent))

    def learn(self) -> None:
        """One epoch."""
        raise NotImplementedError

    def error(self) -> float:
        """The test error now, in squares."""
        raise NotImplementedError

    def encode(self, x: Any) -> Any:
        """The codes of images."""
        raise NotImplementedError

    def finish(self) -> None:
        """Give back what is no longer needed."""


class Ours(Contender):
    """The course's training, or a variant of it."""

    def __init__(  # noqa: PLR0913  (a variant changes one of them, by name)
        self,
        name: str,
        digits: Any,
        recipe: Recipe,
        *,
        hidden: str = "gelu",
        glorot: bool = False,
        grey: bool = False,
        norm: str = "",
        steps_per_call: int = 0,
    ) -> None:
        super().__init__(name, digits, recipe.epochs)
        self.recipe, self.hidden, self.glorot, self.grey = recipe, hidden, glorot, grey
        self.norm, self.steps_per_call = norm, steps_per_call
        self.run: TrainingRun | None = None
        self.model: Any = None

    def learn(self) -> None:
        if self.run is None:  # building the graph counts: a student waits for it, too
            made = normalised(self.norm) if self.norm else build(*SIZES, hidden=self.hidden)
            self.model = made
            if self.glorot:
                self._start_as_keras_does()
            if self.grey:
                self.model.layers[-1].bias.assign(np.full(SIZES[0], 1e-6))
            self.run = TrainingRun(self.recipe, self.model, self.digits.x_train)
            self.run.steps_per_call = self.steps_per_call or self.run.steps_per_call
        self.run.epoch()

    def error(self) -> float:
        assert self.run is not None
        with self.run.averaged() as model:
            return squared_error(self.digits.x_test, through(model, self.digits.x_test))

    def encode(self, x: Any) -> Any:
        return through(self.model.encoder, x)

    def finish(self) -> None:
        assert self.run is not None
        with self.run:  # leaving it gives the model its best weights
            pass
        self.run = None

    def _start_as_keras_does(self) -> None:
        _, keras = tensorflow()
        for i, layer in enumerate(self.model.layers[1:]):
            start = keras.initializers.GlorotUniform(seed=i)
            layer.kernel.assign(start(layer.kernel.shape))


def normalised(kind: str) -> Any:
    """Return the course's network with a normalization before each hidden activation.

    Args:
        kind: ``"layer"`` or ``"batch"``.
    """
    _, keras = tensorflow()
    layers = keras.layers
    make = {"layer": layers.LayerNormalization, "batch": layers.BatchNormalization}[kind]
    x = values = keras.Input((SIZES[0],))
    for i, units in enumerate([*SIZES[1:], *SIZES[-2::-1]]):
        start = keras.initializers.VarianceScaling(1.0, "fan_in", "untruncated_normal", seed=i)
        last = i == 2 * len(SIZES) - 3
        final = "sigmoid" if last else None
        values = layers.Dense(units, activation=final, kernel_initializer=start)(values)
        if units != SIZES[-1] and not last:
            values = layers.Activation("gelu")(make()(values))
    return keras.Model(x, values)


class Copied(Contender):
    """What most tutorials do."""

    model: Any = None

    def learn(self) -> None:
        if self.model is None:
            _, keras = tensorflow()
            keras.utils.set_random_seed(0)
            dense = keras.layers.Dense
            layers = [dense(n, activation="relu") for n in SIZES[1:-1]]
            layers.append(dense(SIZES[-1], name="code"))
            layers += [dense(n, activation="relu") for n in SIZES[-2:0:-1]]
            layers.append(dense(SIZES[0], activation="sigmoid"))
            self.model = keras.Sequential([keras.Input((SIZES[0],)), *layers])
            self.model.compile("adam", "binary_crossentropy")
        self.model.fit(self.digits.x_train, self.digits.x_train, batch_size=256, verbose=0)

    def error(self) -> float:
        return squared_error(self.digits.x_test, through(self.model, self.digits.x_test))

    def encode(self, x: Any) -> Any:
        _, keras = tensorflow()
        return through(keras.Model(self.model.inputs[0], self.model.get_layer("code").output), x)


class Baselines:
    """What needs no layers."""

    def __init__(self, digits: Any) -> None:
        self.digits = digits

    def rows(self) -> list[MeasuredRun]:
        """Return one line for each, measured."""
        methods = {
            "mean image": MeanImage(),
            "PCA": PCA(30),
            "PCA, clipped to [0, 1]": ClippedPCA(30),
            "logistic PCA": LogisticPCA(30),
        }
        found = []
        for name, method in methods.items():
            start = time.perf_counter()
            method.fit(self.digits.x_train)
            seconds = time.perf_counter() - start
            error = squared_error(self.digits.x_test, method.reconstruct(self.digits.x_test))
            knn = self.knn(self.digits, method.encode) if method.k else None
            found.append(MeasuredRun(name, method.k, error, seconds, knn))
        return found

    @staticmethod
    def knn(digits: Any, encode: Callable[[Any], Any]) -> float:
        """Return the share that neighbors name right."""
        return knn_accuracy(
            encode(digits.x_train[:_NEIGHBOURS]),
            digits.y_train[:_NEIGHBOURS],
            encode(digits.x_test[:_ASKED]),
            digits.y_test[:_ASKED],
        )


def race(entered: list[Contender]) -> None:
    """Let all learn, one epoch each in turn."""
    turns = sum(each.epochs for each in entered)
    with tqdm(total=turns, unit="epoch") as bar:
        for number in range(max(each.epochs for each in entered)):
            for each in entered:
                if number < each.epochs:
                    bar.set_description(each.name)
                    each.turn()
                    bar.update()
