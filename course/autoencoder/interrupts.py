"""The stop button while something learns: it is heard once, at a moment when nothing can get lost.

Example:
    >>> with deferred_interrupt() as stopped:
    ...     signal.raise_signal(signal.SIGINT)
    ...     signal.raise_signal(signal.SIGINT)
    ...     stopped()
    True
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

StopRequested = Callable[[], bool]


def never_stop() -> bool:
    """Return that nobody has pressed stop.

    Example:
        >>> never_stop()
        False
    """
    return False


@contextmanager
def deferred_interrupt() -> Iterator[StopRequested]:
    """While the block runs, take note of the stop button (SIGINT) and raise nothing.

    A ``KeyboardInterrupt`` comes between any two instructions, and impatient people press twice:
    the second would hit what tidies up after the first. So whoever learns asks, when it suits.

    Where SIGINT can't be had, in a thread of its own or where it is switched off, all stays as
    it is.

    Yields:
        A function that says whether stop was pressed.
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
