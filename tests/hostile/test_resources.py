"""Code in a student's kernel takes all that it can get, and its neighbours feel nothing.

Every kernel that is ruined here is looked for afterwards: no process of it may be left.
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

from autograder.kernels.client import MOST_OUTPUT
from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.sandbox import launch
from autograder.sandbox.memory_guard import MAX_GRADER_GROWTH
from tests.hostile.corpus import FOLDER
from tests.hostile.machine import ROOT, TIGHT, TOOLS, Machine, marked, run, tell, wait_for_none

MISSING = launch.missing_features()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("isolation"),
    pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING)),
]


def test_limits_can_not_be_raised(neighbour: Kernel) -> None:
    code = """
    import resource
    found = [attempt(lambda: resource.setrlimit(kind, (hard * 2, hard * 2))) for kind, hard in (
        (kind, resource.getrlimit(kind)[1]) for kind in (
            resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE,
            resource.RLIMIT_CPU, resource.RLIMIT_DATA))]
    """
    assert set(tell(neighbour, code)) == {"ValueError"}


def test_the_disk_can_not_be_filled(neighbour: Kernel) -> None:
    code = """
    def fill(name, size, number):
        made = []
        try:
            for i in range(number):
                path = Path.home() / f'{name}-{i}'
                made.append(path)
                with path.open('wb') as file:
                    file.write(bytes(size))
        finally:
            kept = sum(path.stat().st_size for path in made if path.exists())
            for path in made:
                path.unlink(missing_ok=True)
        return kept
    found = [attempt(lambda: fill('disk', 2**20, 64)), attempt(lambda: fill('inode', 0, 5000))]
    found += [attempt(lambda: fill('huge', 2**24, 1))]
    found += [attempt(lambda: fill('afterwards', 2**20, 8))]
    found += [[os.statvfs(place).f_blocks * os.statvfs(place).f_frsize
               for place in ('/tmp', '/dev/shm', '/home/student')
               if os.access(place, os.W_OK)]]
    """
    found = tell(neighbour, code)
    assert found[:4] == ["OSError", "OSError", "OSError", 8 * 2**20]
    assert set(found[4]) == {TIGHT.disk}


def test_a_message_without_end_does_not_fill_the_grader(guest: Kernel) -> None:
    flood = (FOLDER / "endless-message.txt").read_text(encoding="utf-8").split("--- double\n")[1]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    outcome = guest.run(new_code_cell(f"{flood}\ndouble(1)"), seconds=40)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    assert outcome == CellOutcome("died", message="It sent more than can be taken in.")
    assert MAX_GRADER_GROWTH / 2 < grown < 3 * MAX_GRADER_GROWTH


# Each of them sends 45 MB that would take more than a gigabyte once they were read.
HEAP = """
from itertools import chain
kernel = get_ipython().kernel
HEAP = b'{"prompt": "", "name": "stdout", "text": [' + b'[],' * 15_000_000 + b'[]]}'
"""
HEAPS = {
    "an output": """
kernel.session.send(kernel.iopub_socket, "stream", HEAP, parent=kernel.get_parent())
""",
    "an output's metadata": """
kernel.session.send(kernel.iopub_socket, "stream", {}, parent=kernel.get_parent(),
                    metadata={"x": [[]] * 15_000_000})
""",
    "an answer to the judge": """
kernel.session.send(kernel.stdin_socket, "input_request", HEAP, parent=kernel.get_parent(),
                    ident=kernel._parent_ident["shell"])
""",
    "a cell's reply": """
