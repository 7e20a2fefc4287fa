"""Handle the stop button during training at a safe moment.

Example:
    >>> with deferred_interrupt() as stop_requested:
    ...     signal.raise_signal(signal.SIGINT)
    ...     signal.raise_signal(signal.SIGINT)
    ...     stop_requested()
    True
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

StopRequested = Callable[[], bool]


def never_stop() -> bool:
    """Return False: no stop was requested."""
    return False


@contextmanager
def deferred_interrupt() -> Iterator[StopRequested]:
    """Record SIGINT, the stop button's signal, while the block runs, instead of raising.

    A ``KeyboardInterrupt`` can come between any two instructions, and a second press would
    interrupt the clean-up after the first. So the training loop asks between steps.

    In other threads, and where SIGINT is ignored, nothing changes.

    Yields:
        A function that returns True once stop was pressed.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield never_stop
        return
    pressed = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
