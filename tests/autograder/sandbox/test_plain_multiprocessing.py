"""multiprocessing without /dev/shm and sockets does what it always does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox import bubblewrap

SETUP = """
import multiprocessing as mp, os, signal, threading, time
from multiprocessing.connection import Client, Listener
def error(action):
    try:
        return action()
    except Exception as raised:
        return type(raised).__name__
fork = mp.get_context("fork")
"""
CASES = {
    "locks are the ones of this module": """
        assert type(fork.Lock()._semlock).__module__ == "sitecustomize"
        assert os.listdir(os.environ["TMPDIR"]) == []
    """,
    "a lock excludes": """
        lock, value = fork.Lock(), fork.Value("i", 0, lock=False)
        def add():
            for _ in range(200):
                with lock:
                    seen = value.value
                    time.sleep(0.00001)
                    value.value = seen + 1
        workers = [fork.Process(target=add) for _ in range(3)]
        [worker.start() for worker in workers]
        [worker.join() for worker in workers]
        assert value.value == 600
    """,
    "an RLock belongs to a thread": """
        lock = fork.RLock()
        assert lock.acquire() and lock.acquire()
        results = []
        def other():
            results.extend([lock.acquire(block=False), error(lock.release)])
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        lock.release()
        lock.release()
        assert results == [False, "AssertionError"]
        assert error(lock.release) == "AssertionError"
    """,
    "a bounded semaphore is bounded": """
        semaphore = fork.BoundedSemaphore(2)
        assert semaphore.acquire() and semaphore.get_value() == 1
        semaphore.release()
        assert error(semaphore.release) == "ValueError"
    """,
    "waiting ends after the timeout": """
        event, start = fork.Event(), time.monotonic()
        assert not event.wait(0.2)
        assert not fork.Semaphore(0).acquire(timeout=0.2)
        assert 0.4 <= time.monotonic() - start < 120
    """,
    "a signal interrupts waiting": """
        def interrupt(*_):
            raise InterruptedError
        signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        assert error(fork.Semaphore(0).acquire) == "InterruptedError"
    """,
    "a condition, a barrier and a queue": """
        barrier, queue, condition = fork.Barrier(2), fork.JoinableQueue(), fork.Condition()
        def work():
            barrier.wait()
            queue.get()
            queue.task_done()
            with condition:
                condition.notify()
        worker = fork.Process(target=work)
        with condition:
            worker.start()
            barrier.wait(120)
            queue.put("x" * 100_000)
            assert condition.wait(120)
        queue.join()
        worker.join()
    """,
    "a pool and a manager": """
        with fork.Pool(2) as pool:
            assert pool.map(abs, range(-50, 0)) == list(range(50, 0, -1))
        with fork.Manager() as manager:
            shared = manager.dict(big=list(range(100_000)))
            workers = [fork.Process(target=shared.update, args=({i: i},)) for i in range(3)]
            [worker.start() for worker in workers]
            [worker.join() for worker in workers]
            assert len(shared) == 4 and len(shared["big"]) == 100_000
    """,
    "new processes": """
        if __name__ == "__main__":
            for method in ("spawn", "forkserver"):
                with mp.get_context(method).Pool(1) as pool:
                    assert pool.map(abs, [-1]) == [1]
    """,
    "shared memory": """
        from multiprocessing.shared_memory import SharedMemory
        memory = SharedMemory(create=True, size=10)
        def write():
            other = SharedMemory(memory.name)
            other.buf[0] = 7
            other.close()
        fork.Process(target=write).start()
        deadline = time.monotonic() + 120
        while memory.buf[0] != 7 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert memory.buf[0] == 7
        memory.close()
        memory.unlink()
        assert error(lambda: SharedMemory(memory.name)) == "FileNotFoundError"
    """,
    "listeners and clients": """
        with Listener(authkey=b"key") as listener:
            address = listener.address
            worker = threading.Thread(target=lambda: Client(address, authkey=b"key").send(1))
            worker.start()
            connection = listener.accept()
            assert connection.recv() == 1
            worker.join()
            assert error(connection.recv) == "EOFError"
        assert error(lambda: Client(address)) == "FileNotFoundError"
        with Listener() as listener:
            near = Client(listener.address)
            near.send("early")
            far = listener.accept()
            assert far.recv() == "early" and not near.poll(0.1)
            far.send("late")
            assert near.recv() == "late"
            far.close()
            assert error(near.recv) == "EOFError"
        assert error(lambda: Listener(("localhost", 0))) == "PermissionError"
    """,
    "a listener that has ended": """
        path = os.environ["TMPDIR"] + "/pipe"
        os.mkfifo(path)
        assert error(lambda: Client(path)) == "ConnectionRefusedError"
    """,
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only for Landlock, so Linux")
@pytest.mark.parametrize("name", CASES)
def test_multiprocessing_on_plain_files(name: str, tmp_path: Path) -> None:
    library, temporary = tmp_path / "library", tmp_path / "t"
    library.mkdir()
    temporary.mkdir()
    shutil.copyfile(bubblewrap.PROGRAMS / "plain_multiprocessing.py", library / "sitecustomize.py")
    lines = "\n".join(line.removeprefix("        ") for line in CASES[name].splitlines())
    (tmp_path / "case.py").write_text(f"{SETUP}\n{lines}\n")
    run = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", str(tmp_path / "case.py")],
        env={**os.environ, "PYTHONPATH": str(library), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
