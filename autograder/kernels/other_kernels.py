"""Find the program of a kernel for another language than Python.

Many such kernels are Python modules that talk to an interpreter (Bash, Scheme, Octave); these run
in the sandbox, where the grader's sockets are handed to them. Other programs would have to open
sockets by themselves, which the sandbox doesn't allow.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from jupyter_client.kernelspec import KernelSpecManager

_PYTHON: Final = re.compile(r"python(\d(\.\d+)?)?(\.exe)?")
_MODULE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


def python_module(name: str) -> str:
    """Return the module of an installed kernel that is started by ``python -m MODULE -f FILE``.

    Example:
        >>> python_module("no-such-kernel")
        ''
    """
    folder = KernelSpecManager().find_kernel_specs().get(name, "")
    try:
        # Jupyter's own reader warns about entries that it doesn't know.
        spec = json.loads(Path(folder, "kernel.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    match spec.get("argv"):
        case [python, "-m", module, "-f", "{connection_file}"] if _PYTHON.fullmatch(
            Path(python).name
        ) and _MODULE.fullmatch(module):
            return str(module)
        case _:
            return ""
