"""Contenders that train with Keras's `fit`, and the course's layers, loss and learning rate.

They measure `steps_per_execution`, a ``tf.data`` pipeline, Keras's mixed precision, and another
optimizer, Muon (https://github.com/KellerJordan/Muon, in Keras 3). None shifts its images, so
compare each with the first of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.training_contenders import Contender, apply_model
from benchmarks.training_page import SIZES
from course.autoencoder import build
from course.autoencoder.backend import tensorflow
from course.autoencoder.recipe import Recipe
from course.metrics import squared_error


class Fitted(Contender):
    """Keras's `fit` with one thing changed."""

    def __init__(  # noqa: PLR0913  (keyword arguments with defaults)
        self,
        name: str,
        digits: Any,
        recipe: Recipe,
        *,
        steps: int = 1,
        pipeline: bool = False,
        policy: str = "float32",
        optimizer: str = "adam",
    ) -> None:
        super().__init__(name, digits, recipe.epochs)
        self.recipe, self.steps, self.pipeline = recipe, steps, pipeline
        self.policy, self.optimizer = policy, optimizer
        self.model: Any = None

    def learn(self) -> None:
        if self.model is None:
            self._compile()
        x, batch = self.digits.x_train, self.recipe.batch
        if self.pipeline:
            self.model.fit(self._pipeline(x, batch), shuffle=False, verbose=0)
        else:
            self.model.fit(x, x, batch_size=batch, verbose=0)

    def error(self) -> float:
        copies = apply_model(self.model, self.digits.x_test).astype(np.float32)
        return squared_error(self.digits.x_test, copies)

    def finish(self) -> None:
        self.model = None

    def _compile(self) -> None:
        tf, keras = tensorflow()
        keras.utils.set_random_seed(0)
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.policy)
        try:
            self.model = build(*SIZES)
        finally:
            keras.config.set_dtype_policy(before)
        mean = self.digits.x_train.mean(0, dtype=np.float64)
        self.model.layers[-1].bias.assign(np.log((mean + 0.01) / (1.01 - mean)))
        total = self.epochs * (len(self.digits.x_train) // self.recipe.batch)
        warm_up = max(1, min(self.recipe.warm_up, total // 10))
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, total - warm_up, warmup_target=self.recipe.rate, warmup_steps=warm_up
        )
        optimizers = {
            "adam": lambda: keras.optimizers.Adam(rate, beta_2=0.99),
            "muon": lambda: keras.optimizers.Muon(rate, weight_decay=0, exclude_layers=["copy"]),
        }

        def summed(x: Any, copy: Any) -> Any:
            return tf.reduce_sum(tf.square(tf.cast(copy, tf.float32) - x), 1)

        self.model.compile(optimizers[self.optimizer](), summed, steps_per_execution=self.steps)

    @staticmethod
    def _pipeline(x: Any, batch: int) -> Any:
        tf, _ = tensorflow()
        rows = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x)).batch(batch)
        return rows.map(lambda row: (row, row)).prefetch(tf.data.AUTOTUNE)


def fitted(digits: Any, recipe: Recipe) -> list[Contender]:
    """Return the contenders; the first is the one to compare the others with."""
    name = "Keras's fit"
    return [
        Fitted(name, digits, recipe),
        Fitted(f"{name}, 20 steps per execution", digits, recipe, steps=20),
        Fitted(f"{name}, fed by tf.data", digits, recipe, pipeline=True),
        Fitted(f"{name}, mixed_bfloat16", digits, recipe, policy="mixed_bfloat16"),
        Fitted(f"{name}, Muon", digits, recipe, optimizer="muon"),
    ]
