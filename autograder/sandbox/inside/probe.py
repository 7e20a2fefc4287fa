"""What a student's code could do here: tried from inside a kernel, for `doctor`.

This text is run in the kernel as it is, so it imports nothing of the course. Each function
tries one thing, harms nothing but the kernel's own place, and says whether it could be done.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_WAIT = "import sys; sys.stdin.read()"
NEW_USER = 0x10000000  # CLONE_NEWUSER, from linux/sched.h


def works(action: Any) -> bool:
    """Whether an action raises no error of the system's."""
    try:
        action()
    except OSError:
        return False
    return True


def connect(kind: int, address: Any) -> bool:
    """Whether something can be reached through a socket."""
    try:
        with socket.socket(kind, socket.SOCK_STREAM) as opened:
            opened.settimeout(2)
            opened.connect(address)
    except OSError:
        return False
    return True


def changes(folder: str) -> bool:
    """Whether a file can be put into a folder."""
    place = Path(folder, "probe")
    done = works(lambda: place.write_text("x", encoding="ascii"))
    works(place.unlink)
    return done


def sees(word: str) -> bool:
    """Whether a process of the machine's with this word in its command is in sight."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in place.read_bytes():
                return True
        except OSError:
            continue
    return False


def calls(name: str, *arguments: int) -> bool:
    """Whether a system call is let through."""
    return int(getattr(ctypes.CDLL(None), name)(*arguments)) >= 0


def status(word: str) -> str:
    """A line of what Linux says about this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next((line.split()[1] for line in lines if line.startswith(word)), "")


def fills(folder: str, size: int) -> bool:
    """Whether more bytes than these can be kept, in files of a megabyte."""
    places = [Path(folder, f"fill-{number}") for number in range(size // 2**20 + 4)]
    done = works(lambda: [place.write_bytes(bytes(2**20)) for place in places])
    for place in places:
        place.unlink(missing_ok=True)
    return done


def litters(folder: str, number: int) -> bool:
    """Whether more files than these can be made."""
    places = [Path(folder, f"litter-{i}") for i in range(number + 4)]
    done = works(lambda: [place.write_bytes(b"") for place in places])
    for place in places:
        place.unlink(missing_ok=True)
    return done


def swells(folder: str, size: int) -> bool:
    """Whether one file can be larger than this."""
    place = Path(folder, "large")
    with place.open("wb") as file:
        done = works(lambda: os.truncate(file.fileno(), size + 1))
    place.unlink()
    return done


def multiplies(number: int) -> bool:
    """Whether more processes than these can be started."""
    children: list[int] = []
    try:
        for _ in range(number + 4):
            child = os.fork()
            if child == 0:
                signal.pause()
                os._exit(0)
            children.append(child)
    except OSError:
        return False
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return True


HOARDS = {
    "own": "b = bytearray(b'x') * {size}",
    "shared": "import mmap; b = mmap.mmap(-1, {size}); b.write(b'x' * 2**20 * ({size} >> 20))",
    "nameless": (
        "import os; b = os.memfd_create('b')\n"
        "for _ in range({size} >> 20): os.write(b, b'x' * 2**20)\n"
    ),
}


def hoards(size: int, kind: str) -> bool:
    """Whether two processes together can hold more memory than this, each of them less.

    The memory is each process's own, one that it could share, or a file without a name.
    """
    hold = HOARDS[kind].format(size=size * 6 // 10)
    code = f"{hold}\nimport sys; print('held', flush=True); {_WAIT}"
    kept = [
        subprocess.Popen(  # noqa: S603  (our own command)
            [sys.executable, "-S", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    said = [child.stdout.readline() for child in kept if child.stdout]
    time.sleep(0.3)
    alive = [child.poll() is None for child in kept]
    for child in kept:
        child.kill()
        child.communicate()
    return all(alive) and all(said)


def outlives(word: str) -> None:
    """Leave a process behind that has nothing to do with this one any more."""
    code = f"'{word}'; import time; time.sleep(600)"
    subprocess.Popen([sys.executable, "-S", "-c", code], start_new_session=True)  # noqa: S603  (our own command)


def probe(told: dict[str, Any]) -> dict[str, bool]:
    """Try everything that harms nothing; by name, whether it could be done."""
    home = os.path.expanduser("~")  # noqa: PTH111  (as a student would)
    return {
        "connect": connect(socket.AF_INET, ("127.0.0.1", told["port"])),
        "unix": connect(socket.AF_UNIX, told["socket"]),
        "read": works(Path(told["secret"]).read_bytes),
        "source": works(lambda: next(Path(told["source"]).iterdir())),
        "write": any(changes(place) for place in ("/", "/usr", "/etc", "/dev", sys.prefix)),
        "course": bool(told["course"]) and changes(told["course"]),
        "processes": sees(told["word"]),
        "environment": told["word"] in " ".join(os.environ.values()),
        "namespaces": calls("unshare", NEW_USER),
        "trace": calls("ptrace", 0, 0, 0, 0),
        "rights": status("CapEff").strip("0") != "" or status("NoNewPrivs") != "1",
        "root": os.getuid() == 0,
        "terminal": works(lambda: os.close(os.open("/dev/tty", os.O_RDWR))),
        "disk": fills(home, told["disk"]),
        "files": litters(home, told["files"]),
        "file_size": swells(home, told["file_size"]),
        "multiply": multiplies(told["processes"]),
    }


def say(found: Any) -> None:
    """Print what was found, for the doctor to read."""
    sys.stdout.write(json.dumps(found))
