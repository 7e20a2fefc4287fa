"""The inner training loop: many steps in one call of a TensorFlow graph.

Adam (D. P. Kingma and J. Ba 2015, https://arxiv.org/abs/1412.6980), the random shifts and the
running average of the weights run inside the graph. At these batch sizes a step is limited by
memory, not by arithmetic: so TensorFlow's fused Adam reads each weight once, and after the warm-up
only every fourth step is averaged.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course.arrays import Float32Array
from course.autoencoder.backend import tensorflow
from course.autoencoder.precision import faster_format
from course.autoencoder.recipe import Recipe

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.99, 1e-7  # Adam's constants
_AVERAGING_WARM_UP = 50  # steps during which the running average forgets faster
_AVERAGE_EVERY = 4  # steps, once the average forgets slowly
_SHIFT_GROUPS = 8  # different shifts per batch
_NOISE_SEED_OFFSET = 10**6  # separates the noise's random numbers from the shifts'
_MEASURE_CHUNK = 2000  # examples
_MIN_PROBABILITY = 1e-7  # as in Keras


class TrainingSteps:
    """Training steps for any Keras model ``(n, d) -> (n, d)``; chains of Dense layers run fastest.

    Attributes:
        precision: ``"float32"`` or ``"bfloat16"``.
    """

    def __init__(self, model: Any, recipe: Recipe, x_train: Float32Array, total: int) -> None:
        self._tf, _ = tensorflow()
        tf = self._tf
        self._model, self._recipe, self._total = model, recipe, max(1, total)
        self._layers = dense_layers(model, x_train[:2])  # None: call the model instead
        self._softmax = output_activation(model) == "softmax"
        self._weights = [weight.value for weight in model.trainable_variables]
        self._first_moment = [tf.Variable(tf.zeros_like(w)) for w in self._weights]
        self._second_moment = [tf.Variable(tf.zeros_like(w)) for w in self._weights]
        self._average = [tf.Variable(w) for w in self._weights]
        self.precision = self._choose_precision()
        self._x = tf.constant(x_train)
        self._steps_done = 0
        order = tf.TensorSpec((None, min(recipe.batch, len(x_train))), tf.int32)
        examples = tf.TensorSpec((None, x_train.shape[1]), tf.float32)
        self._run = build_graph(
            tf, self._run_steps, order, tf.TensorSpec((), tf.float32), xla=recipe.xla
        )
        self._measure = build_graph(tf, self._sum_of_losses, examples)

    def take(self, order: NDArray[np.int32]) -> tuple[float, bool]:
        """Take a step for each row of ``order``, which holds the indices of a batch.

        Return the mean loss, and whether it and all averaged weights are finite.
        """
        tf = self._tf
        loss, finite = self._run(tf.constant(order), tf.constant(float(self._steps_done)))
        self._steps_done += len(order)
        mean = float(loss) / len(order)
        return mean, bool(finite) and math.isfinite(mean)

    def averaged_weights(self) -> list[Float32Array]:
        """Return copies of the averaged weights."""
        return [average.numpy() for average in self._average]

    def assign_weights(self, weights: list[Float32Array]) -> None:
        """Set the model's weights."""
        for variable, value in zip(self._weights, weights, strict=True):
            variable.assign(value)

    def current(self) -> list[Float32Array]:
        """Return copies of the model's weights."""
        return [weight.numpy() for weight in self._weights]

    def measure(self, x: Float32Array) -> float:
        """Return the model's mean loss on ``x``, without shifts and noise."""
        starts = range(0, len(x), _MEASURE_CHUNK)
        chunks = (self._tf.constant(x[start : start + _MEASURE_CHUNK]) for start in starts)
        return sum(float(self._measure(chunk)) for chunk in chunks) / len(x)

    def _choose_precision(self) -> str:
        if self._layers is None:
            return "float32"
        if self._recipe.precision != "auto":
            return self._recipe.precision
        widest = max(self._layers, key=lambda layer: int(np.prod(layer.kernel.shape)))
        return faster_format(self._recipe.batch, *map(int, widest.kernel.shape))

    def _run_steps(self, order: Any, steps_done: Any) -> tuple[Any, Any]:
        tf = self._tf
        count = tf.shape(order)[0]

        def body(k: Any, total: Any) -> tuple[Any, Any]:
            loss = self._step(order[k], steps_done + tf.cast(k, tf.float32) + 1)
            return k + 1, total + loss

        _, loss = tf.while_loop(lambda k, _: k < count, body, (0, 0.0))
        with tf.control_dependencies([loss]):
            finite = [tf.reduce_all(tf.math.is_finite(average)) for average in self._average]
        return loss, tf.reduce_all(finite)

    def _step(self, indices: Any, step: Any) -> Any:
        tf, recipe = self._tf, self._recipe
        seed = tf.stack([recipe.seed, tf.cast(step, tf.int32)])
        target = shift_randomly(tf, tf.gather(self._x, indices), recipe.shift, seed)
        inputs = target
        if recipe.noise:
            noise = tf.random.stateless_normal(tf.shape(target), seed + _NOISE_SEED_OFFSET)
            inputs += recipe.noise * noise
        bfloat16 = self.precision == "bfloat16"
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self._weights)
            losses = self._losses(inputs, target, training=True, bfloat16=bfloat16)
            loss = tf.reduce_mean(losses)
            if self._layers is None and self._model.losses:
                loss += tf.add_n(self._model.losses)
        gradients = tape.gradient(loss, self._weights)
        warm_up = max(1, min(recipe.warm_up, self._total // 10))
        rate = recipe.rate * tf.minimum(step / warm_up, 1.0)
        rate *= 0.5 * (1 + tf.cos(math.pi * step / self._total))
        for weight, gradient, first, second in zip(
            self._weights, gradients, self._first_moment, self._second_moment, strict=True
        ):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=_BETA_1**step,
                beta2_power=_BETA_2**step,
                lr=rate,
                beta1=_BETA_1,
                beta2=_BETA_2,
                epsilon=_EPSILON,
                grad=gradient,
            )
        self._update_average(step)
        return loss

    def _update_average(self, step: Any) -> None:
        """Move the averaged weights toward the current ones."""
        tf, averaging = self._tf, self._recipe.averaging

        def move(decay: Any) -> Any:
            for weight, average in zip(self._weights, self._average, strict=True):
                average.assign_sub((1 - decay) * (average - weight))
            return step

        if not averaging:
            move(0.0)
            return
        decay = tf.minimum(averaging, step / (step + _AVERAGING_WARM_UP))
        is_early = step <= _AVERAGE_EVERY * _AVERAGING_WARM_UP
        is_due = tf.equal(step % _AVERAGE_EVERY, 0)
        tf.cond(
            is_early,
            lambda: move(decay),
            lambda: tf.cond(is_due, lambda: move(decay**_AVERAGE_EVERY), lambda: step),
        )

    def _sum_of_losses(self, x: Any) -> Any:
        return self._tf.reduce_sum(self._losses(x, x, training=False, bfloat16=False))

    def _losses(self, inputs: Any, target: Any, *, training: bool, bfloat16: bool) -> Any:
        """Return the loss of each example, ``(n,)``."""
        tf = self._tf
        logits = None
        if self._layers is None:
            output = tf.cast(self._model(inputs, training=training), tf.float32)
        else:
            logits, output = _forward(tf, self._layers, inputs, bfloat16=bfloat16)
        if self._recipe.loss == "squared_error":
            return tf.reduce_sum(tf.square(output - target), 1)
        if self._softmax:
            small = _MIN_PROBABILITY
            logs = tf.math.log(output + small) if logits is None else tf.nn.log_softmax(logits)
            return -tf.reduce_sum(target * logs, 1)
        if logits is None:
            output = tf.clip_by_value(output, _MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
            logits = tf.math.log(output) - tf.math.log1p(-output)
        return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(target, logits), 1)


def build_graph(tf: Any, function: Any, *inputs: Any, xla: bool = False) -> Any:
    """Return the concrete graph of a function for inputs with these specs.

    Calling it never retraces, and a notebook's second training run doesn't trigger TensorFlow's
    warning about functions rebuilt in a loop.
    """
    return tf.function(function, autograph=False, jit_compile=xla).get_concrete_function(*inputs)


def shift_randomly(tf: Any, x: Any, max_shift: int, seed: Any) -> Any:
    """Return square images ``(n, d)`` shifted by up to ``max_shift`` pixels in each direction.

    The batch is split into eight groups, each with its own shift. Borders are mirrored.
    """
    if not max_shift:
        return x
    side = math.isqrt(x.shape[1])
    images = tf.reshape(x, (-1, side, side))
    top, bottom = images[:, :max_shift], images[:, -max_shift:]  # tf.pad takes four times as long
    images = tf.concat([top[:, ::-1], images, bottom[:, ::-1]], 1)
    left, right = images[:, :, :max_shift], images[:, :, -max_shift:]
    images = tf.concat([left[:, :, ::-1], images, right[:, :, ::-1]], 2)
    shifts = tf.random.stateless_uniform((_SHIFT_GROUPS, 2), seed, 0, 2 * max_shift + 1, tf.int32)
    n = x.shape[0]
    edges = [i * n // _SHIFT_GROUPS for i in range(_SHIFT_GROUPS + 1)]
    groups = [
        tf.slice(images, [start, shift[0], shift[1]], [end - start, side, side])
        for start, end, shift in zip(edges[:-1], edges[1:], tf.unstack(shifts), strict=True)
    ]
    return tf.reshape(tf.concat(groups, 0), x.shape)


def dense_layers(model: Any, x: Float32Array) -> list[Any] | None:
    """Return the layers if the model is a plain sequence of Dense layers, else None."""
    layers = [layer for layer in flatten_layers(model) if type(layer).__name__ != "InputLayer"]
    only_dense = all(
        type(layer).__name__ == "Dense"
        and layer.kernel_regularizer is layer.bias_regularizer is layer.activity_regularizer is None
        and layer.kernel_constraint is layer.bias_constraint is None
        and layer.compute_dtype == "float32"
        and getattr(layer, "lora_rank", None) is None
        and layer.quantization_mode is None
        for layer in layers
    )
    weights = sum(len(layer.weights) for layer in layers)
    if not only_dense or len(model.trainable_variables) != weights:
        return None
    tf, _ = tensorflow()
    try:  # a model may apply its layers in another order
        _, output = _forward(tf, layers, tf.constant(x), bfloat16=False)
    except (ValueError, tf.errors.InvalidArgumentError):
        return None
    same = np.allclose(output.numpy(), model(x).numpy(), rtol=1e-3, atol=1e-4)
    return layers if same else None


def flatten_layers(model: Any) -> list[Any]:
    """Return the layers of a model, including those of nested models."""
    flat = []
    for layer in model.layers:
        flat += flatten_layers(layer) if hasattr(layer, "layers") else [layer]
    return flat


def last_layer(model: Any) -> Any:
    """Return the output layer, also of nested models."""
    layers = flatten_layers(model)
    return layers[-1] if layers else None


def output_activation(model: Any) -> str:
    """Return the name of the output layer's activation, or an empty string."""
    return getattr(getattr(last_layer(model), "activation", None), "__name__", "")


def _forward(tf: Any, layers: list[Any], x: Any, *, bfloat16: bool) -> tuple[Any, Any]:
    """Return the input and the output of the last activation."""
    values = sums = x
    dtype = tf.bfloat16 if bfloat16 else tf.float32
    for layer in layers:
        product = tf.matmul(tf.cast(values, dtype), tf.cast(layer.kernel.value, dtype))
        sums = tf.cast(product, tf.float32)
        if layer.bias is not None:
            sums += layer.bias.value
        values = layer.activation(sums)
    return sums, values
