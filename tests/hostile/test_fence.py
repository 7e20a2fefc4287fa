"""Where no sandbox can be made, Landlock keeps students' code in its place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import doctor
from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.sandbox import landlock
from autograder.sandbox.launch import Protection
from tests.hostile.machine import TIGHT, TOOLS, marked, number, run, tell, wait_for_none

MISSING = landlock.what_is_missing()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("fence"),
    pytest.mark.skipif(bool(MISSING), reason=MISSING),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("submission")
    (folder / "data.csv").write_text("1,2")
    (folder / "notes.ipynb").write_text("{}")
    return folder


@pytest.fixture
def fenced(place: Path) -> Iterator[Kernel]:
    with Kernel(place, limits=TIGHT, protection=Protection.FENCE) as session:
        assert run(session, TOOLS).status == "ran"
        yield session


def test_the_doctor_finds_all_that_is_essential() -> None:
    findings = {finding.measure: finding for finding in doctor.examine(Protection.FENCE)}
    assert doctor.safe(list(findings.values()))
    assert findings["no network, not even to this machine"].in_force
    assert findings["no sight of solutions and gradebook"].in_force
    counted = findings["a cap on the disk"]
    assert counted.in_force or "Bubblewrap" in counted.advice


def test_a_lesson_has_what_it_needs(fenced: Kernel) -> None:
    code = """
    import shutil, numpy, course.data
    from matplotlib import pyplot
    figure, axes = pyplot.subplots()
    figure.savefig("figure.png")
    pyplot.close(figure)
    shutil.copy("data.csv", "copy.csv")
    found = [open("copy.csv").read(), course.data.faces().image_shape, sorted(os.listdir("."))]
    found += [subprocess.run(["sh", "-c", "echo said"], capture_output=True).stdout.decode()]
    """
    files = ["copy.csv", "data.csv", "figure.png"]
    assert tell(fenced, code) == ["1,2", [28, 28], files, "said\n"]


def test_no_kind_of_socket_leads_anywhere(fenced: Kernel, tmp_path: Path) -> None:
    with socket_at(tmp_path / "service"):
        code = f"""
        def reach(family, kind, protocol, address):
            with socket.socket(family, kind, protocol) as opened:
                opened.settimeout(3)
                opened.connect(address)
            return "reached"
        here = ("127.0.0.1", 9)
        unix = {str(tmp_path / "service")!r}
        found = [attempt(lambda: reach(*about)) for about in (
            (socket.AF_INET, socket.SOCK_STREAM, 0, here),
            (socket.AF_INET, socket.SOCK_DGRAM, 0, here),
            (socket.AF_INET, socket.SOCK_STREAM, 262, here),  # multipath TCP
            (socket.AF_INET, socket.SOCK_RAW, 1, here),
            (socket.AF_INET6, socket.SOCK_DGRAM, 0, ("::1", 9)),
            (socket.AF_UNIX, socket.SOCK_STREAM, 0, unix))]
        def listen():
            with socket.socket() as opened:
                opened.listen()
        def fast():
            with socket.socket() as opened:
                opened.sendto(b"x", 0x20000000, here)
        found += [attempt(listen), attempt(fast)]
        """
        assert tell(fenced, code) == ["PermissionError"] * 8


def socket_at(path: Path) -> subprocess.Popen[bytes]:
    code = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()"
    command = [sys.executable, "-S", "-c", f"{code}; print(1, flush=True); s.accept()", str(path)]
    process = Service(command, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    return process


class Service(subprocess.Popen[bytes]):
    """Ended when nobody needs it any more."""

    def __exit__(self, *about: object) -> None:
        self.kill()
        self.communicate()


def test_others_files_stay_as_they_are(fenced: Kernel, tmp_path: Path) -> None:
    mine = tmp_path / "gradebook.db"
    mine.write_text("grades")
    mine.chmod(0o600)
    before = mine.stat()
    code = f"""
    path = {str(mine)!r}
    found = [attempt(lambda: action()) for action in (
        lambda: open(path).read(), lambda: open(path, "a"), lambda: os.truncate(path, 0),
        lambda: os.unlink(path), lambda: os.rename(path, "mine"), lambda: os.link(path, "mine"),
        lambda: os.setxattr(path, "user.x", b"1"), lambda: os.chown(path, 1, 1),
        lambda: os.listdir(os.path.dirname(path)))]
    os.chmod(path, 0o777), os.utime(path, (1, 1))
    os.symlink(path, "link")
    found += [attempt(lambda: open("link").read())]
    """
    found = tell(fenced, code)
    assert set(found) <= {"PermissionError", "OSError"}, found
    after = mine.stat()
    assert (after.st_mode, after.st_mtime, after.st_size) == (before.st_mode, before.st_mtime, 6)


def test_the_grader_can_not_be_signalled_or_squeezed(fenced: Kernel) -> None:
    code = f"""
    import resource
    pid = {os.getpid()}
    found = [attempt(lambda: os.kill(pid, 0)), attempt(lambda: os.kill(os.getppid(), 0)),
             attempt(lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (9, 9))),
             attempt(lambda: os.sched_setaffinity(pid, [0])), attempt(lambda: os.listdir("/proc")),
             attempt(lambda: open(f"/proc/{{pid}}/environ").read())]
    """
    assert set(tell(fenced, code)) == {"PermissionError"}


def test_nothing_is_kept_that_outlives_a_process(fenced: Kernel) -> None:
    names = ("shmget", "shmat", "semget", "msgget", "mq_open", "memfd_create")
    code = """
    found = [refused(name, *arguments) for name, arguments in {
        'shmget': (4711, 4096, 0o1666), 'shmat': (0, 0, 0), 'semget': (4711, 1, 0o1666),
        'msgget': (4711, 0o1666), 'mq_open': (b'x', 0o102, 0o600, 0), 'memfd_create': (b'x', 0),
    }.items()]
    """
    assert tell(fenced, code, NUMBERS={name: number(name) for name in names}) == ["EPERM"] * 6


def test_too_many_files_end_the_kernel(fenced: Kernel) -> None:
    code = "for i in range(64):\n    Path(f'f{i}').write_bytes(bytes(2**20))\ntime.sleep(30)"
    assert run(fenced, code) == CellOutcome("died", message="It kept more files than it may.")


def test_nothing_outlives_the_kernel(place: Path) -> None:
    mark = f"fenced-{uuid.uuid4().hex}"
    with Kernel(place, {"MARK": mark}, TIGHT, protection=Protection.FENCE) as session:
        leave = "import subprocess, sys\nfor _ in range(5):\n    subprocess.Popen("
        leave += "[sys.executable, '-S', '-c', 'import time; time.sleep(600)'],"
        leave += " start_new_session=True)"
        assert run(session, leave) == CellOutcome("ran")
        assert len(marked(mark)) >= 6
    assert wait_for_none(mark) == []


def test_nothing_outlives_the_grader(place: Path) -> None:
    mark = f"fenced-{uuid.uuid4().hex}"
    code = f"""
    from pathlib import Path
    from autograder.sandbox.launch import Protection
    from autograder.kernels.kernel import Kernel
    with Kernel(Path({str(place)!r}), {{"MARK": {mark!r}}}, protection=Protection.FENCE):
        print("started", flush=True)
        input()
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    root = Path(landlock.__file__).resolve().parents[2]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as grader:
        assert grader.stdout
        assert grader.stdout.readline() == b"started\n"
        assert marked(mark)
        grader.send_signal(signal.SIGKILL)
    assert wait_for_none(mark) == []
