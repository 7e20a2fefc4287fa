"""A seccomp filter that allows the system calls that lessons need, compiled by libseccomp.

Any other call fails with ENOSYS, as on an older Linux, and so does each one that is newer than the
installed libseccomp. The names are from the default profile of Podman (containers/common, file
pkg/seccomp/seccomp.json), without those that no lesson needs or that reach beyond a kernel's own
files and processes.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import socket
import stat
import tempfile
from typing import Final

# Names from man 2 syscalls, separated by spaces; each processor has most of them.
ALLOWED_CALLS: Final = """
    access chdir close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2
    fadvise64 fchdir fdatasync flock fstat fstatfs fsync ftruncate getcwd getdents getdents64 link
    linkat lseek lstat mkdir mkdirat newfstatat open openat openat2 pipe pipe2 pread64 preadv
    preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv rename renameat
    renameat2 rmdir sendfile stat statfs statx symlink symlinkat sync_file_range
    truncate umask unlink unlinkat write writev

    brk madvise membarrier mincore mlock mlock2 mlockall mmap mprotect mremap msync munlock
    munlockall munmap pkey_alloc pkey_free pkey_mprotect

    alarm arch_prctl capget cacheflush execve execveat exit exit_group fork futex futex_waitv
    getcpu getegid geteuid getgid getgroups getitimer getpgid getpgrp getpid getppid getpriority
    getrandom getresgid getresuid getrlimit getrusage getsid gettid getuid kill pause pidfd_open
    pidfd_send_signal restart_syscall riscv_flush_icache rseq rt_sigaction rt_sigpending
    rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo
    sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
    sched_getscheduler sched_rr_get_interval sched_yield set_robust_list set_tid_address setitimer
    setpgid setrlimit setsid sigaltstack sysinfo tgkill times tkill uname vfork wait4 waitid

    clock_getres clock_gettime clock_nanosleep gettimeofday nanosleep time timer_create
    timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime
    timerfd_settime

    epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 poll
    ppoll pselect6 select signalfd signalfd4

    accept accept4 getpeername getsockname getsockopt recvfrom recvmmsg recvmsg sendmmsg sendmsg
    sendto shutdown
"""
# Calls that change the mode, owner or time of a file that can merely be seen, and network calls.
# A mount namespace with read-only mounts and a network namespace make them harmless.
ALLOWED_IN_NAMESPACES: Final = """
    chmod chown fallocate fchmod fchmodat fchmodat2 fchown fchownat futimesat lchown utime
    utimensat utimes bind connect listen
"""
# Libraries fail without these, so they do nothing and report success. The first two could slow down
# any process of the user; zmq calls one for its threads and aborts on an error.
IGNORED_CALLS: Final = "sched_setparam sched_setscheduler sync syncfs"
IGNORED_WITHOUT_NAMESPACES: Final = """
    chmod fchmod fchmodat fchmodat2 futimesat utime utimensat utimes
"""
# Where programs expect another error than ENOSYS.
FORBIDDEN_CALLS: Final = """
    add_key bpf chroot ioprio_set keyctl perf_event_open ptrace request_key sched_setattr setfsgid
    setfsuid sethostname setns syslog unshare
"""
FORBIDDEN_WITHOUT_NAMESPACES: Final = "bind chown connect fchown fchownat lchown listen"
UNSUPPORTED_CALLS: Final = """
    fgetxattr flistxattr fremovexattr fsetxattr getxattr lgetxattr listxattr llistxattr
    lremovexattr lsetxattr removexattr setxattr
"""
# What the programs also need that set up a sandbox from inside; forbidden afterwards.
SETUP_CALLS: Final = """
    capset fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree setgid setgroups
    setregid setresgid setresuid setreuid setuid umount2
