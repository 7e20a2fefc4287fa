"""A seccomp filter against system calls that no lesson needs, compiled by libseccomp.

It keeps students' code from parts of Linux that namespaces don't cover or that often have security
bugs: new namespaces, tracing, keyrings, and rare kinds of sockets.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import socket
import tempfile
from collections.abc import Callable
from typing import Final

# Names from man 2 syscalls.
BLOCKED_CALLS: Final = (
    *("unshare", "setns"),  # mounting needs a namespace of one's own
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd"),
    *("add_key", "request_key", "keyctl", "bpf", "perf_event_open", "userfaultfd"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "name_to_handle_at"),
    *("open_by_handle_at", "init_module", "finit_module", "kexec_load", "kexec_file_load"),
    # Memory that belongs to no process, so without a control group nothing would count it.
    *("memfd_create", "memfd_secret", "shmget", "shmat"),
    *("acct", "quotactl", "swapon", "swapoff", "reboot", "syslog", "fanotify_init"),
)
# Further calls that are only harmless in a mount, IPC and network namespace.
BLOCKED_WITHOUT_NAMESPACES: Final = (
    *("chown", "lchown", "fchownat", "setxattr", "lsetxattr", "removexattr", "lremovexattr"),
    *("chroot", "mount", "umount2", "pivot_root", "move_mount", "fsmount", "open_tree"),
    *("semget", "msgget", "mq_open"),  # would outlive the kernel
    *("listen", "mknod", "mknodat", "sched_setaffinity", "setpriority"),
)
# Landlock does not restrict these. Programs that copy files fail without them, so they do nothing
# and report success.
IGNORED_CALLS: Final = (
    *("chmod", "fchmodat", "fchmodat2", "utime", "utimes", "utimensat", "futimesat"),
)
AF_NETLINK: Final = 16
SOCKET_FAMILIES: Final = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, AF_NETLINK)
_CLONE_NAMESPACES: Final = 0x7E02_0000  # CLONE_NEW*, from linux/sched.h
_MSG_FASTOPEN: Final = 0x2000_0000  # from linux/socket.h

# From seccomp.h.
_SCMP_ACT_ALLOW: Final = 0x7FFF_0000
_SCMP_ACT_ERRNO: Final = 0x0005_0000
_EQUAL, _GREATER, _MASKED_EQUAL = 4, 6, 7


class _ArgumentCondition(ctypes.Structure):
    """``struct scmp_arg_cmp``: a condition on an argument of a call."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


@functools.cache
def libseccomp() -> ctypes.CDLL | None:
    """Return the library, or None where it is not installed."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    return library


def _block_without_namespaces(block: Callable[..., None]) -> None:
    for name in BLOCKED_WITHOUT_NAMESPACES:
        block(name)
    for name in IGNORED_CALLS:
        block(name, error=0)
    block("prlimit64", _ArgumentCondition(0, _GREATER, 0, 0))  # the limits of other processes
    # Of the network, Landlock restricts TCP only, and no connection whose first packet has data.
    block("socket", _ArgumentCondition(0, _EQUAL, socket.AF_UNIX, 0))
    for family in (socket.AF_INET, socket.AF_INET6):
        is_family = _ArgumentCondition(0, _EQUAL, family, 0)
        for kind in set(range(16)) - {socket.SOCK_STREAM}:
            block("socket", is_family, _ArgumentCondition(1, _MASKED_EQUAL, 15, kind))
        for protocol in range(1, socket.IPPROTO_TCP):
            block("socket", is_family, _ArgumentCondition(2, _EQUAL, protocol, 0))
        block("socket", is_family, _ArgumentCondition(2, _GREATER, socket.IPPROTO_TCP, 0))
    for name, flags in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        block(name, _ArgumentCondition(flags, _MASKED_EQUAL, _MSG_FASTOPEN, _MSG_FASTOPEN))


@functools.cache
def compile_filter(*, namespaces: bool = True) -> bytes:
    """Return the filter as BPF code; empty where libseccomp is not installed.

    Example:
        >>> len(compile_filter()) % 8  # an instruction has eight bytes
        0

    More calls are blocked for a kernel that does not run in namespaces.
    """
    library = libseccomp()
    if library is None:
        return b""
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_SCMP_ACT_ALLOW)))

    def block(name: str, *conditions: _ArgumentCondition, error: int = errno.EPERM) -> None:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # else this machine does not have the call
            array = (_ArgumentCondition * len(conditions))(*conditions)
            action = ctypes.c_uint32(_SCMP_ACT_ERRNO | error)
            library.seccomp_rule_add_array(context, action, number, len(conditions), array)

    for name in BLOCKED_CALLS:
        block(name)
    if not namespaces:
        _block_without_namespaces(block)
    # clone3 passes its flags in memory, where a filter can't see them; libc falls back to clone.
    block("clone3", error=errno.ENOSYS)
    for bit in range(32):
        if _CLONE_NAMESPACES >> bit & 1:
            block("clone", _ArgumentCondition(0, _MASKED_EQUAL, 1 << bit, 1 << bit))
    for family in set(range(max(SOCKET_FAMILIES))) - set(SOCKET_FAMILIES):
        block("socket", _ArgumentCondition(0, _EQUAL, family, 0))
    block("socket", _ArgumentCondition(0, _GREATER, max(SOCKET_FAMILIES), 0))
    try:
        with tempfile.TemporaryFile() as file:  # libseccomp only writes to files
            if library.seccomp_export_bpf(context, file.fileno()) != 0:
                return b""
            file.seek(0)
            return file.read()
    finally:
        library.seccomp_release(context)
