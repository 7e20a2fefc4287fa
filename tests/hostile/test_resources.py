"""A kernel that exhausts its resources harms neither its neighbors nor the grader.

After each attack, no process of the attacker may be running.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
import uuid
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from autograder.kernels.client import MAX_CELL_OUTPUT_CHARS
from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.sandbox import host_support
from autograder.sandbox.memory_guard import MAX_GRADER_GROWTH_BYTES
from tests.hostile.corpus import FOLDER
from tests.hostile.machine import (
    ATTACK_HELPERS,
    ROOT,
    TIGHT_LIMITS,
    Machine,
    marked_pids,
    run,
    run_json,
    wait_until_gone,
)

MISSING = host_support.missing_features()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("isolation"),
    pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING)),
]


def test_limits_cannot_be_raised(neighbor: Kernel) -> None:
    code = """
    import resource
    result = [attempt(lambda: resource.setrlimit(kind, (hard * 2, hard * 2))) for kind, hard in (
        (kind, resource.getrlimit(kind)[1]) for kind in (
            resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE,
            resource.RLIMIT_CPU, resource.RLIMIT_DATA))]
    """
    assert set(run_json(neighbor, code)) == {"ValueError"}


def test_disk_cannot_be_filled(neighbor: Kernel) -> None:
    code = """
    def fill(name, size, number):
        paths = []
        try:
            for i in range(number):
                path = Path.home() / f'{name}-{i}'
                paths.append(path)
                with path.open('wb') as file:
                    file.write(bytes(size))
        finally:
            stored = sum(path.stat().st_size for path in paths if path.exists())
            for path in paths:
                path.unlink(missing_ok=True)
        return stored
    result = [attempt(lambda: fill('disk', 2**20, 64)), attempt(lambda: fill('inode', 0, 5000))]
    result += [attempt(lambda: fill('huge', 2**24, 1))]
    result += [attempt(lambda: fill('afterwards', 2**20, 8))]
    result += [[os.statvfs(path).f_blocks * os.statvfs(path).f_frsize
                for path in ('/tmp', '/dev/shm', '/home/student')
                if os.access(path, os.W_OK)]]
    """
    *stored, sizes = run_json(neighbor, code)
    assert stored == ["OSError", "OSError", "OSError", 8 * 2**20]
    assert set(sizes) == {TIGHT_LIMITS.disk}


def test_endless_message_does_not_fill_the_graders_memory(attacker: Kernel) -> None:
    flood = (FOLDER / "endless-message.txt").read_text(encoding="utf-8").split("--- double\n")[1]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    outcome = attacker.run_cell(new_code_cell(f"{flood}\ndouble(1)"), seconds=40)
    growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    assert outcome == CellOutcome("died", message="It sent more data than the grader accepts.")
    assert MAX_GRADER_GROWTH_BYTES / 2 < growth < 3 * MAX_GRADER_GROWTH_BYTES


# Each sends 45 MB that would take more than a gigabyte if they were parsed.
NESTED_LISTS = """
from itertools import chain
kernel = get_ipython().kernel
NESTED = b'{"prompt": "", "name": "stdout", "text": [' + b'[],' * 15_000_000 + b'[]]}'
"""
SEND_NESTED_LISTS = {
    "an output": """
kernel.session.send(kernel.iopub_socket, "stream", NESTED, parent=kernel.get_parent())
""",
    "an output's metadata": """
kernel.session.send(kernel.iopub_socket, "stream", {}, parent=kernel.get_parent(),
                    metadata={"x": [[]] * 15_000_000})
""",
    "a response to a test": """
kernel.session.send(kernel.stdin_socket, "input_request", NESTED, parent=kernel.get_parent(),
                    ident=kernel._parent_ident["shell"])
""",
    "a cell's reply": """
