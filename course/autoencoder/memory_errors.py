"""Messages for a lack of memory: what needs how much, and how to need less.

Example:
    >>> format_bytes(2_500), format_bytes(640_000_000_000)
    ('2.5 kB', '640 GB')
"""

from __future__ import annotations

import itertools
from typing import Any

from course.autoencoder.steps import flatten_layers

_FLOAT32_BYTES = 4
_COPIES_OF_WEIGHTS = 5  # weight, gradient, Adam's two moments, running average
_COPIES_OF_OUTPUTS = 3  # before and after the activation, and the gradient


def format_bytes(count: int) -> str:
    """Return a size with a decimal unit."""
    size, units = float(count), ["bytes", "kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.{1 if size < 10 else 0}f} {units[0]}"


def build_memory_message(widths: list[int]) -> str:
    """Return the message for layers that don't fit into memory.

    Example:
        >>> build_memory_message([784, 400_000, 30])[:59]
        'Not enough memory for build(784, 400000, 30): its 652,000,8'
    """
    pairs = list(itertools.pairwise(widths))
    count = sum((a + 1) * b + (b + 1) * a for a, b in pairs)
    a, b = max(pairs, key=lambda pair: pair[0] * pair[1])
    return (
        f"Not enough memory for build({', '.join(map(str, widths))}): its {count:,} weights take "
        f"{format_bytes(count * _FLOAT32_BYTES)}, those between {a:,} and {b:,} units alone "
        f"{format_bytes(a * b * _FLOAT32_BYTES)}. Use narrower layers."
    )


def train_memory_message(model: Any, batch: int, examples: int) -> str:
    """Return the message for a training run that doesn't fit into memory."""
    count, width = int(model.count_params()), int(model.input_shape[1])
    units = width + sum(int(getattr(layer, "units", 0)) for layer in flatten_layers(model))
    needs = {
        "a smaller model": _COPIES_OF_WEIGHTS * count * _FLOAT32_BYTES,
        "a smaller batch": _COPIES_OF_OUTPUTS * min(batch, examples) * units * _FLOAT32_BYTES,
        "fewer examples": examples * width * _FLOAT32_BYTES,
    }
    for_model, for_batch, for_examples = map(format_bytes, needs.values())
    remedy = max(needs, key=needs.__getitem__)
    return (
        f"Not enough memory for training: the model's {count:,} weights and the optimizer take "
        f"{for_model}, the layers' outputs with batch={batch} take {for_batch}, the {examples:,} "
        f"examples take {for_examples}. Try {remedy}."
    )
