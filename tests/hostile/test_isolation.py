"""Code in a student's kernel goes for the rest of the machine, and gets nowhere.

Every attack is real: the secrets, servers and processes that it looks for are there.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from autograder.kernels.kernel import CellOutcome, Kernel, KernelStartError
from autograder.sandbox import environment, landlock, launch
from autograder.sandbox.forkserver_client import ForkServer
from autograder.sandbox.launch import Protection
from tests.hostile.machine import CALLS, ROOT, SECRET, Machine, tell

MISSING = launch.missing_features()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("isolation"),
    pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING)),
]


def test_secrets_are_not_there(machine: Machine, neighbour: Kernel) -> None:
    places = [
        *(machine.folder, machine.folder / "gradebook.db", machine.key, machine.key.parent),
        *(machine.folder / "source/01/01.ipynb", ROOT / "source", ROOT / "autograder"),
        *(ROOT / ".git", ROOT / "tests", ROOT / "pyproject.toml", "/etc/shadow", "/etc/ssh"),
        *(launch.__file__, "/sys/fs/cgroup", "/proc/1/root/etc/hostname", "/var/log", "/boot"),
    ]
    code = """
    found = {place: attempt(lambda: os.stat(place)) for place in places}
    """
    found = tell(neighbour, code, places=[str(place) for place in places])
    assert set(found.values()) <= {"FileNotFoundError", "PermissionError"}


def test_variables_of_the_grader_are_not_there(neighbour: Kernel) -> None:
    code = """
    seen = [dict(os.environ)]
    for place in Path('/proc').glob('[0-9]*/environ'):
        seen.append(attempt(lambda: place.read_text()))
    found = seen
    """
    text = json.dumps(tell(neighbour, code))
    assert "MARK" in text
    assert SECRET not in text
    for word in ("COURSE_SECRET", "TOKEN", "AWS", "PYTEST", str(ROOT / "source")):
        assert word not in text


def test_links_out_of_the_folder_lead_nowhere(machine: Machine, neighbour: Kernel) -> None:
    code = """
    found = [attempt(lambda: open(name).read()) for name in ('link', 'up/gradebook.db')]
    found += [sorted(os.listdir('.')), open('data.csv').read()]
    os.symlink(target, 'mine')
    found += [attempt(lambda: open('mine').read())]
    """
    target = str(machine.folder / "gradebook.db")
    found = tell(neighbour, code, target=target)
    assert found == [
        *("FileNotFoundError", "FileNotFoundError"),
        ["data.csv", "link", "up"],
        *("1,2\n", "FileNotFoundError"),
    ]


def test_nothing_can_be_written_but_the_copy(machine: Machine, neighbour: Kernel) -> None:
    code = """
    found = [attempt(lambda: Path(place, 'planted').write_text('x')) for place in places]
    import course
    found += [attempt(lambda: open(course.__file__, 'a'))]
    found += [attempt(lambda: open(json.__file__, 'a'))]
    Path('data.csv').write_text('changed')
    Path('new.txt').write_text('new')
    """
    places = ["/", "/etc", "/usr", "/usr/lib", "/dev", "/run", "/run/kernel", "/srv", "/proc"]
    places += [sys.prefix, str(ROOT), str(machine.folder), "/proc/sys/kernel"]
    found = tell(neighbour, code, places=places)
    assert set(found) <= {"OSError", "PermissionError", "FileNotFoundError"}
    assert (machine.work / "data.csv").read_text() == "1,2\n"
    assert not (machine.work / "new.txt").exists()
    assert (machine.folder / "gradebook.db").read_text() == SECRET


def test_other_processes_are_not_there(neighbour: Kernel) -> None:
    code = """
    pids = sorted(int(name) for name in os.listdir('/proc') if name.isdigit())
    lines = [Path(f'/proc/{pid}/cmdline').read_text() for pid in pids]
    found = [os.getuid(), len(pids), ' '.join(lines)]
    found += [attempt(lambda: os.kill(grader, signal.SIGKILL)) if grader not in pids else 'none']
    """
    uid, count, lines, killed = tell(neighbour, code, grader=os.getpid())
    assert uid != 0
    assert count == 2  # Bubblewrap's and its own
    assert "pytest" not in lines
    assert killed in {"ProcessLookupError", "none"}


def test_no_network_and_no_services(machine: Machine, neighbour: Kernel) -> None:
    code = """
    def reach(kind, address):
        with socket.socket(kind, socket.SOCK_STREAM) as opened:
            opened.settimeout(3)
            opened.connect(address)
            return 'reached'
    found = [
        attempt(lambda: reach(socket.AF_INET, ('127.0.0.1', port))),
        attempt(lambda: reach(socket.AF_INET, ('192.0.2.1', 80))),
        attempt(lambda: reach(socket.AF_INET6, ('::1', port))),
        attempt(lambda: reach(socket.AF_UNIX, local)),
        attempt(lambda: reach(socket.AF_UNIX, abstract)),
        attempt(lambda: socket.getaddrinfo('pypi.org', 443)),
        attempt(lambda: socket.socket(40, socket.SOCK_STREAM)),  # AF_VSOCK
        attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
        attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW)),
        [line.split(':')[0].strip() for line in open('/proc/net/dev').readlines()[2:]],
    ]
    """
    given = {"port": machine.server.getsockname()[1], "local": f"{machine.folder}/service"}
    found = tell(neighbour, code, abstract=f"\0{SECRET}", **given)
    assert set(found[:6]) <= {
        *("ConnectionRefusedError", "OSError", "FileNotFoundError", "gaierror", "TimeoutError"),
    }
    assert set(found[6:9]) <= {"PermissionError", "OSError"}
    assert found[9] == ["lo"]
    for listening in (machine.server, machine.local, machine.abstract):
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_rights_can_not_be_had(neighbour: Kernel) -> None:
    code = """
    found = {name: refused(name, *arguments) for name, arguments in {
        'ptrace': (16, 1, 0, 0), 'unshare': (0x10000000,), 'setns': (0, 0),
        'mount': (b'none', b'/home/student', b'tmpfs', 0, 0), 'keyctl': (0, 0),
        'bpf': (0, 0, 0), 'perf_event_open': (0, 0, 0, 0, 0), 'chroot': (b'/tmp',),
        'process_vm_readv': (1, 0, 0, 0, 0, 0), 'io_uring_setup': (1, 0),
        'userfaultfd': (0,), 'init_module': (0, 0, 0),
        'mknodat': (-100, b'disk', 0o60666, 0x800), 'setuid': (0,),
        'memfd_create': (b'x', 0), 'shmget': (4711, 4096, 0o1666), 'shmat': (0, 0, 0),
    }.items()}
    for program in ('su -c id', 'mount -t tmpfs none /mnt', 'unshare -Ur id'):
        done = subprocess.run(program, shell=True, capture_output=True, stdin=subprocess.DEVNULL)
        found[program] = done.returncode != 0 and b'uid=0' not in done.stdout
    """
    found = tell(neighbour, code)
    assert all(found.values()), found
    assert {found[name] for name in CALLS} <= {"EPERM", "EINVAL", "EACCES"}


def test_devices_and_the_terminal_are_not_there(neighbour: Kernel) -> None:
    code = """
    found = [sorted(os.listdir('/dev')), attempt(lambda: open('/dev/tty')), attempt(input)]
    found += [sys.stdin.read() if not sys.stdin.closed else '', os.read(0, 10).decode()]
    links = [attempt(lambda: os.readlink(place)) for place in Path('/proc/self/fd').iterdir()]
    found += [sorted({link.split(':')[0].split('[')[0] for link in links})]
    """
    devices, tty, asked, read, low, files = tell(neighbour, code)
    assert devices == ["fd", "full", "null", "random", "shm", "urandom", "zero"]
    assert (tty, asked, read, low) == ("FileNotFoundError", "StdinNotImplementedError", "", "")
    assert set(files) <= {"/dev/null", "socket", "anon_inode", "pipe", "FileNotFoundError"}


def test_the_sockets_of_other_kernels_are_not_there(neighbour: Kernel, guest: Kernel) -> None:
    manager = guest._manager
    assert manager is not None
    code = """
    found = [attempt(lambda: os.listdir(folder)), sorted(os.listdir('/tmp'))]
    found += [[line.split()[-1] for line in open('/proc/net/unix').readlines()[1:]]]
    """
    found = tell(neighbour, code, folder=str(Path(manager.connection_file).parent))
    assert found[0] == "FileNotFoundError"
    assert manager.ip not in json.dumps(found)


def test_the_course_works_inside(machine: Machine) -> None:
    code = """
    import json
    from course import data
    import matplotlib.pyplot as plt
    found = [data.digits().x_train.shape[1], data.faces().image_shape, len(data.news().labels)]
    """
    cell = new_code_cell(f"{textwrap.dedent(code)}\nplt.plot([1, 2])\nprint(found[0])")
    with Kernel(machine.work) as session:  # real digits need more memory than the others get
        assert session.run(cell, 60) == CellOutcome("ran")
    assert [output.get("name", output["output_type"]) for output in cell["outputs"]] == [
        *("stdout", "display_data"),
    ]
    assert cell["outputs"][0]["text"] == "784\n"


@pytest.fixture(params=["cold", "forked"])
def fork_server(request: pytest.FixtureRequest) -> Iterator[ForkServer | None]:
    if request.param == "cold":
        yield None
        return
    with contextlib.closing(ForkServer.start((), {})) as started:
        yield started


def course_at(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the grader find the course in a folder of which Python knows nothing."""
    (folder / "course").mkdir()
    (folder / "course" / "__init__.py").write_text(text)
    (folder / "answers.py").write_text(SECRET)
    monkeypatch.setattr(environment, "course_folder", lambda: folder / "course")


