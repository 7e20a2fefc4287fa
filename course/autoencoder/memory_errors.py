"""What to say when there is no memory left: what takes how much, and what would need less.

Example:
    >>> format_bytes(2_500), format_bytes(640_000_000_000)
    ('2.5 kB', '640 GB')
"""

from __future__ import annotations

import itertools
from typing import Any

from course.autoencoder.steps import flatten_layers

_BYTES = 4  # a float32
_COPIES = 5  # of each weight: itself, its gradient, Adam's two averages, and what is kept
_ANSWERS = 3  # of each layer: before and after its activation, and the gradient


def format_bytes(count: int) -> str:
    """Return so many bytes as people write them."""
    size, units = float(count), ["bytes", "kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.{1 if size < 10 else 0}f} {units[0]}"


def build_memory_message(widths: list[int]) -> str:
    """Return the message for layers that do not fit.

    Example:
        >>> build_memory_message([784, 400_000, 30])[:58]
        'build(784, 400000, 30): no memory left. Its 652,000,814 nu'

    Args:
        widths: Numbers an example, widths of the hidden layers, numbers a code.
    """
    pairs = list(itertools.pairwise(widths))
    count = sum((a + 1) * b + (b + 1) * a for a, b in pairs)
    (a, b), most = max(((pair, pair[0] * pair[1]) for pair in pairs), key=lambda each: each[1])
    return (
        f"build({', '.join(map(str, widths))}): no memory left. Its {count:,} numbers take "
        f"{format_bytes(count * _BYTES)}, those between {a:,} and {b:,} units alone "
        f"{format_bytes(most * _BYTES)}; narrower layers need less."
    )


def train_memory_message(model: Any, batch: int, examples: int) -> str:
    """Return the message for a training that does not fit.

    Args:
        model: A Keras model ``(n, d) -> (n, d)``.
        batch: Examples a step.
        examples: How many there are.
    """
    count, width = int(model.count_params()), int(model.input_shape[1])
    units = width + sum(int(getattr(layer, "units", 0)) for layer in flatten_layers(model))
    needs = {
        "a smaller model": _COPIES * count * _BYTES,
        "a smaller batch": _ANSWERS * min(batch, examples) * units * _BYTES,
        "fewer examples": examples * width * _BYTES,
    }
    model_, batch_, examples_ = map(format_bytes, needs.values())
    cure = max(needs, key=lambda name: needs[name])
    return (
        f"train: no memory left. The model's {count:,} numbers, and what Adam keeps of each, take "
        f"{model_}; its layers' answers with batch={batch} {batch_}; {examples:,} examples "
        f"{examples_}. So {cure} would help most."
    )
