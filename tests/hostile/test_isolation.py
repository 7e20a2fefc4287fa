"""Attacks on the rest of the machine from a student's kernel fail.

Every attack is real: the secrets, servers and processes that it looks for exist.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from autograder.kernels.kernel import CellOutcome, Kernel, KernelStartError
from autograder.sandbox import environment, host_support, landlock, launch
from autograder.sandbox.forkserver_client import ForkServer
from autograder.sandbox.protection import Protection
from tests.hostile.machine import (
    BLOCKED_CALLS,
    MULTIPROCESSING,
    MULTIPROCESSING_RESULT,
    ROOT,
    SECRET,
    TIGHT_LIMITS,
    Machine,
    run,
    run_json,
)

MISSING = host_support.missing_features()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("isolation"),
    pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING)),
]


def test_secrets_are_invisible(machine: Machine, neighbor: Kernel) -> None:
    paths = [
        *(machine.folder, machine.folder / "gradebook.db", machine.key, machine.key.parent),
        *(machine.folder / "source/01/01.ipynb", ROOT / "source", ROOT / "autograder"),
        *(ROOT / ".git", ROOT / "tests", ROOT / "pyproject.toml", "/etc/shadow", "/etc/ssh"),
        *(launch.__file__, "/sys/fs/cgroup", "/proc/1/root/etc/hostname", "/var/log", "/boot"),
    ]
    code = "result = {path: attempt(lambda: os.stat(path)) for path in paths}"
    errors = run_json(neighbor, code, paths=[str(path) for path in paths])
    assert set(errors.values()) <= {"FileNotFoundError", "PermissionError"}


def test_variables_of_the_grader_are_invisible(neighbor: Kernel) -> None:
    code = """
    result = [dict(os.environ)]
    for path in Path('/proc').glob('[0-9]*/environ'):
        result.append(attempt(lambda: path.read_text()))
    """
    text = json.dumps(run_json(neighbor, code))
    assert "MARK" in text
    assert SECRET not in text
    for word in ("COURSE_SECRET", "TOKEN", "AWS", "PYTEST", str(ROOT / "source")):
        assert word not in text


def test_links_out_of_the_folder_dangle(machine: Machine, neighbor: Kernel) -> None:
    code = """
    result = [attempt(lambda: open(name).read()) for name in ('link', 'up/gradebook.db')]
    result += [sorted(os.listdir('.')), open('data.csv').read()]
    os.symlink(target, 'mine')
    result += [attempt(lambda: open('mine').read())]
    """
    target = str(machine.folder / "gradebook.db")
    assert run_json(neighbor, code, target=target) == [
        *("FileNotFoundError", "FileNotFoundError"),
        ["data.csv", "link", "up"],
        *("1,2\n", "FileNotFoundError"),
    ]


def test_only_the_copy_of_the_submission_is_writable(machine: Machine, neighbor: Kernel) -> None:
    code = """
    result = [attempt(lambda: Path(path, 'planted').write_text('x')) for path in paths]
    import course
    result += [attempt(lambda: open(course.__file__, 'a'))]
    result += [attempt(lambda: open(json.__file__, 'a'))]
    Path('data.csv').write_text('changed')
    Path('new.txt').write_text('new')
    """
    paths = ["/", "/etc", "/usr", "/usr/lib", "/dev", "/run", "/run/kernel", "/srv", "/proc"]
    paths += [sys.prefix, str(ROOT), str(machine.folder), "/proc/sys/kernel"]
    errors = run_json(neighbor, code, paths=paths)
    assert set(errors) <= {"OSError", "PermissionError", "FileNotFoundError"}
    assert (machine.submission / "data.csv").read_text() == "1,2\n"
    assert not (machine.submission / "new.txt").exists()
    assert (machine.folder / "gradebook.db").read_text() == SECRET


def test_other_processes_are_invisible(neighbor: Kernel) -> None:
    code = """
    pids = sorted(int(name) for name in os.listdir('/proc') if name.isdigit())
    lines = [Path(f'/proc/{pid}/cmdline').read_text() for pid in pids]
    result = [os.getuid(), len(pids), ' '.join(lines)]
    result += [attempt(lambda: os.kill(grader, signal.SIGKILL)) if grader not in pids else 'none']
    """
    uid, count, lines, killed = run_json(neighbor, code, grader=os.getpid())
    assert uid != 0
    assert count == 2  # Bubblewrap's and its own
    assert "pytest" not in lines
    assert killed in {"ProcessLookupError", "none"}


def test_network_and_local_services_are_unreachable(machine: Machine, neighbor: Kernel) -> None:
    code = """
    def connect(kind, address):
        with socket.socket(kind, socket.SOCK_STREAM) as client:
            client.settimeout(3)
            client.connect(address)
            return 'connected'
    result = [
        attempt(lambda: connect(socket.AF_INET, ('127.0.0.1', port))),
        attempt(lambda: connect(socket.AF_INET, ('192.0.2.1', 80))),
        attempt(lambda: connect(socket.AF_INET6, ('::1', port))),
        attempt(lambda: connect(socket.AF_UNIX, unix_address)),
        attempt(lambda: connect(socket.AF_UNIX, abstract_address)),
        attempt(lambda: socket.getaddrinfo('pypi.org', 443)),
        attempt(lambda: socket.socket(40, socket.SOCK_STREAM)),  # AF_VSOCK
        attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
        attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW)),
        [line.split(':')[0].strip() for line in open('/proc/net/dev').readlines()[2:]],
    ]
    """
    *errors, interfaces = run_json(
        neighbor,
        code,
        port=machine.server.getsockname()[1],
        unix_address=f"{machine.folder}/service",
        abstract_address=f"\0{SECRET}",
    )
    assert set(errors[:6]) <= {
        *("ConnectionRefusedError", "OSError", "FileNotFoundError", "gaierror", "TimeoutError"),
    }
    assert set(errors[6:]) <= {"PermissionError", "OSError"}
    assert interfaces == ["lo"]
    for listener in (machine.server, machine.unix_server, machine.abstract_server):
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_privileges_cannot_be_gained(neighbor: Kernel) -> None:
    code = """
    result = {name: syscall_error(name, *arguments) for name, arguments in {
        'ptrace': (16, 1, 0, 0), 'unshare': (0x10000000,), 'setns': (0, 0),
        'mount': (b'none', b'/home/student', b'tmpfs', 0, 0), 'keyctl': (0, 0),
        'bpf': (0, 0, 0), 'perf_event_open': (0, 0, 0, 0, 0), 'chroot': (b'/tmp',),
        'process_vm_readv': (1, 0, 0, 0, 0, 0), 'io_uring_setup': (1, 0),
        'userfaultfd': (0,), 'init_module': (0, 0, 0),
        'mknodat': (-100, b'disk', 0o60666, 0x800), 'setuid': (0,),
        'memfd_create': (b'x', 0), 'shmget': (4711, 4096, 0o1666), 'shmat': (0, 0, 0),
    }.items()}
    for program in ('su -c id', 'mount -t tmpfs none /mnt', 'unshare -Ur id'):
        run = subprocess.run(program, shell=True, capture_output=True, stdin=subprocess.DEVNULL)
        result[program] = run.returncode != 0 and b'uid=0' not in run.stdout
    """
    errors = run_json(neighbor, code)
    assert all(errors.values()), errors
    assert {errors[name] for name in BLOCKED_CALLS} <= {"EPERM", "ENOSYS"}


def test_devices_and_the_terminal_are_invisible(neighbor: Kernel) -> None:
    code = """
    result = [sorted(os.listdir('/dev')), attempt(lambda: open('/dev/tty')), attempt(input)]
    result += [sys.stdin.read() if not sys.stdin.closed else '', os.read(0, 10).decode()]
    links = [attempt(lambda: os.readlink(path)) for path in Path('/proc/self/fd').iterdir()]
    result += [sorted({link.split(':')[0].split('[')[0] for link in links})]
    """
    devices, tty, input_error, stdin, fd_0, files = run_json(neighbor, code)
    assert devices == ["fd", "full", "null", "random", "shm", "urandom", "zero"]
    assert tty == "FileNotFoundError"
    assert (input_error, stdin, fd_0) == ("StdinNotImplementedError", "", "")
    assert set(files) <= {"/dev/null", "socket", "anon_inode", "pipe", "FileNotFoundError"}


def test_sockets_of_other_kernels_are_invisible(neighbor: Kernel, attacker: Kernel) -> None:
    manager = attacker._manager
    assert manager is not None
    code = """
    result = [attempt(lambda: os.listdir(folder)), sorted(os.listdir('/tmp'))]
    result += [[line.split()[-1] for line in open('/proc/net/unix').readlines()[1:]]]
    """
    result = run_json(neighbor, code, folder=str(Path(manager.connection_file).parent))
    assert result[0] == "FileNotFoundError"
    assert manager.ip not in json.dumps(result)


def test_course_works_inside_the_sandbox(machine: Machine) -> None:
    code = """
    from course import data
    import matplotlib.pyplot as plt
    shapes = [data.digits().x_train.shape[1], data.faces().image_shape, len(data.news().labels)]
    plt.plot([1, 2])
    print(shapes[0])
    """
    cell = new_code_cell(textwrap.dedent(code))
    with Kernel(machine.submission) as kernel:  # the digits need more than TIGHT_LIMITS allow
        assert kernel.run_cell(cell, 60) == CellOutcome("ran")
    assert [output.get("name", output["output_type"]) for output in cell["outputs"]] == [
        *("stdout", "display_data"),
    ]
    assert cell["outputs"][0]["text"] == "784\n"


@pytest.fixture(params=["started", "forked"])
def fork_server(request: pytest.FixtureRequest) -> Iterator[ForkServer | None]:
    if request.param == "started":
        yield None
        return
    with contextlib.closing(ForkServer.start((), {})) as server:
        yield server


def install_course(folder: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the grader find the course in a folder that isn't on Python's path."""
    (folder / "course").mkdir()
    (folder / "course" / "__init__.py").write_text(source)
    (folder / "answers.py").write_text(SECRET)
    monkeypatch.setattr(environment, "course_folder", lambda: folder / "course")


