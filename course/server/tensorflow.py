"""Install TensorFlow in the background of a self-learner's server; the start page shows how far."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import time
from typing import Final, TypedDict

from traitlets import Bool
from traitlets.config import LoggingConfigurable

from course import tensorflow_install

_NICENESS: Final = 10  # the learner's own cells come first


class InstallView(TypedDict):
    """What the start page shows about TensorFlow.

    Attributes:
        state: installing, failed, installed or unavailable.
        text: The present step, or why it failed.
        seconds: How long it has been going on.
    """

    state: str
    text: str
    seconds: int


class TensorFlowInstall(LoggingConfigurable):
    """Starts ``autoencoders tensorflow``, and ends it with the server.

    Example:
        >>> TensorFlowInstall().view() is None
        True
    """

    enabled = Bool(
        default_value=False,
        help="Whether to install a missing TensorFlow when the start page opens; "
        "`autoencoders lab` turns it on.",
    ).tag(config=True)
    _process: subprocess.Popen[bytes] | None = None

    def start(self, *, again: bool = False) -> None:
        """Install TensorFlow, unless it is there or this was tried before.

        Args:
            again: Also after a failure.
        """
        if not self.enabled or tensorflow_install.is_importable():
            return
        if not tensorflow_install.is_available():
            return  # `view` says so
        if self._process is not None and (self._process.poll() is None or not again):
            return
        self._process = subprocess.Popen(
            [sys.executable, "-m", "course", "tensorflow"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl+C first asks whether to stop the server
        )
        atexit.register(self._process.terminate)
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICENESS)

    def view(self) -> InstallView | None:
        """Return what the start page shows; None if this server has nothing to install."""
        if self._process is None:
            is_missing = self.enabled and not tensorflow_install.is_importable()
            if is_missing and not tensorflow_install.is_available():
                text = tensorflow_install.UNAVAILABLE
                return {"state": "unavailable", "text": text, "seconds": 0}
            return None
        state = tensorflow_install.read_state()
        seconds = int(time.time() - state.started) if state else 0
        if self._process.poll() is None:
            running = state and state.running
            return {
                "state": "installing",
                "text": state.step if state and running else "Preparing",
                "seconds": seconds if running else 0,
            }
        if tensorflow_install.is_importable():
            return {"state": "installed", "text": "", "seconds": seconds}
        reason = state.error if state and state.error else "The installation was interrupted."
        return {"state": "failed", "text": reason, "seconds": seconds}
