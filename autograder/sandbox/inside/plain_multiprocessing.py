"""Let multiprocessing work with plain files, where /dev/shm and sockets are blocked.

Under Landlock a kernel's Python processes import this as ``sitecustomize``. Semaphores and shared
memory become files in TMPDIR, and listeners become named pipes. Students may change it: it protects
nothing.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

_SEMAPHORE_BYTES = 32  # sizeof(sem_t)
_TOKEN_CHARS = 32
_RECURSIVE_MUTEX = 0  # the kind of an RLock


def _path(name: str) -> str:
    return os.path.join(os.environ["TMPDIR"], "shared-" + name.strip("/"))  # noqa: PTH118  (no further import)


def _wait_until_zero(function: Any, *arguments: Any) -> bool:
    """Call a function of the C library until no signal interrupts it; return whether it worked."""
    import ctypes

    while function(*arguments) != 0:
        if ctypes.get_errno() != errno.EINTR:
            return False
    return True


class SemLock:
    """As ``_multiprocessing.SemLock``, but its file is not in /dev/shm."""

    SEM_VALUE_MAX = 2**31 - 1

    def __init__(
        self, kind: int, value: int | None, maxvalue: int, name: str, unlink: bool
    ) -> None:
        """Create the semaphore, or open an existing one if there is no value."""
        import ctypes
        import mmap

        flags = 0 if value is None else os.O_CREAT | os.O_EXCL
        fd = os.open(_path(name), os.O_RDWR | os.O_CLOEXEC | flags, 0o600)
        try:
            os.truncate(fd, _SEMAPHORE_BYTES)
            memory = mmap.mmap(fd, _SEMAPHORE_BYTES)
        finally:
            os.close(fd)
        self._semaphore = (ctypes.c_char * _SEMAPHORE_BYTES).from_buffer(memory)
        self._libc = ctypes.CDLL(None, use_errno=True)
        if value is not None:
            self._libc.sem_init(self._semaphore, 1, value)
        if unlink:
            sem_unlink(name)
        self.handle = ctypes.addressof(self._semaphore)
        self.kind, self.maxvalue, self.name = kind, maxvalue, None if unlink else name
        self._after_fork()

    @classmethod
    def _rebuild(cls, _: int, kind: int, maxvalue: int, name: str) -> SemLock:
        return cls(kind, None, maxvalue, name, unlink=False)

    def _after_fork(self) -> None:
        self._held, self._owner = 0, 0

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Wait for it, at most for so many seconds; return whether it was acquired."""
        if self.kind == _RECURSIVE_MUTEX and self._is_mine():
            self._held += 1
            return True
        acquired = _wait_until_zero(self._libc.sem_trywait, self._semaphore)
        if not acquired and block:
            acquired = self._wait(timeout)
        if acquired:
            self._held, self._owner = self._held + 1, threading.get_ident()
        return acquired

    def _wait(self, timeout: float | None) -> bool:
        import ctypes

        if timeout is None:
            return _wait_until_zero(self._libc.sem_wait, self._semaphore)
        nanoseconds = time.time_ns() + int(max(0.0, timeout) * 1e9)
        deadline = (ctypes.c_long * 2)(*divmod(nanoseconds, 1_000_000_000))
        return _wait_until_zero(self._libc.sem_timedwait, self._semaphore, deadline)

    __enter__ = acquire

    def release(self) -> None:
        """Let another process or thread acquire it.

        Raises:
            AssertionError: It is an RLock of another thread.
            ValueError: It was released more often than acquired.
        """
        if self.kind == _RECURSIVE_MUTEX:
            if not self._is_mine():
                raise AssertionError("attempt to release recursive lock not owned by thread")
            if self._held > 1:
                self._held -= 1
                return
        elif self._get_value() >= self.maxvalue:
            raise ValueError("semaphore or lock released too many times")
        self._held -= 1  # before another thread can acquire it
        self._libc.sem_post(self._semaphore)

    def __exit__(self, *_: object) -> None:
        """Release it."""
        self.release()

    def _count(self) -> int:
        return self._held

    def _is_mine(self) -> bool:
        return self._held > 0 and self._owner == threading.get_ident()

    def _get_value(self) -> int:
        import ctypes

        value = ctypes.c_int()
        self._libc.sem_getvalue(self._semaphore, ctypes.byref(value))
        return value.value

    def _is_zero(self) -> bool:
        return self._get_value() == 0


def sem_unlink(name: str) -> None:
    """Remove the file of a semaphore or of shared memory."""
    os.unlink(_path(name))  # noqa: PTH108  (no further import)


def shm_open(path: str, flags: int, mode: int = 0o777) -> int:
    """As ``_posixshmem.shm_open``."""
    return os.open(_path(path), flags | os.O_CLOEXEC, mode)


