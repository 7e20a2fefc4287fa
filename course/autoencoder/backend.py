"""TensorFlow, loaded when it is first needed, and without its chatter.

Example:
    >>> tf, keras = tensorflow()
    >>> keras.backend.backend()
    'tensorflow'
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def tensorflow() -> tuple[Any, Any]:
    """Return the modules ``tensorflow`` and ``keras``.

    While TensorFlow is imported, what its C++ parts write to standard error (that all is well)
    goes nowhere; if the import fails, it is shown.

    Raises:
        RuntimeError: Keras was told to run on something else.
    """
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        with _unheard():
            import keras
            import tensorflow as tf
    else:
        import keras
        import tensorflow as tf
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"Keras runs on {keras.backend.backend()!r}; this course needs TensorFlow: "
            'restart with the environment variable KERAS_BACKEND="tensorflow", or without it.'
        )
    return tf, keras


@contextmanager
def _unheard() -> Iterator[None]:
    """Keep standard error aside, whoever writes to it; an exception brings it back."""
    try:
        voice = os.dup(2)
    except OSError:  # there is no standard error to begin with
        yield
        return
    try:
        with tempfile.TemporaryFile() as aside:
            os.dup2(aside.fileno(), 2)
            try:
                yield
            except BaseException:
                aside.seek(0)
                os.write(voice, aside.read())
                raise
            finally:
                os.dup2(voice, 2)
    finally:
        os.close(voice)
