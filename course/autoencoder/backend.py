"""Import TensorFlow on first use, without its start-up messages.

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
from contextlib import contextmanager, nullcontext
from typing import Any

from course import tensorflow_install


def tensorflow() -> tuple[Any, Any]:
    """Return the modules ``tensorflow`` and ``keras``.

    What TensorFlow's C++ code writes to standard error is hidden, unless the import fails. While
    TensorFlow is being installed, this waits for it.

    Raises:
        ModuleNotFoundError: TensorFlow is not installed; the message says what works without it.
        RuntimeError: Keras is configured to use another backend.
    """
    imported = "tensorflow" in sys.modules
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with nullcontext() if imported else _stderr_hidden():
            import keras
            import tensorflow as tf
    except ModuleNotFoundError as error:
        if error.name not in {"keras", "tensorflow"}:
            raise
        if tensorflow_install.wait():
            return tensorflow()
        raise ModuleNotFoundError(
            "TensorFlow is not installed, so networks can't be built or trained here. Everything "
            f"else in the course works without it. {tensorflow_install.advice()}",
            name=error.name,
        ) from None
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "This course needs Keras with the TensorFlow backend, but Keras uses "
            f"{keras.backend.backend()!r}; restart with the environment variable KERAS_BACKEND "
            'unset or set to "tensorflow".'
        )
    return tf, keras


@contextmanager
def _stderr_hidden() -> Iterator[None]:
    """Redirect file descriptor 2; if the block raises, print what was written to it."""
    try:
        stderr = os.dup(2)
    except OSError:  # the process has no standard error
        yield
        return
    try:
        with tempfile.TemporaryFile() as captured:
            os.dup2(captured.fileno(), 2)
            try:
                yield
            except BaseException:
                captured.seek(0)
                os.write(stderr, captured.read())
                raise
            finally:
                os.dup2(stderr, 2)
    finally:
        os.close(stderr)
