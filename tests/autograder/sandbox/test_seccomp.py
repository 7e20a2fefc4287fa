"""What the filter says to each system call, on x86-64 and on 64-bit ARM.

A small interpreter runs its code, so that the filter for another processor is tested as well.
"""

from __future__ import annotations

import errno
import socket
import stat
import struct

import pytest

from autograder.sandbox import seccomp

X86_64, AARCH64, I386 = 0xC000_003E, 0xC000_00B7, 0x4000_0003
ARCHITECTURES = {"x86-64": X86_64, "aarch64": AARCH64}
MODES = {"bubblewrap": True, "landlock": False}
MAX_NUMBER = 1024
ALLOWED = "allowed"
CLONE_NEWUSER, F_SETLEASE, F_NOTIFY, FS_IOC_SETFLAGS = 0x1000_0000, 1024, 1026, 0x4008_6602
PR_SET_MM, PR_SCHED_CORE = 35, 62

pytestmark = pytest.mark.skipif(seccomp.libseccomp() is None, reason="libseccomp is missing")


def run_filter(code: bytes, architecture: int, number: int, *arguments: int) -> int:  # noqa: C901  (one case for each instruction)
    """Run classic BPF code on ``struct seccomp_data`` and return its decision."""
    arguments = (*arguments, *[0] * (6 - len(arguments)))
    masked = [argument & 0xFFFF_FFFF_FFFF_FFFF for argument in arguments]
    data = struct.pack("<iIQ6Q", number, architecture, 0, *masked)
    instructions = list(struct.iter_unpack("<HBBI", code))
    accumulator = position = 0
    memory = [0] * 16
    while True:
        operation, if_true, if_false, value = instructions[position]
        position += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, value)
            case 0x02:
                memory[value] = accumulator
            case 0x60:
                accumulator = memory[value]
            case 0x54:
                accumulator &= value
            case 0x05:
                position += value
            case 0x15:
                position += if_true if accumulator == value else if_false
            case 0x25:
                position += if_true if accumulator > value else if_false
            case 0x35:
                position += if_true if accumulator >= value else if_false
            case 0x06:
                return int(value)
            case _:
                raise AssertionError(f"unknown instruction {operation:#x}")


class Filter:
    def __init__(self, architecture: int, *, namespaces: bool, setup: bool = False) -> None:
        self.architecture = architecture
        self.code = seccomp.compile_filter(
            namespaces=namespaces, setup=setup, architecture=architecture
        )

    def number(self, name: str) -> int:
        """The number of a call; negative if this processor does not have it."""
        library = seccomp.libseccomp()
        assert library is not None
        return int(library.seccomp_syscall_resolve_name_arch(self.architecture, name.encode()))

    def decide(self, number: int, *arguments: int) -> str:
        decision = run_filter(self.code, self.architecture, number, *arguments)
        if decision == 0x7FFF_0000:
            return ALLOWED
        assert decision >> 16 == 0x0005
        return errno.errorcode.get(decision & 0xFFFF, "ignored")

    def __call__(self, name: str, *arguments: int) -> str:
        number = self.number(name)
        assert number >= 0, name
        return self.decide(number, *arguments)


@pytest.fixture(params=[(mode, processor) for mode in MODES for processor in ARCHITECTURES])
def rules(request: pytest.FixtureRequest) -> Filter:
    mode, processor = request.param
    return Filter(ARCHITECTURES[processor], namespaces=MODES[mode])


@pytest.fixture(params=list(ARCHITECTURES))
def landlock(request: pytest.FixtureRequest) -> Filter:
    return Filter(ARCHITECTURES[request.param], namespaces=False)