@pytest.mark.parametrize("protection", [Protection.BUBBLEWRAP, Protection.LANDLOCK])
def test_kernel_imports_the_course_that_the_grader_found(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fork_server: ForkServer | None,
    protection: Protection,
) -> None:
    if protection is Protection.LANDLOCK and (landlock.unavailable_reason() or fork_server):
        pytest.skip(landlock.unavailable_reason() or "no kernel is forked under Landlock")
    install_course(tmp_path, "WHERE = 'here'", monkeypatch)
    (work := tmp_path / "work").mkdir()
    with Kernel(work, fork_server=fork_server, protection=protection) as kernel:
        code = """
        import json, subprocess, sys
        import course
        result = [course.WHERE]
        for path in sys.path:
            try: result += [path + "/answers.py"] if open(path + "/answers.py").read() else []
            except OSError: pass
        child = [sys.executable, "-c", "import course; print(course.WHERE)"]
        result += [subprocess.run(child, capture_output=True).stdout.decode()]
        """
        assert run_json(kernel, code) == ["here", "here\n"]


def test_multiprocessing_works(tmp_path: Path, fork_server: ForkServer | None) -> None:
    with Kernel(tmp_path, fork_server=fork_server) as kernel:
        assert run_json(kernel, MULTIPROCESSING, seconds=120) == MULTIPROCESSING_RESULT


