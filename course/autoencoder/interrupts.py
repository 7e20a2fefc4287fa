"""Handle the stop button during training at a safe moment.

Example:
    >>> before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job may ignore it
    >>> with deferred_interrupt() as stop_requested:
    ...     signal.raise_signal(signal.SIGINT)
    ...     signal.raise_signal(signal.SIGINT)
    ...     stop_requested()
    True
    >>> _ = signal.signal(signal.SIGINT, before)
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
    """Yield a function that returns True once SIGINT, the stop button's signal, has arrived.

    A ``KeyboardInterrupt`` can come between any two instructions, and a second press would
    interrupt the clean-up after the first. So the training loop asks between steps.
    In other threads, and where SIGINT is ignored, nothing changes.
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