def _use_files_for_semaphores(module: Any) -> None:
    module.SemLock, module.sem_unlink = SemLock, sem_unlink


def _use_files_for_memory(module: Any) -> None:
    module.shm_open, module.shm_unlink = shm_open, sem_unlink


def _use_files_for_values(module: Any) -> None:
    module.Arena._dir_candidates = []  # noqa: SLF001  (there is no setting)


def _use_no_fork_server(module: Any) -> None:
    """Start processes anew instead; a fork server needs sockets."""
    module.ForkServerProcess._Popen = staticmethod(module.SpawnProcess._Popen)  # noqa: SLF001  (as above)


def _measure_no_memory(module: Any) -> None:
    """Keep joblib's processes from looking into /proc, where only the first one can."""
    module._USE_PSUTIL = False  # noqa: SLF001  (as above)


def _use_named_pipes(connection: Any) -> None:  # noqa: C901  (two classes and a function)
    """Replace the sockets of listeners and clients."""

    class PipeConnection(connection.Connection):
        def __init__(self, reader: int, writer: int) -> None:
            super().__init__(reader)
            self._writer, self._is_open = writer, False

        def _close(self, close: Callable[[int], None] = os.close) -> None:
            close(self._writer)
            super()._close()

        def _send(self, data: Any) -> None:
            super()._send(data, lambda _, rest: os.write(self._writer, rest))

        def _recv(self, size: int) -> Any:
            if not self._is_open:  # as long as nobody has opened its other end, it looks closed
                connection.wait([self])
                self._is_open = True
            return super()._recv(size)

    class PipeListener:
        _last_accepted = None

        def __init__(self, address: str, family: str, _: int = 1) -> None:
            if family != "AF_UNIX":
                raise PermissionError(errno.EPERM, "There is no network here")
            os.mkfifo(address, 0o600)
            # It would end when a client leaves if it were not open for writing, too.
            self._fd: int | None = os.open(address, os.O_RDWR | os.O_CLOEXEC)
            self._address = address
            self._unlink = connection.util.Finalize(self, os.unlink, args=(address,))

        def accept(self) -> PipeConnection:
            if self._fd is None:
                raise OSError(errno.EBADF, "The listener is closed")
            token = os.read(self._fd, _TOKEN_CHARS).decode("ascii")
            paths = [f"{self._address}-{token}-{number}" for number in (0, 1)]
            reader = os.open(paths[0], os.O_RDONLY | os.O_CLOEXEC)
            writer = os.open(paths[1], os.O_WRONLY | os.O_CLOEXEC)
            for path in paths:
                os.unlink(path)  # noqa: PTH108  (as above)
            return PipeConnection(reader, writer)

        def close(self) -> None:
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None
                self._unlink()

    def connect(address: str) -> PipeConnection:
        try:
            listener = os.open(address, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Nobody is listening") from None
        token = os.urandom(_TOKEN_CHARS // 2).hex()
        paths = [f"{address}-{token}-{number}" for number in (0, 1)]
        for path in paths:
            os.mkfifo(path, 0o600)
        writer = os.open(paths[0], os.O_RDWR | os.O_CLOEXEC)  # this never waits for a reader
        reader = os.open(paths[1], os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        os.set_blocking(reader, True)
        os.write(listener, token.encode("ascii"))
        os.close(listener)
        return PipeConnection(reader, writer)

    connection.SocketListener, connection.SocketClient = PipeListener, connect


_ADAPTERS = {
    "_multiprocessing": _use_files_for_semaphores,
    "_posixshmem": _use_files_for_memory,
    "multiprocessing.connection": _use_named_pipes,
    "multiprocessing.context": _use_no_fork_server,
    "multiprocessing.heap": _use_files_for_values,
    "joblib.externals.loky.process_executor": _measure_no_memory,
}


class _Loader:
    def __init__(self, loader: Any, adapt: Callable[[Any], None]) -> None:
        self._loader, self._adapt = loader, adapt

    def exec_module(self, module: Any) -> None:
        self._loader.exec_module(module)
        self._adapt(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


class AdaptingFinder:
    """Finds the modules of `_ADAPTERS`, and changes them when they are imported."""

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> Any:
        """Return what another finder finds, with a loader that also changes the module."""
        if name not in _ADAPTERS:
            return None
        for finder in sys.meta_path:
            spec = None if finder is cls else finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = _Loader(spec.loader, _ADAPTERS[name])  # type: ignore[assignment] # as importlib needs it
                return spec
        return None


if __name__ == "sitecustomize":
    sys.meta_path.insert(0, AdaptingFinder)