def test_calls_that_are_not_listed_do_not_exist(rules: Filter) -> None:
    listed = {
        *seccomp.ALLOWED_CALLS.split(),
        *seccomp.ALLOWED_IN_NAMESPACES.split(),
        *("clone", "ioctl", "fcntl", "prctl", "personality", "prlimit64", "sched_setaffinity"),
        *("setpriority", "setsockopt", "socketpair", "socket", "mknod", "mknodat"),
    }
    numbers = {rules.number(name) for name in listed}
    allowed = {number for number in range(MAX_NUMBER) if rules.decide(number) == ALLOWED}
    assert allowed <= numbers
    assert len(allowed) > 150
    for newer in (463, 466, 469, *range(470, MAX_NUMBER)):  # setxattrat, removexattrat, ..
        assert rules.decide(newer) == "ENOSYS"


def test_each_listed_call_exists_somewhere() -> None:
    lists = [value for name, value in vars(seccomp).items() if name.endswith("_CALLS")]
    lists += [seccomp.ALLOWED_IN_NAMESPACES, seccomp.IGNORED_WITHOUT_NAMESPACES]
    lists += [seccomp.FORBIDDEN_WITHOUT_NAMESPACES]
    filters = [Filter(number, namespaces=True) for number in ARCHITECTURES.values()]
    newer = {"fchmodat2", "riscv_flush_icache", "cacheflush", "futex_waitv", "epoll_pwait2"}
    for name in set(" ".join(lists).split()) - newer:
        assert any(rules.number(name) >= 0 for rules in filters), name


def test_no_call_kills_the_kernel(rules: Filter) -> None:
    for number in (*range(MAX_NUMBER), -1, 0x4000_0000, 0x4000_0209):  # also of the x32 ABI
        for arguments in ((), (1,) * 6, (-1,) * 6):
            rules.decide(number, *arguments)
    assert run_filter(rules.code, I386, 5) == 0x0005_0000 | errno.ENOSYS


def test_honest_programs_keep_their_calls(rules: Filter) -> None:
    everyday = "read write openat close mmap futex execve wait4 exit_group getrandom rseq"
    everyday += " renameat2 unlinkat mkdirat newfstatat pipe2 eventfd2 epoll_pwait statx"
    assert {rules(name) for name in everyday.split()} == {ALLOWED}
    assert rules("clone", 0x003D_0F00) == ALLOWED  # a thread
    assert rules("clone3") == "ENOSYS"  # libc falls back to clone
    assert rules("socketpair", socket.AF_UNIX, socket.SOCK_STREAM | 0x80000) == ALLOWED
    assert rules("ioctl", 1, 0x5413) == ALLOWED
    assert rules("fcntl", 3, 1030) == ALLOWED
    assert rules("prlimit64", 0, 7) == ALLOWED
    assert rules("mknodat", 3, 0, stat.S_IFIFO | 0o600) == ALLOWED
    assert rules("sched_setscheduler", 0, 0) == "ignored"
    assert rules("setsockopt", 3, 6, 1) == rules("setsockopt", 3, 0, 7) == ALLOWED
    assert rules("setsockopt", 3, socket.SOL_SOCKET, socket.SO_REUSEADDR) == ALLOWED
    for size in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        assert rules("setsockopt", 3, socket.SOL_SOCKET, size) == "ignored"


def test_calls_on_other_processes_are_blocked(rules: Filter) -> None:
    assert rules("prlimit64", 4711, 7) == "EPERM"
    assert rules("sched_setaffinity", 4711) == "EPERM"
    assert rules("setpriority", 0, 4711) == "ENOSYS"
    assert rules("setpriority", 2, 0) == "ENOSYS"  # all processes of the user
    for name in ("sched_setattr", "ioprio_set", "process_vm_writev", "pidfd_getfd", "ptrace"):
        assert rules(name, 4711) in {"EPERM", "ENOSYS"}, name
    assert rules("prctl", PR_SCHED_CORE, 1, 4711) == "ENOSYS"
    assert rules("prctl", PR_SET_MM) == "ENOSYS"