get_ipython().payload_manager.write_payload({"source": "x", "data": [[]] * 15_000_000})
""",
}
GROWTH = """
import resource, sys
from pathlib import Path
from nbformat.v4 import new_code_cell
from autograder.sandbox.limits import Limits
from autograder.kernels.kernel import Kernel
def most(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
with Kernel(Path(sys.argv[1]), limits=Limits()) as session:
    session.run(new_code_cell("1"), 20)
    before = most()
    outcome = session.converse(sys.argv[2], 30, lambda text: "")
    grown = most() - before
    session.restart()
    print(grown, outcome.status, session.run(new_code_cell("1"), 20).status)
"""


@pytest.mark.parametrize("name", HEAPS)
def test_a_heap_of_things_does_not_fill_the_grader(tmp_path: Path, name: str) -> None:
    command = [sys.executable, "-c", GROWTH, str(tmp_path), HEAP + HEAPS[name]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    grown, status, afterwards = done.stdout.split()
    assert int(grown) < 400, done
    assert status in {"ran", "raised", "died"}
    assert afterwards == "ran"


def test_what_is_long_and_honest_costs_nothing(guest: Kernel) -> None:
    """A figure of five megabytes is not kept; the cell that made it ran."""
    long = new_code_cell(
        "from IPython.display import HTML, display\ndisplay(HTML('x' * 5_000_000))"
    )
    assert guest.run(long, seconds=40) == CellOutcome("ran")
    assert "More was printed than is kept" in long["outputs"][0]["text"]
    assert guest.run(new_code_cell("raise ValueError('x' * 5_000_000)"), 40).status == "raised"
    assert guest.run(new_code_cell("1"), seconds=40) == CellOutcome("ran")


def test_signals_end_only_the_kernel_that_sends_them(guest: Kernel) -> None:
    for attack in (
        "os.kill(-1, signal.SIGKILL)",
        "[attempt(lambda: os.kill(os.getppid(), number)) for number in (9, 15, 2, 1)]\nos._exit(0)",
    ):
        assert run(guest, attack, 30).status in {"died", "raised"}
        guest.restart()
        assert run(guest, TOOLS).status == "ran"
    code = """
    parent = os.getppid()
    found = [attempt(lambda: os.kill(parent, 9)), attempt(lambda: os.killpg(1, 9)), parent]
    time.sleep(0.2)
    """
    assert tell(guest, code)[2] == 1


def test_a_process_left_behind_ends_with_its_kernel(guest: Kernel) -> None:
    mark = guest.environment["MARK"]
    code = """
    def leave():
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
                while True:
                    time.sleep(1)
            os._exit(0)
        os.wait()
    leave()
    subprocess.Popen(['sh', '-c', 'trap "" TERM HUP; sleep 600 & wait'], start_new_session=True)
    found = 'left'
    """
    tell(guest, code)
    assert len(marked(mark)) >= 4
    guest.restart()
    assert run(
        guest, "assert len([n for n in __import__('os').listdir('/proc') if n.isdigit()]) < 4"
    )
    old = [pid for pid in marked(mark) if b"sleep" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert old == []


def test_a_fork_bomb_is_held(guest: Kernel) -> None:
    mark = guest.environment["MARK"]
    cell = new_code_cell("while True:\n    attempt(os.fork)")
    assert guest.run(cell, seconds=3).status in {"too long", "died"}
    assert len(marked(mark)) <= TIGHT.processes + 4
    guest.restart()
    assert run(guest, "1 + 1").status == "ran"


def test_a_memory_bomb_is_held(guest: Kernel) -> None:
    code = """
    held = "b = bytearray(b'x') * 120_000_000; import time; time.sleep(3); print('held')"
    bombs = [subprocess.Popen([sys.executable, '-S', '-c', held], stdout=-1) for _ in range(8)]
    found = sum(bomb.communicate()[0] == b'held\\n' for bomb in bombs)
    print(json.dumps(found))
    """
    cell = new_code_cell(textwrap.dedent(code))
    outcome = guest.run(cell, seconds=60)
    assert outcome.status in {"ran", "died"}
    if outcome.status == "ran":
        assert int("".join(output["text"] for output in cell["outputs"])) < 5
    assert guest._manager is not None
    assert guest._manager.launch is not None
    group = guest._manager.launch.group
    if group is not None:
        peaks = [
            int(path.read_text())
            for folder in group.folders
            for name in ("memory.max_usage_in_bytes", "memory.peak")
            if (path := folder / name).exists()
        ]
        assert peaks
        assert max(peaks) <= TIGHT.memory
        assert group.out_of_memory()


def test_one_process_asking_for_too_much_gets_an_error(guest: Kernel) -> None:
    assert run(guest, "b = bytearray(4 * 2**30)").error == "MemoryError"
    assert run(guest, "assert 'b' not in globals()") == CellOutcome("ran")


def test_output_without_end_is_held(guest: Kernel) -> None:
    code = "while True: print('x' * 10_000)"
    cell = new_code_cell(code)
    assert guest.run(cell, seconds=3).status in {"too long", "died", "raised"}
    assert sum(len(output["text"]) for output in cell["outputs"]) < 3 * MOST_OUTPUT
    guest.restart()
    cell = new_code_cell("print('x' * 100_000_000)")  # more than one message may hold
    guest.run(cell, seconds=4)
    assert sum(len(output["text"]) for output in cell["outputs"]) < 3 * MOST_OUTPUT
    guest.restart()
    assert run(guest, "1 + 1").status == "ran"


NO_MESSAGES = {
    "send([b'x'])": 8,
    "send([b'stream', b'<IDS|MSG>', b'', b'{', b'{', b'{', b'{'])": 8,
    "send(signed([b'[' * 100_000, b'{}', b'{}', b'{}']))": 8,
    "send(signed([b'{}', b'{}', b'{}', b'7']))": 8,
    "send(signed([b'\\xff', b'{}', b'{}', b'{}']))": 8,
    "while True: kernel.send_response(kernel.iopub_socket, 'stream', {'text': 'x'})": 2,
    "while True: kernel.session.send(kernel.shell_stream, 'x', {}, ident=ident)": 2,
}


def test_messages_that_are_none_do_not_stop_the_grader(guest: Kernel) -> None:
    code = """
    kernel = get_ipython().kernel
    ident = kernel._parent_ident
    def signed(parts):
        return [b'stream', b'<IDS|MSG>', kernel.session.sign(parts), *parts]
    def send(parts):
        kernel.iopub_thread.schedule(lambda: kernel.iopub_thread.socket.send_multipart(parts))
    """
    for attack, seconds in NO_MESSAGES.items():
        whole = f"{textwrap.dedent(code)}\n{attack}\n__import__('time').sleep(0.5)"
        outcome = run(guest, whole, seconds)
        assert outcome.status in {"ran", "raised", "died", "too long"}
        guest.restart()
    assert run(guest, "1 + 1") == CellOutcome("ran")


def test_a_killed_grader_takes_its_kernels_along(
    machine: Machine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tmp_path = tmp_path_factory.mktemp("t")  # a socket's path has room for some hundred letters
    mark = f"orphan-{uuid.uuid4().hex}"
    code = f"""
    import sys, time
    from pathlib import Path
    from nbformat.v4 import new_code_cell
    from autograder.kernels.kernel import Kernel
    with Kernel(Path({str(machine.work)!r}), {{"MARK": {mark!r}}}) as session:
        session.run(new_code_cell("import os\\nif os.fork() == 0: os.setsid()"), 20)
        print("ready", flush=True)
        time.sleep(600)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    variables = {**os.environ, "TMPDIR": str(tmp_path)}  # it has no time to tidy up
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=variables
    ) as grader:
        assert grader.stdout is not None
        assert grader.stdout.readline() == "ready\n"
        assert marked(mark)
        grader.send_signal(signal.SIGKILL)
        grader.wait()
    assert wait_for_none(mark) == []