get_ipython().payload_manager.write_payload({"source": "x", "data": [[]] * 15_000_000})
""",
}
MEASURE_GROWTH = """
import resource, sys
from pathlib import Path
from nbformat.v4 import new_code_cell
from autograder.sandbox.limits import Limits
from autograder.kernels.kernel import Kernel
def peak_mb(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
with Kernel(Path(sys.argv[1]), limits=Limits()) as kernel:
    kernel.run_cell(new_code_cell("1"), 20)
    before = peak_mb()
    outcome = kernel.run_interactive(sys.argv[2], 30, lambda text: "")
    growth = peak_mb() - before
    kernel.restart()
    print(growth, outcome.status, kernel.run_cell(new_code_cell("1"), 20).status)
"""


@pytest.mark.parametrize("name", SEND_NESTED_LISTS)
def test_nested_lists_do_not_fill_the_graders_memory(tmp_path: Path, name: str) -> None:
    attack = NESTED_LISTS + SEND_NESTED_LISTS[name]
    command = [sys.executable, "-c", MEASURE_GROWTH, str(tmp_path), attack]
    grader = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    growth_mb, status, status_afterwards = grader.stdout.split()
    assert int(growth_mb) < 400, grader
    assert status in {"ran", "raised", "died"}
    assert status_afterwards == "ran"


def test_long_output_of_an_honest_cell_is_cut_off(attacker: Kernel) -> None:
    """A figure of five megabytes is not stored; the cell that made it ran."""
    cell = new_code_cell(
        "from IPython.display import HTML, display\ndisplay(HTML('x' * 5_000_000))"
    )
    assert attacker.run_cell(cell, seconds=40) == CellOutcome("ran")
    assert "Output was cut off here" in cell["outputs"][0]["text"]
    long_error = new_code_cell("raise ValueError('x' * 5_000_000)")
    assert attacker.run_cell(long_error, 40).status == "raised"
    assert attacker.run_cell(new_code_cell("1"), seconds=40) == CellOutcome("ran")


def test_signals_end_only_the_kernel_that_sends_them(attacker: Kernel) -> None:
    for attack in (
        "os.kill(-1, signal.SIGKILL)",
        "[attempt(lambda: os.kill(os.getppid(), number)) for number in (9, 15, 2, 1)]\nos._exit(0)",
    ):
        assert run(attacker, attack, 30).status in {"died", "raised"}
        attacker.restart()
        assert run(attacker, ATTACK_HELPERS).status == "ran"
    code = """
    parent = os.getppid()
    result = [attempt(lambda: os.kill(parent, 9)), attempt(lambda: os.killpg(1, 9)), parent]
    time.sleep(0.2)
    """
    assert run_json(attacker, code)[2] == 1


def test_daemons_end_with_their_kernel(attacker: Kernel) -> None:
    mark = attacker.env["MARK"]
    code = """
    def daemonize():
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
                while True:
                    time.sleep(1)
            os._exit(0)
        os.wait()
    daemonize()
    subprocess.Popen(['sh', '-c', 'trap "" TERM HUP; sleep 600 & wait'], start_new_session=True)
    result = 'started'
    """
    run_json(attacker, code)
    assert len(marked_pids(mark)) >= 4
    attacker.restart()
    few = "assert len([n for n in __import__('os').listdir('/proc') if n.isdigit()]) < 4"
    assert run(attacker, few) == CellOutcome("ran")
    pids = marked_pids(mark)
    assert [pid for pid in pids if b"sleep" in Path(f"/proc/{pid}/cmdline").read_bytes()] == []


def test_fork_bomb_is_limited(attacker: Kernel) -> None:
    mark = attacker.env["MARK"]
    cell = new_code_cell("while True:\n    attempt(os.fork)")
    assert attacker.run_cell(cell, seconds=3).status in {"timed out", "died"}
    assert len(marked_pids(mark)) <= TIGHT_LIMITS.processes + 4
    attacker.restart()
    assert run(attacker, "1 + 1").status == "ran"


def test_memory_bomb_is_limited(attacker: Kernel) -> None:
    code = """
    bomb = "b = bytearray(b'x') * 120_000_000; import time; time.sleep(3); print('allocated')"
    bombs = [subprocess.Popen([sys.executable, '-S', '-c', bomb], stdout=-1) for _ in range(8)]
    survivors = sum(bomb.communicate()[0] == b'allocated\\n' for bomb in bombs)
    print(json.dumps(survivors))
    """
    cell = new_code_cell(textwrap.dedent(code))
    outcome = attacker.run_cell(cell, seconds=60)
    assert outcome.status in {"ran", "died"}
    if outcome.status == "ran":
        assert int("".join(output["text"] for output in cell["outputs"])) < 5
    assert attacker._manager is not None
    assert attacker._manager.sandbox_launch is not None
    cgroup = attacker._manager.sandbox_launch.cgroup
    if cgroup is not None:
        assert 0 < cgroup.peak_bytes() <= TIGHT_LIMITS.memory
        assert cgroup.had_oom_kill()


def test_oversized_allocation_raises_memory_error(attacker: Kernel) -> None:
    assert run(attacker, "b = bytearray(4 * 2**30)").error == "MemoryError"
    assert run(attacker, "assert 'b' not in globals()") == CellOutcome("ran")


def test_endless_output_is_limited(attacker: Kernel) -> None:
    cell = new_code_cell("while True: print('x' * 10_000)")
    assert attacker.run_cell(cell, seconds=3).status in {"timed out", "died", "raised"}
    assert (
        sum(len(output.get("text", "")) for output in cell["outputs"]) < 3 * MAX_CELL_OUTPUT_CHARS
    )
    attacker.restart()
    cell = new_code_cell("print('x' * 100_000_000)")  # more than one message may hold
    attacker.run_cell(cell, seconds=4)
    assert (
        sum(len(output.get("text", "")) for output in cell["outputs"]) < 3 * MAX_CELL_OUTPUT_CHARS
    )
    attacker.restart()
    assert run(attacker, "1 + 1").status == "ran"


INVALID_MESSAGES = {  # code that sends them, and the time limit
    "send([b'x'])": 8,
    "send([b'stream', b'<IDS|MSG>', b'', b'{', b'{', b'{', b'{'])": 8,
    "send(signed([b'[' * 100_000, b'{}', b'{}', b'{}']))": 8,
    "send(signed([b'{}', b'{}', b'{}', b'7']))": 8,
    "send(signed([b'\\xff', b'{}', b'{}', b'{}']))": 8,
    "while True: kernel.send_response(kernel.iopub_socket, 'stream', {'text': 'x'})": 2,
    "while True: kernel.session.send(kernel.shell_stream, 'x', {}, ident=ident)": 2,
}


def test_invalid_messages_do_not_stop_the_grader(attacker: Kernel) -> None:
    setup = """
    kernel = get_ipython().kernel
    ident = kernel._parent_ident
    def signed(parts):
        return [b'stream', b'<IDS|MSG>', kernel.session.sign(parts), *parts]
    def send(parts):
        kernel.iopub_thread.schedule(lambda: kernel.iopub_thread.socket.send_multipart(parts))
    """
    for attack, seconds in INVALID_MESSAGES.items():
        code = f"{textwrap.dedent(setup)}\n{attack}\n__import__('time').sleep(0.5)"
        outcome = run(attacker, code, seconds)
        assert outcome.status in {"ran", "raised", "died", "timed out"}
        attacker.restart()
    assert run(attacker, "1 + 1") == CellOutcome("ran")


def test_kernels_of_a_killed_grader_end(
    machine: Machine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tmp_path = tmp_path_factory.mktemp("t")  # short: a socket's path holds about 100 characters
    mark = f"orphan-{uuid.uuid4().hex}"
    code = f"""
    import sys, time
    from pathlib import Path
    from nbformat.v4 import new_code_cell
    from autograder.kernels.kernel import Kernel
    with Kernel(Path({str(machine.submission)!r}), {{"MARK": {mark!r}}}) as kernel:
        kernel.run_cell(new_code_cell("import os\\nif os.fork() == 0: os.setsid()"), 20)
        print("ready", flush=True)
        time.sleep(600)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    env = {**os.environ, "TMPDIR": str(tmp_path)}  # a killed grader leaves its folders
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env) as grader:
        assert grader.stdout is not None
        assert grader.stdout.readline() == "ready\n"
        assert marked_pids(mark)
        grader.send_signal(signal.SIGKILL)
        grader.wait()
    assert wait_until_gone(mark) == []
