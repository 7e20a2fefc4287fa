"""The inner loop: many training steps in one call of one TensorFlow graph.

Adam (D. P. Kingma and J. Ba 2015, https://arxiv.org/abs/1412.6980) is written out here, so that
it, the shifted batches and the running average of the weights all run inside the graph.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course.autoencoder.backend import tensorflow
from course.autoencoder.precision import faster_format
from course.autoencoder.recipe import Recipe

FloatArray = NDArray[np.float32]

_MOMENTUM, _SCALE, _TINY = 0.9, 0.99, 1e-7
_YOUNG = 50  # steps: the average of so few weighs the start less
_GROUPS = 8  # so many different shifts in a batch
_OTHER_SEED = 10**6  # the noise draws from a chance of its own
_AT_ONCE = 2000  # examples, when measuring
_ALMOST = 1e-7  # as Keras: probabilities stay this far from 0 and 1


class TrainingSteps:
    """Training steps for one model.

    Args:
        model: Any Keras model ``(n, d) -> (n, d)``; chains of Dense layers run fastest.
        recipe: How to train.
        x_train: ``(n, d)``, float32.
        total: How many steps there will be.

    Attributes:
        precision: ``"float32"`` or ``"bfloat16"``.
    """

    def __init__(self, model: Any, recipe: Recipe, x_train: FloatArray, total: int) -> None:
        self._tf, _ = tensorflow()
        tf = self._tf
        self._model, self._recipe, self._total = model, recipe, max(1, total)
        self._layers = dense_layers(model, x_train[:2])
        self._softmax = _ends_in(model, "softmax")
        self._weights = [weight.value for weight in model.trainable_variables]
        self._drift = [tf.Variable(tf.zeros_like(w)) for w in self._weights]
        self._size = [tf.Variable(tf.zeros_like(w)) for w in self._weights]
        self._average = [tf.Variable(w) for w in self._weights]
        self.precision = self._choose_precision()
        self._x = tf.constant(x_train)
        self._taken = 0
        order = tf.TensorSpec((None, min(recipe.batch, len(x_train))), tf.int32)
        some = tf.TensorSpec((None, x_train.shape[1]), tf.float32)
        self._run = build_graph(
            tf, self._many, order, tf.TensorSpec((), tf.float32), xla=recipe.xla
        )
        self._measure = build_graph(tf, self._sum_of_losses, some)

    def take(self, order: NDArray[np.int32]) -> tuple[float, bool]:
        """Take ``len(order)`` steps, each on the examples that a row of ``order`` names.

        Returns:
            The mean loss, and whether all averaged weights are finite.
        """
        loss, sound = self._run(self._tf.constant(order), self._tf.constant(float(self._taken)))
        self._taken += len(order)
        mean = float(loss) / len(order)
        return mean, bool(sound) and math.isfinite(mean)

    def averaged_weights(self) -> list[FloatArray]:
        """Return copies of the averaged weights."""
        return [average.numpy() for average in self._average]

    def assign_weights(self, weights: list[FloatArray]) -> None:
        """Give the model these weights."""
        for variable, value in zip(self._weights, weights, strict=True):
            variable.assign(value)

    def current(self) -> list[FloatArray]:
        """Return copies of the weights that learn."""
        return [weight.numpy() for weight in self._weights]

    def measure(self, x: FloatArray) -> float:
        """Return the mean loss of the model as it is on ``x``, without shifts and noise."""
        parts = (self._tf.constant(x[i : i + _AT_ONCE]) for i in range(0, len(x), _AT_ONCE))
        return sum(float(self._measure(part)) for part in parts) / len(x)

    def _choose_precision(self) -> str:
        asked = self._recipe.precision
        if self._layers is None:
            return "float32"
        if asked != "auto":
            return asked
        widest = max(self._layers, key=lambda layer: int(np.prod(layer.kernel.shape)))
        return faster_format(self._recipe.batch, *map(int, widest.kernel.shape))

    def _many(self, order: Any, taken: Any) -> tuple[Any, Any]:
        tf = self._tf
        count = tf.shape(order)[0]

        def one(k: Any, total: Any) -> tuple[Any, Any]:
            loss = self._one(order[k], taken + tf.cast(k, tf.float32) + 1)
            return k + 1, total + loss

        _, loss = tf.while_loop(lambda k, _: k < count, one, (0, 0.0))
        with tf.control_dependencies([loss]):
            sound = [tf.reduce_all(tf.math.is_finite(average)) for average in self._average]
        return loss, tf.reduce_all(sound)

    def _one(self, which: Any, step: Any) -> Any:
        tf, recipe = self._tf, self._recipe
        seed = tf.stack([recipe.seed, tf.cast(step, tf.int32)])
        target = shift_randomly(tf, tf.gather(self._x, which), recipe.shift, seed)
        seen = target
        if recipe.noise:
            seen += recipe.noise * tf.random.stateless_normal(tf.shape(target), seed + _OTHER_SEED)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self._weights)
            losses = self._losses(seen, target, training=True, short=self.precision == "bfloat16")
            loss = tf.reduce_mean(losses)
            if self._layers is None and self._model.losses:
                loss += tf.add_n(self._model.losses)
        gradients = tape.gradient(loss, self._weights)
        warm_up = max(1, min(recipe.warm_up, self._total // 10))
        rate = recipe.rate * tf.minimum(step / warm_up, 1.0)
        rate *= 0.5 * (1 + tf.cos(math.pi * step / self._total))
        rate *= tf.sqrt(1 - _SCALE**step) / (1 - _MOMENTUM**step)
        old = tf.minimum(recipe.averaging, step / (step + _YOUNG)) if recipe.averaging else 0.0
        places = (self._weights, gradients, self._drift, self._size, self._average)
        for weight, gradient, drift, size, average in zip(*places, strict=True):
            drift.assign(_MOMENTUM * drift + (1 - _MOMENTUM) * gradient)
            size.assign(_SCALE * size + (1 - _SCALE) * gradient * gradient)
            weight.assign_sub(rate * drift / (tf.sqrt(size) + _TINY))
            average.assign(old * average + (1 - old) * weight)
        return loss

    def _sum_of_losses(self, x: Any) -> Any:
        return self._tf.reduce_sum(self._losses(x, x, training=False, short=False))

    def _losses(self, seen: Any, target: Any, *, training: bool, short: bool) -> Any:
        """The loss of each example, ``(n,)``."""
        tf = self._tf
        logits = None
        if self._layers is None:
            copy = tf.cast(self._model(seen, training=training), tf.float32)
        else:
            logits, copy = _forward(tf, self._layers, seen, short=short)
        if self._recipe.loss == "squared_error":
            return tf.reduce_sum(tf.square(copy - target), 1)
        if self._softmax:
            logs = tf.math.log(copy + _ALMOST) if logits is None else tf.nn.log_softmax(logits)
            return -tf.reduce_sum(target * logs, 1)
        if logits is None:
            copy = tf.clip_by_value(copy, _ALMOST, 1 - _ALMOST)
            logits = tf.math.log(copy) - tf.math.log1p(-copy)
        each = tf.nn.sigmoid_cross_entropy_with_logits(target, logits)
        return tf.reduce_sum(each, 1)


def build_graph(tf: Any, function: Any, *inputs: Any, xla: bool = False) -> Any:
    """Return the one graph of a function for inputs of these kinds.

    Called directly, it is never built again; and TensorFlow, which warns of functions that are
    built anew in a loop, does not take a notebook's second training run for such a loop.
    """
    made = tf.function(function, autograph=False, jit_compile=xla)
    return made.get_concrete_function(*inputs)


def shift_randomly(tf: Any, x: Any, most: int, seed: Any) -> Any:
    """Return square pictures ``(n, d)``, each moved by up to ``most`` pixels down and right.

    Eight groups move by eight random steps. At the border, its mirror image comes in.
    """
    if not most:
        return x
    side = math.isqrt(x.shape[1])
    frame = [[0, 0], [most, most], [most, most]]
    pictures = tf.pad(tf.reshape(x, (-1, side, side)), frame, "SYMMETRIC")
    moves = tf.random.stateless_uniform((_GROUPS, 2), seed, 0, 2 * most + 1, tf.int32)
    n = x.shape[0]
    edges = [i * n // _GROUPS for i in range(_GROUPS + 1)]
    groups = [
        tf.slice(pictures, [start, move[0], move[1]], [end - start, side, side])
        for start, end, move in zip(edges[:-1], edges[1:], tf.unstack(moves), strict=True)
    ]
    return tf.reshape(tf.concat(groups, 0), x.shape)


def dense_layers(model: Any, x: FloatArray) -> list[Any] | None:
    """Return the layers of a model that is nothing but Dense layers in a row, or None."""
    layers = [layer for layer in flatten_layers(model) if type(layer).__name__ != "InputLayer"]
    plain = all(
        type(layer).__name__ == "Dense"
        and layer.kernel_regularizer is layer.bias_regularizer is layer.activity_regularizer is None
        and layer.kernel_constraint is layer.bias_constraint is None
        and layer.compute_dtype == "float32"
        and getattr(layer, "lora_rank", None) is None
        and layer.quantization_mode is None
        for layer in layers
    )
    if not plain or len(model.trainable_variables) != sum(len(layer.weights) for layer in layers):
        return None
    tf, _ = tensorflow()
    try:  # the order of the list is the order of the computation: not for every model
        _, copy = _forward(tf, layers, tf.constant(x), short=False)
    except (ValueError, tf.errors.InvalidArgumentError):
        return None
    same = np.allclose(copy.numpy(), model(x).numpy(), rtol=1e-3, atol=1e-4)
    return layers if same else None


def flatten_layers(model: Any) -> list[Any]:
    """Return the layers of a model, those of models in it included."""
    parts = []
    for layer in model.layers:
        parts += flatten_layers(layer) if hasattr(layer, "layers") else [layer]
    return parts


def last_layer(model: Any) -> Any:
    """Return the layer that the copy comes out of, however deep models lie in models."""
    layers = flatten_layers(model)
    return layers[-1] if layers else None


def _ends_in(model: Any, activation: str) -> bool:
    last = getattr(last_layer(model), "activation", None)
    return getattr(last, "__name__", "") == activation


def _forward(tf: Any, layers: list[Any], x: Any, *, short: bool) -> tuple[Any, Any]:
    """Return what goes into the last activation, and what comes out."""
    values = before = x
    for layer in layers:
        if short:
            left, right = tf.cast(values, tf.bfloat16), tf.cast(layer.kernel.value, tf.bfloat16)
            before = tf.cast(tf.matmul(left, right), tf.float32)
        else:
            before = tf.matmul(values, layer.kernel.value)
        if layer.bias is not None:
            before += layer.bias.value
        values = layer.activation(before)
    return before, values
