"""What a student's kernel gets to see: the Python environment, the course, few variables.

Nothing is passed on because it happens to be there. Tokens live in variables, keys at home,
solutions beside the course; so both lists name what is allowed.
"""

from __future__ import annotations

import importlib.util
import os
import site
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

HOME: Final = "/home/student"
TEMPORARY: Final = f"{HOME}/tmp"  # noqa: S108  (a folder of the kernel's own)
DATA: Final = "/srv/data"
QUIET: Final = {  # TensorFlow speaks on stderr even when all is well
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
PASSED_ON: Final = (  # the grader's own choice, where it has made one
    *("LANG", "LC_ALL", "TZ", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "MPLBACKEND"),
    *("KERAS_BACKEND", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)
_PYTHON: Final = ("bin", "include", "lib", "lib64", "share", "pyvenv.cfg")  # of an environment
MOST_THREADS: Final = 4  # for each library; a server has more cores than a kernel may use


def variables(
    own: Mapping[str, str], grader: Mapping[str, str], home: str = HOME, data: str | None = None
) -> dict[str, str]:
    """Return the whole environment of a student's kernel.

    Example:
        >>> variables({}, {"LANG": "C.UTF-8", "TOKEN": "secret"})["HOME"]
        '/home/student'
        >>> "TOKEN" in variables({}, {"LANG": "C.UTF-8", "TOKEN": "secret"})
        False

    Args:
        own: Variables to set on purpose; they win.
        grader: The grader's environment, of which little is passed on.
        home: The kernel's home folder.
        data: Where the course finds its data; None leaves it to the built-in data.
    """
    threads = str(min(os.cpu_count() or 1, MOST_THREADS))
    found = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "HOME": home,
        "USER": "student",
        "LOGNAME": "student",
        "TMPDIR": f"{home}/tmp",  # noqa: S108  (as above)
        "MPLCONFIGDIR": f"{home}/.config/matplotlib",
        "IPYTHONDIR": f"{home}/.ipython",
        "JUPYTER_PLATFORM_DIRS": "1",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        **QUIET,
    }
    if site.ENABLE_USER_SITE:
        found["PYTHONUSERBASE"] = site.getuserbase()
    if data is not None:
        found["COURSE_DATA"] = data
    found |= {name: grader[name] for name in PASSED_ON if name in grader}
    return found | dict(own)


def python_folders() -> list[Path]:
    """Folders that this Python and its packages live in; a file, where a folder is the course's."""
    folders = [Path(sys.prefix), Path(sys.exec_prefix), Path(sys.base_prefix)]
    step = Path(sys.executable)
    for _ in range(10):  # an environment's python is a link to a link to a python
        folders.append(step.parent.parent)
        if not step.is_symlink():
            break
        step = step.parent / step.readlink()
    if site.ENABLE_USER_SITE:
        folders.append(Path(site.getusersitepackages()))
    found = {place for folder in folders for place in (absolute(folder), folder.resolve())}
    root = course_root()
    for place in {each for each in found if each.resolve() == root}:  # solutions lie there, too
        found |= {place / part for part in _PYTHON if (place / part).exists()} - {place}
        found.remove(place)
    return sorted(place for place in found if place.exists() and len(place.parts) > 1)


def course_folder() -> Path | None:
    """Where the package that students import lies; None if it is not installed."""
    spec = importlib.util.find_spec("course")
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))).resolve() if places else None


def course_root() -> Path | None:
    """The instructor's folder around it; None if it is installed among other packages."""
    course = course_folder()
    if course is None or course.parent.name in {"site-packages", "dist-packages"}:
        return None
    return course.parent


def absolute(path: Path) -> Path:
    """The path without ``..``, its links left as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100  (resolve() would follow the links)