"""

# Requests for terminals and pipes, from asm-generic/ioctls.h. Others change attributes of files.
ALLOWED_IOCTLS: Final = (
    *(0x5401, 0x5402, 0x5403, 0x5404),  # TCGETS, TCSETS, TCSETSW, TCSETSF
    *(0x802C542A, 0x402C542B, 0x402C542C, 0x402C542D),  # the same as of version 2
    *(0x5409, 0x540A, 0x540B),  # TCSBRK, TCXONC, TCFLSH
    *(0x540E, 0x540F, 0x5410, 0x5422, 0x5429),  # TIOCSCTTY, ..GPGRP, ..SPGRP, ..NOTTY, ..GSID
    *(0x5411, 0x5413, 0x5414, 0x541B),  # TIOCOUTQ, TIOCGWINSZ, TIOCSWINSZ, FIONREAD
    *(0x5421, 0x5450, 0x5451, 0x5452),  # FIONBIO, FIONCLEX, FIOCLEX, FIOASYNC
    *(0x80045430, 0x40045431, 0x5441),  # TIOCGPTN, TIOCSPTLCK, TIOCGPTPEER
)
# From linux/fcntl.h. Not among them: leases and notifications, which others would notice.
ALLOWED_FCNTLS: Final = (*range(12), 15, 16, 36, 37, 38, 1030, 1032, 1033, 1034)
# From linux/prctl.h: signals, names, dumps, timers, subreapers, memory, vectors of an ARM.
ALLOWED_PRCTLS: Final = (
    *(1, 2, 3, 4, 15, 16, 21, 23, 27, 29, 30, 36, 37, 38, 39, 40, 41, 42, 50, 51, 52, 54, 55, 56),
    *(63, 64, 0x53564D41, 0x41555856),
)
ALLOWED_PERSONALITIES: Final = (0, 8, 0x20000, 0x20008, 0xFFFFFFFF)
AF_NETLINK: Final = 16
BUFFER_SIZES: Final = frozenset({7, 8, 32, 33})  # SO_SNDBUF, ..RCVBUF, ..SNDBUFFORCE, ..RCVBUFFORCE
MAX_SOCKET_OPTION: Final = 90
SOCKET_OPTION_LEVELS: Final = (
    *(socket.IPPROTO_IP, socket.IPPROTO_TCP, socket.IPPROTO_UDP, socket.IPPROTO_IPV6),
)
# Family, type and protocol; None for any.
ALLOWED_SOCKETS: Final = (
    (socket.AF_UNIX, None, None),
    (AF_NETLINK, None, 0),  # to list the network interfaces
    *((family, socket.SOCK_STREAM, 0) for family in (socket.AF_INET, socket.AF_INET6)),
    *((family, socket.SOCK_STREAM, 6) for family in (socket.AF_INET, socket.AF_INET6)),
    *((family, socket.SOCK_DGRAM, 0) for family in (socket.AF_INET, socket.AF_INET6)),
    *((family, socket.SOCK_DGRAM, 17) for family in (socket.AF_INET, socket.AF_INET6)),
)
_SOCKET_TYPE_MASK: Final = 15
_CLONE_NAMESPACES: Final = 0x7E02_0000  # CLONE_NEW*, from linux/sched.h

# From seccomp.h.
_ALLOW: Final = 0x7FFF_0000
_ERRNO: Final = 0x0005_0000
_ON_OTHER_ARCHITECTURE, _OPTIMIZE = 2, 8
_BINARY_TREE: Final = 2
_LESS, _EQUAL, _GREATER, _MASKED_EQUAL = 2, 4, 6, 7
_INT: Final = 0xFFFF_FFFF  # the part of an argument that Linux looks at


class _Condition(ctypes.Structure):
    """``struct scmp_arg_cmp``: a condition on an argument of a call."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


def _is(argument: int, value: int, mask: int = _INT) -> _Condition:
    return _Condition(argument, _MASKED_EQUAL, mask, value)