@pytest.mark.parametrize("protection", [Protection.SANDBOX, Protection.FENCE])
def test_the_course_is_found_wherever_the_grader_finds_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fork_server: ForkServer | None,
    protection: Protection,
) -> None:
    if protection is Protection.FENCE and (landlock.what_is_missing() or fork_server):
        pytest.skip("Landlock is missing, or kernels are started cold behind it")
    course_at(tmp_path, "WHERE = 'here'", monkeypatch)
    (work := tmp_path / "work").mkdir()
    with Kernel(work, fork_server=fork_server, protection=protection) as session:
        code = """
        import json, subprocess, sys
        import course
        place = course.__path__[0]
        found = [course.WHERE]
        for path in sys.path:
            try: found += [path + "/answers.py"] if open(path + "/answers.py").read() else []
            except OSError: pass
        child = [sys.executable, "-c", "import course; print(course.WHERE)"]
        found += [subprocess.run(child, capture_output=True).stdout.decode()]
        """
        assert tell(session, code) == ["here", "here\n"]


def test_a_file_named_like_the_course_does_not_take_its_place(
    tmp_path: Path, fork_server: ForkServer | None
) -> None:
    (tmp_path / "course").mkdir()
    for name in ("course.py", "course/__init__.py"):
        (tmp_path / name).write_text("raise RuntimeError('the student is here')")
    with Kernel(tmp_path, fork_server=fork_server) as session:
        code = """
        import json
        from course.metrics import mean_squared_error
        found = mean_squared_error.__module__
        """
        assert tell(session, code).startswith("course.metrics")


def test_a_course_that_can_not_be_imported_is_nobodys_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fork_server: ForkServer | None
) -> None:
    course_at(tmp_path, "import no_such_module", monkeypatch)
    (work := tmp_path / "work").mkdir()
    fault = "course can't be imported in it .*no_such_module.*pip install"
    with pytest.raises(KernelStartError, match=fault):  # noqa: SIM117  (what fails)
        with Kernel(work, fork_server=fork_server):
            pass