def test_attributes_leases_and_notifications_are_blocked(rules: Filter) -> None:
    for name in ("setxattr", "lsetxattr", "fsetxattr", "fremovexattr"):
        assert rules(name) == "ENOTSUP"
    assert rules("ioctl", 3, FS_IOC_SETFLAGS) == "ENOSYS"
    assert rules("ioctl", 3, FS_IOC_SETFLAGS | 1 << 32) == "ENOSYS"
    assert rules("fcntl", 3, F_SETLEASE) == rules("fcntl", 3, F_NOTIFY) == "ENOSYS"
    assert rules("inotify_init1") == rules("fanotify_init") == "ENOSYS"


def test_sizes_of_socket_buffers_cannot_be_set(rules: Filter) -> None:
    for level in (socket.SOL_SOCKET, socket.SOL_SOCKET | 1 << 32):
        assert rules("setsockopt", 3, level, socket.SO_SNDBUF) != ALLOWED
    assert rules("setsockopt", 3, socket.IPPROTO_TCP, socket.TCP_NODELAY) == ALLOWED
    assert rules("setsockopt", 3, socket.SOL_SOCKET, socket.SO_REUSEADDR) == ALLOWED


def test_namespaces_and_kernel_objects_are_blocked(rules: Filter) -> None:
    assert rules("clone", CLONE_NEWUSER) == "ENOSYS"
    assert rules("unshare", CLONE_NEWUSER) == "EPERM"
    names = "memfd_create shmget semget msgget mq_open io_setup io_uring_setup userfaultfd"
    names += " name_to_handle_at open_by_handle_at seccomp kcmp mbind splice vmsplice"
    assert {rules(name) for name in names.split()} == {"ENOSYS"}
    assert rules("mknodat", 3, 0, stat.S_IFBLK | 0o600) == "ENOSYS"
    assert rules("mknodat", 3, 0, stat.S_IFCHR) == "ENOSYS"


def test_sockets_of_a_network_namespace_are_of_few_kinds() -> None:
    rules = Filter(X86_64, namespaces=True)
    assert rules("socket", socket.AF_UNIX, socket.SOCK_DGRAM) == ALLOWED
    assert rules("socket", socket.AF_INET, socket.SOCK_STREAM | 0x80000, 6) == ALLOWED
    assert rules("socket", socket.AF_INET, socket.SOCK_RAW, 1) == "ENOSYS"
    assert rules("socket", socket.AF_INET, socket.SOCK_STREAM, 262) == "ENOSYS"
    assert rules("socket", seccomp.AF_NETLINK, socket.SOCK_RAW, 0) == ALLOWED
    assert rules("socket", seccomp.AF_NETLINK, socket.SOCK_RAW, 4) == "ENOSYS"  # sock_diag
    assert {rules("socket", family) for family in range(3, 64)} - {ALLOWED} == {"ENOSYS"}


def test_no_socket_without_a_network_namespace(landlock: Filter) -> None:
    for family in (*range(64), 1 << 32, -1):
        assert landlock("socket", family, socket.SOCK_STREAM) in {"EPERM", "ENOTSUP"}
    assert landlock("socketpair", socket.AF_UNIX, socket.SOCK_DGRAM) == "ENOSYS"
    assert {landlock(name) for name in ("bind", "connect", "listen")} == {"EPERM"}


def test_metadata_of_files_cannot_be_changed_without_a_mount_namespace(landlock: Filter) -> None:
    assert {landlock(name) for name in ("fchmod", "fchmodat", "utimensat")} == {"ignored"}
    assert {landlock(name) for name in ("fchown", "fchownat")} == {"EPERM"}
    assert landlock("fallocate") == "ENOTSUP"


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)
def test_setup_allows_mounts_and_changes_of_the_user_but_no_namespaces(architecture: int) -> None:
    rules = Filter(architecture, namespaces=True, setup=True)
    names = ("mount", "setresuid", "setgroups", "capset", "prctl", "execve")
    assert {rules(name) for name in names} == {ALLOWED}
    assert rules("clone", CLONE_NEWUSER) == "ENOSYS"
    assert rules("unshare", CLONE_NEWUSER) == "EPERM"