def test_student_files_do_not_shadow_the_course(
    tmp_path: Path, fork_server: ForkServer | None
) -> None:
    (tmp_path / "course").mkdir()
    for name in ("course.py", "course/__init__.py"):
        (tmp_path / name).write_text("raise RuntimeError('the student is here')")
    with Kernel(tmp_path, fork_server=fork_server) as kernel:
        code = """
        import json
        from course.metrics import mean_squared_error
        result = mean_squared_error.__module__
        """
        assert run_json(kernel, code).startswith("course.metrics")


def test_broken_course_is_a_start_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fork_server: ForkServer | None
) -> None:
    install_course(tmp_path, "import no_such_module", monkeypatch)
    (work := tmp_path / "work").mkdir()
    message = "course can't be imported in a kernel .*no_such_module.*pip install"
    with (
        pytest.raises(KernelStartError, match=message),
        Kernel(work, fork_server=fork_server),
    ):
        pass


def test_a_course_in_tmp_leaves_the_kernel_its_own_tmp(tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    shown.mkdir()
    (shown / "data.txt").write_text("data")
    (tmp_path / "hidden.txt").write_text(SECRET)
    code = f"""
    import os, tempfile
    from pathlib import Path
    def attempt(action):
        try:
            return action()
        except OSError as error:
            return type(error).__name__
    shown = Path({str(shown)!r})
    paths = [Path(folder, "file") for folder in ("/tmp", "/var/tmp", tempfile.gettempdir())]
    result = [attempt(lambda: path.write_text("x")) for path in paths]
    result += [attempt((shown / "data.txt").read_text), attempt((shown / "new").touch)]
    result += [attempt((shown.parent / "hidden.txt").read_text)]
    many = [Path("/tmp", str(number)) for number in range({TIGHT_LIMITS.files} + 1)]
    result += [attempt(lambda: [path.touch() for path in many])]
    for path in many:
        path.unlink(missing_ok=True)
    result += [attempt(lambda: paths[0].write_bytes(bytes({TIGHT_LIMITS.file_size})))]
    """
    with Kernel(tmp_path / "none", limits=TIGHT_LIMITS, visible=(shown,)) as kernel:
        assert run(kernel, "import json").status == "ran"
        expected = [1, 1, 1, "data", "OSError", "FileNotFoundError", "OSError"]
        assert run_json(kernel, code) == [*expected, TIGHT_LIMITS.file_size]


def test_python_called_by_a_path_with_dots_has_the_same_sandbox() -> None:
    folder = ROOT / "tests"
    executable = os.path.relpath(sys.executable, folder)
    code = """
    import sys
    from nbformat.v4 import new_code_cell
    from autograder.kernels.kernel import Kernel
    from autograder.sandbox import environment, forkserver_client, host_support
    from autograder.sandbox.protection import Protection
    from pathlib import Path
    assert ".." in sys.executable
    assert host_support.choose_protection() is Protection.BUBBLEWRAP
    server = forkserver_client.shared_fork_server("kernel", (), {})
    check = "import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', ''], check=True)"
    for warm in (server, None):
        with Kernel(Path("none"), fork_server=warm) as kernel:
            print(kernel.run_cell(new_code_cell(check), 60).status)
    """
    done = subprocess.run(
        [executable, "-P", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.split() == ["ran", "ran"], done.stderr
