"""Code in a student's kernel goes for the rest of the machine, and gets nowhere.

Every attack is real: the secrets, servers and processes that it looks for are there.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from nbformat.v4 import new_code_cell

from autograder.kernels import isolation, session as sessions
from autograder.kernels.limits import MB, Limits
from autograder.kernels.session import Outcome, Session

MISSING = isolation.what_is_missing()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("isolation"),
    pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING)),
]
ROOT = Path(isolation.__file__).resolve().parents[2]
TIGHT = Limits(
    memory=512 * MB, processes=100, disk=16 * MB, files=400, file_size=8 * MB, open_files=256
)
TOOLS = """
import ctypes, errno, json, os, signal, socket, subprocess, sys, time
from pathlib import Path
libc = ctypes.CDLL(None, use_errno=True)
def attempt(action):
    try:
        return action()
    except BaseException as error:
        return type(error).__name__
def refused(name, *arguments):
    return libc.syscall(NUMBERS[name], *arguments) == -1 and errno.errorcode[ctypes.get_errno()]
"""
SECRET = f"secret-{uuid.uuid4().hex}"


def run(session: Session, code: str, seconds: float = 30) -> Outcome:
    return session.run(new_code_cell(textwrap.dedent(code)), seconds)


def tell(session: Session, code: str, seconds: float = 30, **given: Any) -> Any:
    """Run code with some names given; return what it put into ``found``."""
    lines = [f"{name} = {value!r}" for name, value in given.items()]
    text = "\n".join([*lines, textwrap.dedent(code), "print(json.dumps(found))"])
    cell = new_code_cell(text)
    outcome = session.run(cell, seconds)
    assert outcome.status == "ran", outcome
    return json.loads("".join(output["text"] for output in cell["outputs"]).splitlines()[-1])


def marked(mark: str) -> list[int]:
    """The processes on this machine that carry a mark in their environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in place.read_bytes():
                found.append(int(place.parent.name))
        except OSError:
            continue
    return found


def wait_for_none(mark: str) -> list[int]:
    for _ in range(50):
        if not marked(mark):
            break
        time.sleep(0.1)
    return marked(mark)


