"""Who takes part in the benchmark of training, and how they take turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from tqdm import tqdm

from course.autoencoder import build
from course.autoencoder.backend import tensorflow
from course.autoencoder.recipe import Recipe
from course.autoencoder.run import Run
from course.baselines import PCA, ClippedPCA, LogisticPCA, MeanImage
from course.metrics import knn_accuracy, squared_error

SIZES = (784, 1000, 500, 250, 30)
_NEIGHBOURS, _ASKED = 10_000, 2_000


def row(*cells: object) -> str:
    """Return a line of a Markdown table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def through(model: Any, x: Any) -> Any:
    """Return what a Keras model answers, computed in parts."""
    return np.concatenate([model(x[i : i + 2000]).numpy() for i in range(0, len(x), 2000)])


class Contender:
    """Something that learns epoch by epoch; errors and seconds are noted after each."""

    def __init__(self, name: str, digits: Any, epochs: int) -> None:
        self.name, self.digits, self.epochs = name, digits, epochs
        self.errors: list[float] = []
        self.seconds: list[float] = []
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
        spent = time.perf_counter() - start
        self.seconds.append(spent + (self.seconds[-1] if self.seconds else 0.0))
        self.errors.append(self.error())
        if len(self.errors) == self.epochs:
            self.finish()

    def line(self) -> str:
        """Return the line of this contender in the table of methods."""
        knn = Baselines.knn(self.digits, self.encode)
        return row(self.name, SIZES[-1], f"{self.errors[-1]:.2f}", f"{self.seconds[-1]:.0f}", knn)

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
    ) -> None:
        super().__init__(name, digits, recipe.epochs)
        self.recipe, self.hidden, self.glorot, self.grey = recipe, hidden, glorot, grey
        self.run: Run | None = None
        self.model: Any = None

    def learn(self) -> None:
        if self.run is None:  # building the graph counts: a student waits for it, too
            self.model = build(*SIZES, hidden=self.hidden)
            if self.glorot:
                self._start_as_keras_does()
            if self.grey:
                self.model.layers[-1].bias.assign(np.full(SIZES[0], 1e-6))
            self.run = Run(self.recipe, self.model, self.digits.x_train)
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

    def rows(self) -> list[str]:
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
            knn = self.knn(self.digits, method.encode) if method.k else "–"
            found.append(row(name, method.k, f"{error:.2f}", f"{seconds:.0f}", knn))
        return found

    @staticmethod
    def knn(digits: Any, encode: Callable[[Any], Any]) -> str:
        """Return the share that neighbours name right, as text."""
        share = knn_accuracy(
            encode(digits.x_train[:_NEIGHBOURS]),
            digits.y_train[:_NEIGHBOURS],
            encode(digits.x_test[:_ASKED]),
            digits.y_test[:_ASKED],
        )
        return f"{100 * share:.1f} %"


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
