"""How a kernel that was forked elsewhere comes into a place that Bubblewrap has made."""

from __future__ import annotations

import json
import os
import selectors
import time
from contextlib import ExitStack, suppress
from typing import Any, Final

from autograder.sandbox.forkserver_client import ForkServer, ForkServerError

ENTER_TIMEOUT_S: Final = 60.0  # seconds; a place is made in a fiftieth of one


class SandboxEntry:
    """One kernel's way in.

    Example:
        >>> entry = Entry(stack, nursery, sockets, rules)  # doctest: +SKIP
        >>> subprocess.Popen(bwrap, pass_fds=[entry.tells], stdout=entry.says)  # doctest: +SKIP
        >>> entry.enter(errors)  # doctest: +SKIP

    Args:
        stack: Closes what is opened here.
        nursery: Who forks the kernel.
        sockets: The numbers of the kernel's open sockets, by their addresses.
        rules: The number of an open file with the filter of system calls.

    Attributes:
        tells: An open file to which Bubblewrap writes what it has made.
        says: The standard output of what waits inside.
        told: What the nursery must know; see `nursery.become`.
        pid: The process that waits for the kernel, once there is one.
    """

    def __init__(
        self, stack: ExitStack, fork_server: ForkServer, sockets: dict[str, int], rules: int
    ) -> None:
        self._nursery, self._sockets, self._rules = fork_server, sockets, rules
        self._made, self.tells = os.pipe()
        self._heard, self.says = os.pipe()
        self.told: dict[str, Any] = {}
        self.pid: int | None = None
        self._open = {self._made, self.tells, self._heard, self.says}
        stack.callback(self._close)

    def enter(self, errors: int) -> None:
        """Wait until the place is there, and let the kernel be forked into it.

        Args:
            errors: An open file for complaints.

        Raises:
            NurseryError: There is no place, or no kernel came.
        """
        self._close(self.tells, self.says)  # so that the other ends end when Bubblewrap does
        ends = time.monotonic() + ENTER_TIMEOUT_S
        if self._read(self._heard, ends, lambda text: text.endswith(b"\n")) != b"ready\n":
            raise ForkServerError("the place was not made")
        made = json.loads(self._read(self._made, ends, lambda text: b"}" in text))
        place = os.pidfd_open(made["child-pid"])
        try:
            files = {"place": place, "rules": self._rules, "errors": errors, **self._sockets}
            self.pid = self._nursery.fork(self.told, files)
        finally:
            os.close(place)

    @staticmethod
    def _read(number: int, ends: float, enough: Any) -> bytes:
        text = b""
        with selectors.DefaultSelector() as selector:
            selector.register(number, selectors.EVENT_READ)
            while not enough(text):
                if not selector.select(max(0.0, ends - time.monotonic())):
                    raise ForkServerError("the place was not made in time")
                more = os.read(number, 65536)
                if not more:
                    break
                text += more
        return text

    def _close(self, *numbers: int) -> None:
        for number in numbers or tuple(self._open):
            if number in self._open:
                self._open.remove(number)
                with suppress(OSError):
                    os.close(number)
