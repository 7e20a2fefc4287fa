"""Which number format is the faster one for matrix products on this machine.

bfloat16 keeps float32's range and eight bits of its digits. Processors with instructions for
it (AVX512-BF16, AMX, recent GPUs) multiply such matrices twice as fast; others imitate them,
many times slower. No list of processors stays complete, so it is measured; but on a busy
machine a measurement is no more than a hint, and what the processor says of itself counts more.
"""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import Any

from course.autoencoder.backend import tensorflow

_ROUNDS = 12
_WORTH_IT = 0.8  # share of float32's time from which fewer digits are a good bargain
_DOUBT = 1.2  # the same, if the processor says that it can: then only a clear no is one
_INSTRUCTIONS = frozenset({"avx512_bf16", "amx_bf16"})
_FLOOR = 10**7  # multiplications; below, a product costs less than what surrounds it


@functools.lru_cache(maxsize=32)
def faster_format(batch: int, inputs: int, outputs: int) -> str:
    """Return ``"bfloat16"`` or ``"float32"``: which one multiplies such matrices faster here.

    Example:
        >>> faster_format(2, 3, 4)
        'float32'

    It takes some hundredths of a second, once for each size.
    """
    if batch * inputs * outputs < _FLOOR:
        return "float32"
    tf, _ = tensorflow()
    left, right = tf.ones((batch, inputs)), tf.ones((inputs, outputs))

    def whole() -> Any:
        return tf.reduce_sum(tf.matmul(left, right))

    def short() -> Any:
        product = tf.matmul(tf.cast(left, tf.bfloat16), tf.cast(right, tf.bfloat16))
        return tf.reduce_sum(tf.cast(product, tf.float32))

    best = {"float32": float("inf"), "bfloat16": float("inf")}
    for round_ in range(_ROUNDS + 1):  # in turn, so that a busy moment hits both
        for name, product in (("float32", whole), ("bfloat16", short)):
            start = time.perf_counter()
            float(product())
            if round_:  # the first one also builds the graph
                best[name] = min(best[name], time.perf_counter() - start)
    least = _DOUBT if has_bfloat16_instructions() else _WORTH_IT
    return "bfloat16" if best["bfloat16"] < least * best["float32"] else "float32"


@functools.cache
def has_bfloat16_instructions() -> bool:
    """Whether the processor says that it has instructions for bfloat16 (known on Linux alone).

    Example:
        >>> has_bfloat16_instructions() in (True, False)
        True
    """
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return not _INSTRUCTIONS.isdisjoint(said.split())
