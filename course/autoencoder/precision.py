"""Choose the faster number format for matrix products on this machine.

bfloat16 has float32's range and eight bits of precision. Processors with instructions for it
(AVX512-BF16, AMX, recent GPUs) multiply such matrices twice as fast; others emulate it, many times
slower. No list of processors stays complete, so the speed is measured. On a busy machine a
measurement is unreliable, so the processor's own feature flags shift the threshold.
"""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import Any

from course.autoencoder.backend import tensorflow

_ROUNDS = 12
# bfloat16 is chosen if it takes less than this fraction of float32's time.
_MAX_TIME_RATIO = 0.8
_MAX_TIME_RATIO_WITH_INSTRUCTIONS = 1.2
_CPU_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
_MIN_MULTIPLICATIONS = 10**7  # below, the overhead around a product outweighs it


@functools.lru_cache(maxsize=32)
def faster_format(batch: int, inputs: int, outputs: int) -> str:
    """Return ``"bfloat16"`` or ``"float32"``, whichever multiplies such matrices faster.

    Example:
        >>> faster_format(2, 3, 4)
        'float32'

    The measurement takes some hundredths of a second, once per size.
    """
    if batch * inputs * outputs < _MIN_MULTIPLICATIONS:
        return "float32"
    tf, _ = tensorflow()
    left, right = tf.ones((batch, inputs)), tf.ones((inputs, outputs))

    def float32() -> Any:
        return tf.reduce_sum(tf.matmul(left, right))

    def bfloat16() -> Any:
        product = tf.matmul(tf.cast(left, tf.bfloat16), tf.cast(right, tf.bfloat16))
        return tf.reduce_sum(tf.cast(product, tf.float32))

    best = {"float32": float("inf"), "bfloat16": float("inf")}
    for round_ in range(_ROUNDS + 1):  # alternating, so that background load affects both
        for name, product in (("float32", float32), ("bfloat16", bfloat16)):
            start = time.perf_counter()
            float(product())
            if round_:  # the first round warms up
                best[name] = min(best[name], time.perf_counter() - start)
    ratio = _MAX_TIME_RATIO_WITH_INSTRUCTIONS if has_bfloat16_instructions() else _MAX_TIME_RATIO
    return "bfloat16" if best["bfloat16"] < ratio * best["float32"] else "float32"


@functools.cache
def has_bfloat16_instructions() -> bool:
    """Return whether the processor reports bfloat16 instructions (False except on Linux).

    Example:
        >>> has_bfloat16_instructions() in (True, False)
        True
    """
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return not _CPU_FLAGS.isdisjoint(cpuinfo.split())
