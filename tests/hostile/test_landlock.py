"""Where no sandbox can be made, Landlock isolates students' code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograder import doctor
from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.sandbox import landlock, memory_guard
from autograder.sandbox.protection import Protection
from tests.hostile.machine import (
    ATTACK_HELPERS,
    MULTIPROCESSING,
    MULTIPROCESSING_RESULT,
    ROOT,
    TIGHT_LIMITS,
    marked_pids,
    run,
    run_json,
    syscall_number,
    wait_until_gone,
)

UNAVAILABLE = landlock.unavailable_reason()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("landlock"),
    pytest.mark.skipif(bool(UNAVAILABLE), reason=UNAVAILABLE),
]


@pytest.fixture(scope="module")
def submission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("submission")
    (folder / "data.csv").write_text("1,2")
    (folder / "notes.ipynb").write_text("{}")
    return folder


@pytest.fixture
def kernel(submission: Path) -> Iterator[Kernel]:
    with Kernel(submission, limits=TIGHT_LIMITS, protection=Protection.LANDLOCK) as kernel:
        assert run(kernel, ATTACK_HELPERS).status == "ran"
        yield kernel


def test_doctor_finds_all_essential_protections() -> None:
    findings = {finding.check: finding for finding in doctor.run_checks(Protection.LANDLOCK)}
    assert doctor.is_safe(list(findings.values()))
    assert findings["no network, not even localhost"].enforced
    assert findings["no access to solutions and gradebook"].enforced
    polled = findings["a limit on disk space"]
    assert polled.enforced or "Bubblewrap" in polled.fix


def test_doctor_takes_a_kernel_ended_for_its_files_as_a_limit_enforced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory_guard, "CHECK_INTERVAL_S", 0.001)  # so that the guard is never late
    findings = {finding.check: finding for finding in doctor.run_checks(Protection.LANDLOCK)}
    assert doctor.is_safe(list(findings.values()))
    assert findings["a limit on disk space"].enforced
    assert findings["a limit on the number of files"].enforced


def test_lessons_run_under_landlock(kernel: Kernel) -> None:
    code = """
    import shutil, numpy, course.data
    from matplotlib import pyplot
    figure, axes = pyplot.subplots()
    figure.savefig("figure.png")
    pyplot.close(figure)
    shutil.copy("data.csv", "copy.csv")
    result = [open("copy.csv").read(), course.data.faces().image_shape, sorted(os.listdir("."))]
    result += [subprocess.run(["sh", "-c", "echo said"], capture_output=True).stdout.decode()]
    """
    files = ["copy.csv", "data.csv", "figure.png"]
    assert run_json(kernel, code) == ["1,2", [28, 28], files, "said\n"]


def test_multiprocessing_works(kernel: Kernel) -> None:
    assert run_json(kernel, MULTIPROCESSING, seconds=120) == MULTIPROCESSING_RESULT


def test_git_works(kernel: Kernel) -> None:
    code = """
    commit = "git -c user.name=a -c user.email=a commit -qm x"
    commands = f"git init -q . && touch f && git add f && {commit} && git log --format=%s"
    git = subprocess.run(commands, shell=True, capture_output=True)
    result = [git.stdout.decode(), git.stderr.decode()]
    """
    assert run_json(kernel, code) == ["x\n", ""]


@contextmanager
def unix_server(path: Path) -> Iterator[None]:
    code = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()"
    command = [sys.executable, "-S", "-c", f"{code}; print(1, flush=True); s.accept()", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline()
        yield
        process.kill()


def test_no_kind_of_socket_connects(kernel: Kernel, tmp_path: Path) -> None:
    code = """
    def connect(family, kind, protocol, address):
        with socket.socket(family, kind, protocol) as client:
            client.settimeout(3)
            client.connect(address)
        return "connected"
    localhost = ("127.0.0.1", 9)
    result = [attempt(lambda: connect(*arguments)) for arguments in (
        (socket.AF_INET, socket.SOCK_STREAM, 0, localhost),
        (socket.AF_INET, socket.SOCK_DGRAM, 0, localhost),
        (socket.AF_INET, socket.SOCK_STREAM, 262, localhost),  # multipath TCP
        (socket.AF_INET, socket.SOCK_RAW, 1, localhost),
        (socket.AF_INET6, socket.SOCK_DGRAM, 0, ("::1", 9)),
        (socket.AF_UNIX, socket.SOCK_STREAM, 0, unix_address))]
    def listen():
        with socket.socket() as server:
            server.listen()
    def fast_open():
        with socket.socket() as client:
            client.sendto(b"x", 0x20000000, localhost)
    result += [attempt(listen), attempt(fast_open)]
    """
    with unix_server(tmp_path / "service"):
        errors = run_json(kernel, code, unix_address=str(tmp_path / "service"))
    assert errors == ["PermissionError"] * 8


def test_other_files_stay_unchanged(kernel: Kernel, tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    path.write_text("grades")
    path.chmod(0o600)
    before = path.stat()
    code = """
    result = [attempt(lambda: action()) for action in (
        lambda: open(path).read(), lambda: open(path, "a"), lambda: os.truncate(path, 0),
        lambda: os.unlink(path), lambda: os.rename(path, "mine"), lambda: os.link(path, "mine"),
        lambda: os.setxattr(path, "user.x", b"1"), lambda: os.chown(path, 1, 1),
        lambda: os.listdir(os.path.dirname(path)))]
    os.chmod(path, 0o777), os.utime(path, (1, 1))
    os.symlink(path, "link")
    result += [attempt(lambda: open("link").read())]
    """
    errors = run_json(kernel, code, path=str(path))
    assert set(errors) <= {"PermissionError", "OSError"}, errors
    after = path.stat()
    assert (after.st_mode, after.st_mtime, after.st_size) == (before.st_mode, before.st_mtime, 6)


def test_grader_cannot_be_signaled_or_limited(kernel: Kernel) -> None:
    code = """
    import resource
    result = [
        attempt(lambda: os.kill(pid, 0)), attempt(lambda: os.kill(os.getppid(), 0)),
        attempt(lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (9, 9))),
        attempt(lambda: os.sched_setaffinity(pid, [0])), attempt(lambda: os.listdir("/proc")),
        attempt(lambda: open(f"/proc/{pid}/environ").read())]
    """
    assert set(run_json(kernel, code, pid=os.getpid())) == {"PermissionError"}


def test_ipc_objects_that_outlive_processes_are_refused(kernel: Kernel) -> None:
    names = ("shmget", "shmat", "semget", "msgget", "mq_open", "memfd_create")
    code = """
    result = [syscall_error(name, *arguments) for name, arguments in {
        'shmget': (4711, 4096, 0o1666), 'shmat': (0, 0, 0), 'semget': (4711, 1, 0o1666),
        'msgget': (4711, 0o1666), 'mq_open': (b'x', 0o102, 0o600, 0), 'memfd_create': (b'x', 0),
    }.items()]
    """
    numbers = {name: syscall_number(name) for name in names}
    assert run_json(kernel, code, SYSCALL_NUMBERS=numbers) == ["ENOSYS"] * 6


def test_too_many_files_end_the_kernel(kernel: Kernel) -> None:
    code = "for i in range(64):\n    Path(f'f{i}').write_bytes(bytes(2**20))\ntime.sleep(30)"
    message = "It wrote more files than the limits allow."
    assert run(kernel, code) == CellOutcome("died", message=message)


def test_nothing_outlives_the_kernel(submission: Path) -> None:
    mark = f"landlock-{uuid.uuid4().hex}"
    with Kernel(submission, {"MARK": mark}, TIGHT_LIMITS, protection=Protection.LANDLOCK) as kernel:
        code = """
        import subprocess, sys
        sleep = [sys.executable, '-S', '-c', 'import time; time.sleep(600)']
        for _ in range(5):
            subprocess.Popen(sleep, start_new_session=True)
        """
        assert run(kernel, code) == CellOutcome("ran")
        assert len(marked_pids(mark)) >= 6
    assert wait_until_gone(mark) == []


def test_nothing_outlives_the_grader(submission: Path) -> None:
    mark = f"landlock-{uuid.uuid4().hex}"
    code = f"""
    from pathlib import Path
    from autograder.sandbox.protection import Protection
    from autograder.kernels.kernel import Kernel
    with Kernel(Path({str(submission)!r}), {{"MARK": {mark!r}}}, protection=Protection.LANDLOCK):
        print("started", flush=True)
        input()
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as grader:
        assert grader.stdout
        assert grader.stdout.readline() == b"started\n"
        assert marked_pids(mark)
        grader.send_signal(signal.SIGKILL)
    assert wait_until_gone(mark) == []
