"""The methods that the training benchmark compares, and how they take turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from tqdm import tqdm

from autograder.sandbox.cpu_wait import CpuWait
from benchmarks.training_page import SIZES
from course.autoencoder import build, train_sparse
from course.autoencoder.backend import tensorflow
from course.autoencoder.bounds import copy_costs
from course.autoencoder.measured import MeasuredRun
from course.autoencoder.recipe import Recipe
from course.autoencoder.training_run import TrainingRun
from course.baselines import PCA, ClippedPCA, LogisticPCA, MeanImage
from course.metrics import knn_accuracy, squared_error

_KNN_TRAIN, _KNN_TEST = 10_000, 2_000  # images


def apply_model(model: Any, x: Any) -> Any:
    """Return a Keras model's output, computed in chunks."""
    return np.concatenate([model(x[i : i + 2000]).numpy() for i in range(0, len(x), 2000)])


class Contender:
    """A method that trains epoch by epoch; errors and seconds are recorded after each."""

    def __init__(self, name: str, digits: Any, epochs: int) -> None:
        self.name, self.digits, self.epochs = name, digits, epochs
        self.errors: list[float] = []
        self.spent: list[float] = []
        self.failed = ""

    def turn(self) -> None:
        """Train for one epoch, then measure the error without timing it."""
        if self.failed or len(self.errors) == self.epochs:
            return
        wait, start = CpuWait(), time.perf_counter()
        wait.sample(now=True)
        lost_before = wait.seconds
        try:
            self.learn()
        except Exception as error:  # noqa: BLE001  (a failure is a result, too)
            self.failed = type(error).__name__
            return
        elapsed = time.perf_counter() - start
        wait.sample(now=True)
        self.spent.append(elapsed - (wait.seconds - lost_before))
        self.errors.append(self.error())
        if len(self.errors) == self.epochs:
            self.finish()

    def row(self) -> MeasuredRun:
        """Return this contender's row in the table of methods."""
        knn = Baselines.knn(self.digits, self.encode)
        cost = cross_entropy(self.digits.x_test, self.reconstruct(self.digits.x_test))
        return MeasuredRun(self.name, SIZES[-1], self.errors[-1], sum(self.spent), knn, cost)

    def seconds_per_epoch(self) -> float:
        """Return the median, without the first epoch, in which the graph is built."""
        return float(np.median(self.spent[1:] or self.spent))

    def learn(self) -> None:
        """Train for one epoch."""
        raise NotImplementedError

    def error(self) -> float:
        """Return the current squared error on the test images."""
        raise NotImplementedError

    def encode(self, x: Any) -> Any:
        """Return the codes of images."""
        raise NotImplementedError

    def reconstruct(self, x: Any) -> Any:
        """Return copies of images."""
        raise NotImplementedError

    def finish(self) -> None:
        """Release what is no longer needed."""


class Ours(Contender):
    """The course's training, or a variant of it."""

    def __init__(  # noqa: PLR0913  (keyword arguments with defaults)
        self,
        name: str,
        digits: Any,
        recipe: Recipe,
        *,
        hidden: str = "gelu",
        make: Callable[[], Any] | None = None,
        glorot: bool = False,
        gray: bool = False,
        norm: Literal["", "layer", "batch"] = "",
        steps_per_call: int = 0,
    ) -> None:
        super().__init__(name, digits, recipe.epochs)
        self.make = make or (lambda: build(*SIZES, hidden=hidden))
        self.recipe, self.glorot, self.gray = recipe, glorot, gray
        self.norm, self.steps_per_call = norm, steps_per_call
        self.run: TrainingRun | None = None
        self.model: Any = None

    def learn(self) -> None:
        if self.run is None:  # building the graph counts: students wait for it, too
            self.model = normalized(self.norm) if self.norm else self.make()
            if self.glorot:
                self._initialize_like_keras()
            if self.gray:
                self.model.layers[-1].bias.assign(np.full(SIZES[0], 1e-6))
            self.run = TrainingRun(self.recipe, self.model, self.digits.x_train)
            self.run.steps_per_call = self.steps_per_call or self.run.steps_per_call
        self.run.epoch()

    def error(self) -> float:
        assert self.run is not None
        with self.run.averaged() as model:
            return squared_error(self.digits.x_test, apply_model(model, self.digits.x_test))

    def encode(self, x: Any) -> Any:
        return apply_model(self.model.encoder, x)

    def reconstruct(self, x: Any) -> Any:
        return apply_model(self.model, x)

    def finish(self) -> None:
        assert self.run is not None
        with self.run:  # leaving the block gives the model the averaged weights
            pass
        self.run = None

    def _initialize_like_keras(self) -> None:
        _, keras = tensorflow()
        for i, layer in enumerate(self.model.layers[1:]):
            start = keras.initializers.GlorotUniform(seed=i)
            layer.kernel.assign(start(layer.kernel.shape))


