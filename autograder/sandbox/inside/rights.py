"""Give up privileges for good.

`install_filter` comes last, because it blocks calls that the others need. Constants are
from linux/prctl.h, linux/capability.h and linux/seccomp.h.
"""

from __future__ import annotations

import ctypes
import functools
import os

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_LINUX_CAPABILITY_VERSION_3 = 0x2008_0522
_INSTRUCTION_BYTES = 8
_MAX_FILTER_BYTES = 1 << 20


class _FilterProgram(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


@functools.cache
def libc() -> ctypes.CDLL:
    """Return the C library; its functions set errno."""
    return ctypes.CDLL(None, use_errno=True)


def check(result: int) -> int:
    """Return the result of a C function, or raise OSError if it is negative."""
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def prctl(option: int, value: int) -> None:
    """Set a property of this process."""
    check(libc().prctl(option, value, 0, 0, 0))


def drop_privileges(uid: int | None) -> None:
    """Give up all capabilities and ways to regain them; become another user if one is given.

    Raises:
        PermissionError: The user would be root, who owns the system's files.
    """
    capability = 0
    while libc().prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:  # until there are no more
        capability += 1
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    if 0 in os.getresuid():
        raise PermissionError("students' code never runs as root")
    header = (ctypes.c_uint32 * 2)(_LINUX_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    check(libc().capset(header, none))
    prctl(PR_SET_NO_NEW_PRIVS, 1)  # no set-user-ID program gains any


def install_filter(fd: int) -> None:
    """Filter all further system calls of this process, and close the file with the filter."""
    code = os.pread(fd, _MAX_FILTER_BYTES, 0)  # the position is shared with other processes
    os.close(fd)
    buffer = ctypes.create_string_buffer(code, len(code))
    address = ctypes.cast(buffer, ctypes.c_void_p)
    program = _FilterProgram(len(code) // _INSTRUCTION_BYTES, address)
    check(libc().prctl(PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0))
