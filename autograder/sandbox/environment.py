"""What a student's kernel gets to see: the Python environment, the course, and few variables.

Both lists name what is allowed, not what is hidden: tokens are in variables, keys in the home
folder, solutions beside the course.
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
TMP_DIR: Final = f"{HOME}/tmp"  # noqa: S108  (inside the sandbox)
DATA_DIR: Final = "/srv/data"
QUIET_TENSORFLOW: Final = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
# Without a network, pip would try again for ten seconds.
OFFLINE: Final = {"PIP_RETRIES": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_OFFLINE": "1"}
LIBRARY_THREAD_VARIABLES: Final = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"),
    "TF_NUM_INTEROP_THREADS",
)
INHERITED_VARIABLES: Final = (
    *("LANG", "LC_ALL", "TZ", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "MPLBACKEND"),
    *("KERAS_BACKEND", "MKL_NUM_THREADS", *LIBRARY_THREAD_VARIABLES),
)
MAX_THREADS: Final = 4  # per library; a server has more cores than one kernel may use
_VENV_ENTRIES: Final = ("bin", "include", "lib", "lib64", "share", "pyvenv.cfg")


def kernel_env(
    env: Mapping[str, str],
    home: Path | str = HOME,
    data_dir: Path | str | None = None,
    library: Path | str = "",
    grader_env: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Return all environment variables of a student's kernel.

    Example:
        >>> "TOKEN" in kernel_env({}, grader_env={"LANG": "C.UTF-8", "TOKEN": "secret"})
        False

    ``env`` overrides all others; of ``grader_env`` only `INHERITED_VARIABLES` are inherited. The
    course finds its data in ``data_dir``, and ``library`` is appended to Python's search path.
    """
    threads = str(min(os.cpu_count() or 1, MAX_THREADS))
    variables = {
        "PATH": os.pathsep.join([str(Path(python()).parent), "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "USER": "student",
        "LOGNAME": "student",
        "TMPDIR": f"{home}/tmp",  # noqa: S108  (as above)
        "MPLCONFIGDIR": f"{home}/.config/matplotlib",
        "IPYTHONDIR": f"{home}/.ipython",
        "JUPYTER_PLATFORM_DIRS": "1",
        "GIT_CONFIG_NOSYSTEM": "1",  # git stops if it may not read /etc/gitconfig
        **dict.fromkeys(LIBRARY_THREAD_VARIABLES, threads),
        **QUIET_TENSORFLOW,
        **OFFLINE,
    }
    if site.ENABLE_USER_SITE:
        variables["PYTHONUSERBASE"] = site.getuserbase()
    if data_dir is not None:
        variables["COURSE_DATA"] = str(data_dir)
    variables |= {name: grader_env[name] for name in INHERITED_VARIABLES if name in grader_env}
    variables |= env
    path = os.pathsep.join(filter(None, [variables.get("PYTHONPATH", ""), str(library)]))
    return variables | ({"PYTHONPATH": path} if path else {})


def python() -> str:
    """Return the path of this Python for use in a sandbox, where ``folder/..`` may not exist."""
    path = Path(sys.executable)
    return str(path.parent.resolve() / path.name) if ".." in path.parts else sys.executable


def python_folders() -> list[Path]:
    """Return the folders of this Python and its packages.

    If the course's folder is itself a virtual environment, only that environment's own entries.
    """
    folders = [Path(sys.prefix), Path(sys.exec_prefix), Path(sys.base_prefix)]
    executable = Path(python())
    for _ in range(10):  # a venv's python is a link to a link to a python
        folders.append(executable.parent.parent)
        if not executable.is_symlink():
            break
        executable = executable.parent / executable.readlink()
    if site.ENABLE_USER_SITE:
        folders.append(Path(site.getusersitepackages()))
    paths = {Path(os.path.abspath(folder)) for folder in folders}  # noqa: PTH100  (with its links)
    paths |= {folder.resolve() for folder in folders}
    root = course_root()
    for venv in {path for path in paths if path.resolve() == root}:  # solutions lie beside it
        paths |= {venv / name for name in _VENV_ENTRIES}
        paths.remove(venv)
    return sorted(path for path in paths if path.exists() and len(path.parts) > 1)


def course_folder() -> Path | None:
    """Return the folder of the `course` package; None if it is not installed."""
    spec = importlib.util.find_spec("course")
    locations = spec.submodule_search_locations if spec else None
    return Path(next(iter(locations))).resolve() if locations else None


def course_root() -> Path | None:
    """Return the instructor's folder around `course`; None if that is a folder of packages."""
    course = course_folder()
    if course is None or course.parent.name in {"site-packages", "dist-packages"}:
        return None
    return course.parent