def normalized(kind: Literal["layer", "batch"]) -> Any:
    """Return the course's network with a normalization before each hidden activation."""
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
    """The training that most tutorials show."""

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
        return squared_error(self.digits.x_test, self.reconstruct(self.digits.x_test))

    def encode(self, x: Any) -> Any:
        _, keras = tensorflow()
        return apply_model(
            keras.Model(self.model.inputs[0], self.model.get_layer("code").output), x
        )

    def reconstruct(self, x: Any) -> Any:
        return apply_model(self.model, x)


class Sparse(Contender):
    """The course's sparse autoencoder of pixels; all its epochs count as one turn."""

    net: Any = None

    def __init__(self, name: str, digits: Any, features: int, epochs: int) -> None:
        super().__init__(name, digits, 1)
        self.features, self.inner_epochs = features, epochs

    def learn(self) -> None:
        self.net = train_sparse(
            self.digits.x_train,
            self.features,
            active=SIZES[-1],
            epochs=self.inner_epochs,
            batch=512,
        )

    def error(self) -> float:
        return squared_error(self.digits.x_test, self.reconstruct(self.digits.x_test))

    def encode(self, x: Any) -> Any:
        return self.net.encode(x)

    def reconstruct(self, x: Any) -> Any:
        return self.net.reconstruct(x)


class Baselines:
    """The methods without a network."""

    def __init__(self, digits: Any) -> None:
        self.digits = digits

    def rows(self) -> list[MeasuredRun]:
        """Measure each method; return its row."""
        methods = {
            "mean image": MeanImage(),
            "PCA": PCA(30),
            "PCA, clipped to [0, 1]": ClippedPCA(30),
            "logistic PCA": LogisticPCA(30),
        }
        rows = []
        for name, method in methods.items():
            start = time.perf_counter()
            method.fit(self.digits.x_train)
            seconds = time.perf_counter() - start
            copies = method.reconstruct(self.digits.x_test)
            error = squared_error(self.digits.x_test, copies)
            knn = self.knn(self.digits, method.encode) if method.k else None
            cost = cross_entropy(self.digits.x_test, copies)
            rows.append(MeasuredRun(name, method.k, error, seconds, knn, cost))
        return rows

    @staticmethod
    def knn(digits: Any, encode: Callable[[Any], Any]) -> float:
        """Return the 5-nearest-neighbor accuracy of codes."""
        return knn_accuracy(
            encode(digits.x_train[:_KNN_TRAIN]),
            digits.y_train[:_KNN_TRAIN],
            encode(digits.x_test[:_KNN_TEST]),
            digits.y_test[:_KNN_TEST],
        )


def cross_entropy(x: Any, copies: Any) -> float | None:
    """Return the mean cross-entropy of copies; None if some can't be probabilities of ink."""
    if np.min(copies) < 0 or np.max(copies) > 1:
        return None
    return float(copy_costs(x, copies).mean())


def race(contenders: list[Contender]) -> None:
    """Train all contenders, one epoch each in turn."""
    epochs = [contender.epochs for contender in contenders]
    with tqdm(total=sum(epochs), unit="epoch") as bar:
        for epoch in range(max(epochs)):
            for contender in contenders:
                if epoch < contender.epochs:
                    bar.set_description(contender.name)
                    contender.turn()
                    bar.update()