@functools.cache
def libseccomp() -> ctypes.CDLL | None:
    """Return the library, or None where it is not installed."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_arch_native.restype = ctypes.c_uint32
    return library


class _Filter:
    """A filter that blocks what no rule is about."""

    def __init__(self, library: ctypes.CDLL, architecture: int) -> None:
        self._library = library
        default = ctypes.c_uint32(_ERRNO | errno.ENOSYS)
        self._context = ctypes.c_void_p(library.seccomp_init(default))
        library.seccomp_attr_set(self._context, _ON_OTHER_ARCHITECTURE, default)
        library.seccomp_attr_set(self._context, _OPTIMIZE, _BINARY_TREE)  # since version 2.5
        native = library.seccomp_arch_native()
        if architecture not in (0, native):
            library.seccomp_arch_add(self._context, architecture)
            library.seccomp_arch_remove(self._context, native)

    def allow(self, names: str, *conditions: _Condition) -> None:
        self._add(names, _ALLOW, conditions)

    def fail(self, names: str, error: int, *conditions: _Condition) -> None:
        self._add(names, _ERRNO | error, conditions)

    def _add(self, names: str, action: int, conditions: tuple[_Condition, ...]) -> None:
        array = (_Condition * len(conditions))(*conditions)
        for name in names.split():
            number = self._library.seccomp_syscall_resolve_name(name.encode())
            if number != -1:  # else this libseccomp doesn't know it, and it stays blocked
                self._library.seccomp_rule_add_array(
                    self._context, ctypes.c_uint32(action), number, len(array), array
                )

    def export(self) -> bytes:
        try:
            with tempfile.TemporaryFile() as file:  # libseccomp only writes to files
                if self._library.seccomp_export_bpf(self._context, file.fileno()) != 0:
                    return b""
                file.seek(0)
                return file.read()
        finally:
            self._library.seccomp_release(self._context)


def _add_conditional_rules(rules: _Filter) -> None:
    # clone3 passes its flags in memory, where a filter can't see them; libc falls back to clone.
    rules.allow("clone", _is(0, 0, _CLONE_NAMESPACES))
    for name, argument, values in (
        *(("ioctl", 1, ALLOWED_IOCTLS), ("fcntl", 1, ALLOWED_FCNTLS)),
        *(("prctl", 0, ALLOWED_PRCTLS), ("personality", 0, ALLOWED_PERSONALITIES)),
    ):
        for value in values:
            rules.allow(name, _is(argument, value))
    for name in ("prlimit64", "sched_setaffinity"):  # of this process only
        rules.allow(name, _Condition(0, _EQUAL, 0, 0))
        rules.fail(name, errno.EPERM, _Condition(0, _GREATER, 0, 0))
    rules.allow("setpriority", _is(0, 0), _is(1, 0))
    # Sockets keep the size of their buffers, which the memory guard relies on.
    for level in SOCKET_OPTION_LEVELS:
        rules.allow("setsockopt", _is(1, level))
    for option in range(MAX_SOCKET_OPTION):
        if option in BUFFER_SIZES:
            rules.fail("setsockopt", 0, _is(1, socket.SOL_SOCKET), _is(2, option))
        else:
            rules.allow("setsockopt", _is(1, socket.SOL_SOCKET), _is(2, option))
    # A pair of datagram sockets could be connected to a server elsewhere.
    for pair in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
        rules.allow("socketpair", _is(0, socket.AF_UNIX), _is(1, pair, _SOCKET_TYPE_MASK))
    for name, mode in (("mknod", 1), ("mknodat", 2)):
        for file_type in (stat.S_IFIFO, stat.S_IFREG, 0):  # no devices
            rules.allow(name, _is(mode, file_type, 0o170000))


def _allow_sockets(rules: _Filter) -> None:
    for family, kind, protocol in ALLOWED_SOCKETS:
        conditions = [_is(0, family)]
        if kind is not None:
            conditions.append(_is(1, kind, _SOCKET_TYPE_MASK))
        if protocol is not None:
            conditions.append(_is(2, protocol))
        rules.allow("socket", *conditions)


def _forbid_sockets(rules: _Filter) -> None:
    """Landlock can't restrict them enough."""
    for comparison in (_LESS, _GREATER):
        rules.fail("socket", errno.EPERM, _Condition(0, comparison, AF_NETLINK, 0))
    # zmq lists the interfaces and aborts on any other error.
    rules.fail("socket", errno.EOPNOTSUPP, _Condition(0, _EQUAL, AF_NETLINK, 0))


@functools.cache
def compile_filter(*, namespaces: bool = True, setup: bool = False, architecture: int = 0) -> bytes:
    """Return the filter as BPF code; empty where libseccomp is not installed.

    Example:
        >>> len(compile_filter()) % 8  # an instruction has eight bytes
        0

    Args:
        namespaces: Whether the kernel runs in namespaces; otherwise more calls are blocked.
        setup: Also allow what prepares a sandbox from inside, which needs privileges.
        architecture: Number of the processor's kind in libseccomp; 0 for this machine's.
    """
    library = libseccomp()
    if library is None:
        return b""
    rules = _Filter(library, architecture)
    rules.allow(ALLOWED_CALLS)
    _add_conditional_rules(rules)
    rules.fail(IGNORED_CALLS, 0)
    rules.fail(UNSUPPORTED_CALLS, errno.ENOTSUP)
    rules.fail(FORBIDDEN_CALLS, errno.EPERM)
    if setup:
        rules.allow(f"{SETUP_CALLS} prctl")
    else:
        rules.fail(SETUP_CALLS, errno.EPERM)
    if namespaces:
        rules.allow(ALLOWED_IN_NAMESPACES)
        _allow_sockets(rules)
    else:
        rules.fail(IGNORED_WITHOUT_NAMESPACES, 0)
        rules.fail(FORBIDDEN_WITHOUT_NAMESPACES, errno.EPERM)
        _forbid_sockets(rules)
        # It would fill the disk at once; libc then writes zeros, which the limits notice.
        rules.fail("fallocate", errno.EOPNOTSUPP)
    return rules.export()
