"""Run a program of this folder: ``python -P start.py forkserver ARGUMENTS``.

The programs import each other as a package, but no folder of the grader may be on ``sys.path``: a
student's kernel is forked from one of these processes and would find the grader's modules.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

PACKAGE = "sandbox_inside"


def main(name: str, arguments: list[str]) -> None:
    """Import a program as a submodule of a package that is not on any path, and run it."""
    package = ModuleType(PACKAGE)
    package.__path__ = [str(Path(__file__).parent)]
    sys.modules[PACKAGE] = package
    importlib.import_module(f"{PACKAGE}.{name}").main(arguments)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
