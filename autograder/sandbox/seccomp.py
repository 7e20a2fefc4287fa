"""A filter of system calls that no lesson needs, made by libseccomp for Bubblewrap.

The namespaces keep a student's code away from the rest of the machine. The filter keeps it
from the parts of the Linux kernel that namespaces do not cover or that are often at fault:
new namespaces, tracing, keyrings, and sockets of rare kinds.

Example:
    >>> len(program()) % 8  # one instruction has eight bytes  # doctest: +SKIP
    0
"""

from __future__ import annotations

import ctypes
import errno
import functools
import socket
import tempfile
from collections.abc import Callable
from typing import Final

# Refused to all: names from man 2 syscalls.
REFUSED: Final = (
    *("unshare", "setns"),  # without a namespace of one's own, nothing can be mounted
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd"),
    *("add_key", "request_key", "keyctl", "bpf", "perf_event_open", "userfaultfd"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "name_to_handle_at"),
    *("open_by_handle_at", "init_module", "finit_module", "kexec_load", "kexec_file_load"),
    # Memory that no process need hold, so that nobody counts it where there is no control group.
    *("memfd_create", "memfd_secret", "shmget", "shmat"),
    *("acct", "quotactl", "swapon", "swapoff", "reboot", "syslog", "fanotify_init"),
)
# Sockets that are not held back by a network namespace of one's own, or that nobody needs.
SOCKETS: Final = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, 16)  # 16: AF_NETLINK
_CLONE_NAMESPACES: Final = 0x7E02_0000  # CLONE_NEW*, from linux/sched.h

_FAST_OPEN: Final = 0x2000_0000  # MSG_FASTOPEN, from linux/socket.h
_ALLOW: Final = 0x7FFF_0000  # SCMP_ACT_ALLOW and the rest: from seccomp.h
_ERRNO: Final = 0x0005_0000
_EQ, _GT, _MASKED = 4, 6, 7


class _Argument(ctypes.Structure):
    """``struct scmp_arg_cmp``: a condition on one argument of a call."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


@functools.cache
def library() -> ctypes.CDLL | None:
    """libseccomp, or None where it is not installed."""
    try:
        loaded = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return None
    loaded.seccomp_init.restype = ctypes.c_void_p
    return loaded


# Landlock does not decide about these. Programs that copy files call the first, so they are
# told that it was done.
PRETENDED: Final = ("chmod", "fchmodat", "fchmodat2", "utime", "utimes", "utimensat", "futimesat")
REFUSED_TOO: Final = (
    *("chown", "lchown", "fchownat", "setxattr", "lsetxattr", "removexattr", "lremovexattr"),
    *("chroot", "mount", "umount2", "pivot_root", "move_mount", "fsmount", "open_tree"),
    *("semget", "msgget", "mq_open"),  # they would outlive the kernel
    *("listen", "mknod", "mknodat", "sched_setaffinity", "setpriority"),
)


def _rely_on_nothing(refuse: Callable[..., None]) -> None:
    """Refuse what only namespaces hold back, and what Landlock does not decide about."""
    for name in REFUSED_TOO:
        refuse(name)
    for name in PRETENDED:
        refuse(name, error=0)
    refuse("prlimit64", _Argument(0, _GT, 0, 0))  # the limits of others
    # Landlock decides about TCP alone, and not about a connection that begins with data.
    refuse("socket", _Argument(0, _EQ, socket.AF_UNIX, 0))
    for family in (socket.AF_INET, socket.AF_INET6):
        own = _Argument(0, _EQ, family, 0)
        for kind in set(range(16)) - {socket.SOCK_STREAM}:
            refuse("socket", own, _Argument(1, _MASKED, 15, kind))
        for protocol in range(1, socket.IPPROTO_TCP):
            refuse("socket", own, _Argument(2, _EQ, protocol, 0))
        refuse("socket", own, _Argument(2, _GT, socket.IPPROTO_TCP, 0))
    for name, flags in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        refuse(name, _Argument(flags, _MASKED, _FAST_OPEN, _FAST_OPEN))


@functools.cache
def program(*, strict: bool = False) -> bytes:
    """The filter, as Bubblewrap wants it; empty where libseccomp is not installed.

    Args:
        strict: Whether nothing else keeps the kernel from the network and from others' files.
    """
    seccomp = library()
    if seccomp is None:
        return b""
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(_ALLOW)))

    def refuse(name: str, *conditions: _Argument, error: int = errno.EPERM) -> None:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # unknown to this machine: then nobody can call it
            arguments = (_Argument * len(conditions))(*conditions)
            action = ctypes.c_uint32(_ERRNO | error)
            seccomp.seccomp_rule_add_array(context, action, number, len(conditions), arguments)

    for name in REFUSED:
        refuse(name)
    if strict:
        _rely_on_nothing(refuse)
    # clone3 hides its flags in memory; without it the C library takes clone.
    refuse("clone3", error=errno.ENOSYS)
    for bit in range(32):
        if _CLONE_NAMESPACES >> bit & 1:
            refuse("clone", _Argument(0, _MASKED, 1 << bit, 1 << bit))
    for family in set(range(max(SOCKETS))) - set(SOCKETS):
        refuse("socket", _Argument(0, _EQ, family, 0))
    refuse("socket", _Argument(0, _GT, max(SOCKETS), 0))
    try:
        with tempfile.TemporaryFile() as file:  # libseccomp writes to files alone
            if seccomp.seccomp_export_bpf(context, file.fileno()) != 0:
                return b""
            file.seek(0)
            return file.read()
    finally:
        seccomp.seccomp_release(context)