@dataclass
class Machine:
    """What the attacks go for."""

    folder: Path  # holds source/, gradebook.db and a student's folder
    key: Path  # in the grader's home
    server: socket.socket
    local: socket.socket
    abstract: socket.socket

    @property
    def work(self) -> Path:
        return self.folder / "autograded" / "ada" / "01"


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with (
        TemporaryDirectory(prefix="course-") as name,
        TemporaryDirectory(prefix=".keys-", dir=Path.home()) as home,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as local,
        socket.socket(socket.AF_UNIX) as abstract,
        pytest.MonkeyPatch.context() as patch,
    ):
        folder = Path(name)
        made = Machine(folder, Path(home, "id_ed25519"), server, local, abstract)
        (folder / "source" / "01").mkdir(parents=True)
        (folder / "source" / "01" / "01.ipynb").write_text(SECRET)
        (folder / "gradebook.db").write_text(SECRET)
        made.work.mkdir(parents=True)
        (made.work / "01.ipynb").write_text(SECRET)
        (made.work / "data.csv").write_text("1,2\n")
        (made.work / "link").symlink_to(folder / "gradebook.db")
        (made.work / "up").symlink_to("../../..")
        made.key.write_text(SECRET)
        local.bind(f"{folder}/service")
        abstract.bind(f"\0{SECRET}")
        for listening in (local, abstract):
            listening.listen()
        for listening in (server, local, abstract):
            listening.setblocking(False)
        for variable in ("COURSE_SECRET", "JUPYTERHUB_API_TOKEN", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(variable, SECRET)
        yield made


@pytest.fixture(scope="module")
def neighbour(machine: Machine) -> Iterator[Session]:
    """A kernel that lives through all attacks; most are tried in it."""
    with Session(machine.work, {"MARK": "neighbour"}, TIGHT) as session:
        numbers = {name: number(name) for name in CALLS}
        assert run(session, f"{TOOLS}\nNUMBERS = {numbers!r}\nx = 41").status == "ran"
        yield session


@pytest.fixture
def guest(machine: Machine, neighbour: Session) -> Iterator[Session]:
    """A kernel to be ruined; afterwards nothing of it is left and its neighbour is well."""
    mark = f"guest-{uuid.uuid4().hex}"
    with Session(machine.work, {"MARK": mark}, TIGHT) as session:
        assert marked(mark)
        assert run(session, TOOLS).status == "ran"
        yield session
    assert wait_for_none(mark) == []
    assert run(neighbour, "assert x + 1 == 42") == Outcome("ran")


CALLS = ("ptrace", "unshare", "setns", "mount", "keyctl", "bpf", "perf_event_open", "chroot")
CALLS += ("process_vm_readv", "io_uring_setup", "userfaultfd", "init_module", "mknodat", "setuid")


def number(name: str) -> int:
    """The number of a system call on this machine."""
    from autograder.kernels import seccomp

    library = seccomp.library()
    assert library is not None
    return int(library.seccomp_syscall_resolve_name(name.encode()))


def test_secrets_are_not_there(machine: Machine, neighbour: Session) -> None:
    places = [
        *(machine.folder, machine.folder / "gradebook.db", machine.key, machine.key.parent),
        *(machine.folder / "source/01/01.ipynb", ROOT / "source", ROOT / "autograder"),
        *(ROOT / ".git", ROOT / "tests", ROOT / "pyproject.toml", "/etc/shadow", "/etc/ssh"),
        *(sessions.__file__, "/sys/fs/cgroup", "/proc/1/root/etc/hostname", "/var/log", "/boot"),
    ]
    code = """
    found = {place: attempt(lambda: os.stat(place)) for place in places}
    """
    found = tell(neighbour, code, places=[str(place) for place in places])
    assert set(found.values()) <= {"FileNotFoundError", "PermissionError"}


def test_variables_of_the_grader_are_not_there(neighbour: Session) -> None:
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


def test_links_out_of_the_folder_lead_nowhere(machine: Machine, neighbour: Session) -> None:
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


def test_nothing_can_be_written_but_the_copy(machine: Machine, neighbour: Session) -> None:
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


def test_other_processes_are_not_there(machine: Machine, neighbour: Session) -> None:
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


def test_no_network_and_no_services(machine: Machine, neighbour: Session) -> None:
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
    assert set(found[6:9]) == {"PermissionError"}
    assert found[9] == ["lo"]
    for listening in (machine.server, machine.local, machine.abstract):
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_rights_can_not_be_had(neighbour: Session) -> None:
    code = """
    found = {name: refused(name, *arguments) for name, arguments in {
        'ptrace': (16, 1, 0, 0), 'unshare': (0x10000000,), 'setns': (0, 0),
        'mount': (b'none', b'/home/student', b'tmpfs', 0, 0), 'keyctl': (0, 0),
        'bpf': (0, 0, 0), 'perf_event_open': (0, 0, 0, 0, 0), 'chroot': (b'/tmp',),
        'process_vm_readv': (1, 0, 0, 0, 0, 0), 'io_uring_setup': (1, 0),
        'userfaultfd': (0,), 'init_module': (0, 0, 0),
        'mknodat': (-100, b'disk', 0o60666, 0x800), 'setuid': (0,),
    }.items()}
    for program in ('su -c id', 'mount -t tmpfs none /mnt', 'unshare -Ur id'):
        done = subprocess.run(program, shell=True, capture_output=True, stdin=subprocess.DEVNULL)
        found[program] = done.returncode != 0 and b'uid=0' not in done.stdout
    """
    found = tell(neighbour, code)
    assert all(found.values()), found
    assert {found[name] for name in CALLS} <= {"EPERM", "EINVAL", "EACCES"}


def test_devices_and_the_terminal_are_not_there(neighbour: Session) -> None:
    code = """
    found = [sorted(os.listdir('/dev')), attempt(lambda: open('/dev/tty')), attempt(input)]
    found += [sys.stdin.read() if not sys.stdin.closed else '', os.read(0, 10).decode()]
    found += [sorted({os.readlink(f'/proc/self/fd/{n}').split(':')[0].split('[')[0]
                      for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')})]
    """
    devices, tty, asked, read, low, files = tell(neighbour, code)
    assert devices == ["fd", "full", "null", "random", "shm", "urandom", "zero"]
    assert (tty, asked, read, low) == ("FileNotFoundError", "StdinNotImplementedError", "", "")
    assert set(files) <= {"/dev/null", "socket", "anon_inode", "pipe"}, files


def test_limits_can_not_be_raised(neighbour: Session) -> None:
    code = """
    import resource
    found = [attempt(lambda: resource.setrlimit(kind, (hard * 2, hard * 2))) for kind, hard in (
        (kind, resource.getrlimit(kind)[1]) for kind in (
            resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE,
            resource.RLIMIT_CPU, resource.RLIMIT_DATA))]
    """
    assert set(tell(neighbour, code)) == {"ValueError"}


def test_the_disk_can_not_be_filled(neighbour: Session) -> None:
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
               for place in ('/tmp', '/dev/shm', '/home/student')]]
    """
    found = tell(neighbour, code)
    assert found == [*("OSError", "OSError", "OSError"), 8 * 2**20, [TIGHT.disk] * 3]


def test_the_sockets_of_other_kernels_are_not_there(neighbour: Session, guest: Session) -> None:
    manager = guest._manager
    assert manager is not None
    code = """
    found = [attempt(lambda: os.listdir(folder)), sorted(os.listdir('/tmp'))]
    found += [[line.split()[-1] for line in open('/proc/net/unix').readlines()[1:]]]
    """
    found = tell(neighbour, code, folder=str(Path(manager.connection_file).parent))
    assert found[0] == "FileNotFoundError"
    assert manager.ip not in json.dumps(found)


def test_signals_end_only_the_kernel_that_sends_them(guest: Session) -> None:
    for attack in (
        "os.kill(-1, signal.SIGKILL)",
        "[attempt(lambda: os.kill(os.getppid(), number)) for number in (9, 15, 2, 1)]\nos._exit(0)",
    ):
        assert run(guest, f"{attack}\ntime.sleep(20)", 30).status == "died"
        guest.restart()
        assert run(guest, TOOLS).status == "ran"
    code = """
    parent = os.getppid()
    found = [attempt(lambda: os.kill(parent, 9)), attempt(lambda: os.killpg(1, 9)), parent]
    time.sleep(0.2)
    """
    assert tell(guest, code)[2] == 1


def test_a_process_left_behind_ends_with_its_kernel(guest: Session) -> None:
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
    assert run(guest, "assert len([n for n in __import__('os').listdir('/proc') if n.isdigit()]) < 4")
    old = [pid for pid in marked(mark) if b"sleep" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert old == []


def test_a_fork_bomb_is_held(guest: Session) -> None:
    mark = guest.environment["MARK"]
    cell = new_code_cell("while True:\n    attempt(os.fork)")
    assert guest.run(cell, seconds=3).status in {"too long", "died"}
    assert len(marked(mark)) <= TIGHT.processes + 4
    guest.restart()
    assert run(guest, "1 + 1").status == "ran"


def test_a_memory_bomb_is_held(guest: Session) -> None:
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


def test_one_process_asking_for_too_much_gets_an_error(guest: Session) -> None:
    assert run(guest, "b = bytearray(4 * 2**30)").error == "MemoryError"
    assert run(guest, "assert 'b' not in globals()") == Outcome("ran")


def test_output_without_end_is_held(guest: Session) -> None:
    code = "while True: print('x' * 10_000)"
    cell = new_code_cell(code)
    assert guest.run(cell, seconds=4).status in {"too long", "died"}
    assert sum(len(output["text"]) for output in cell["outputs"]) < 3 * sessions.MOST_OUTPUT
    guest.restart()
    cell = new_code_cell("print('x' * 100_000_000)")  # more than one message may hold
    guest.run(cell, seconds=8)
    assert sum(len(output["text"]) for output in cell["outputs"]) < 3 * sessions.MOST_OUTPUT
    guest.restart()
    assert run(guest, "1 + 1").status == "ran"


@pytest.mark.parametrize(
    "attack",
    [
        "send([b'x'])",
        "send([b'stream', b'<IDS|MSG>', b'', b'{', b'{', b'{', b'{'])",
        "send(signed([b'[' * 100_000, b'{}', b'{}', b'{}']))",
        "send(signed([b'{}', b'{}', b'{}', b'7']))",
        "send(signed([b'\\xff', b'{}', b'{}', b'{}']))",
    ],
)
def test_messages_that_are_none_do_not_stop_the_grader(guest: Session, attack: str) -> None:
    code = f"""
    kernel = get_ipython().kernel
    def signed(parts):
        return [b'stream', b'<IDS|MSG>', kernel.session.sign(parts), *parts]
    def send(parts):
        kernel.iopub_thread.schedule(lambda: kernel.iopub_thread.socket.send_multipart(parts))
    {attack}
    time.sleep(0.5)
    """
    assert run(guest, code, 10).status in {"ran", "died", "too long"}
    guest.restart()
    assert run(guest, "1 + 1").status == "ran"


def test_a_killed_grader_takes_its_kernels_along(machine: Machine) -> None:
    mark = f"orphan-{uuid.uuid4().hex}"
    code = f"""
    import sys, time
    from pathlib import Path
    from nbformat.v4 import new_code_cell
    from autograder.kernels.session import Session
    with Session(Path({str(machine.work)!r}), {{"MARK": {mark!r}}}) as session:
        session.run(new_code_cell("import os\\nif os.fork() == 0: os.setsid()"), 20)
        print("ready", flush=True)
        time.sleep(600)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as grader:
        assert grader.stdout is not None
        assert grader.stdout.readline() == "ready\n"
        assert marked(mark)
        grader.send_signal(signal.SIGKILL)
        grader.wait()
    assert wait_for_none(mark) == []


def test_the_course_works_inside(neighbour: Session) -> None:
    code = """
    from course import data
    import matplotlib.pyplot as plt
    found = [data.digits().x_train.shape[1], data.faces().image_shape, len(data.news().labels)]
    """
    cell = new_code_cell(f"{textwrap.dedent(code)}\nplt.plot([1, 2])\nprint(found[0])")
    assert neighbour.run(cell, 60) == Outcome("ran")
    assert [output.get("name", output["output_type"]) for output in cell["outputs"]] == [
        *("stdout", "display_data"),
    ]
    assert cell["outputs"][0]["text"] == "784\n"
