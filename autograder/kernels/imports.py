"""Which modules a lesson will load, read from its text and from the course's, nothing run.

A module that is imported inside a function counts too: that is how the course loads what is heavy.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from autograder.sandbox import environment

COURSE: Final = "course"
KERNEL: Final = (  # what every kernel loads before its first cell
    *("IPython.core.completer", "IPython.core.completerlib", "IPython.core.debugger"),
    *("IPython.core.displayhook", "IPython.core.magics", "IPython.core.oinspect"),
    *("IPython.extensions.storemagic", "faulthandler", "ipykernel.comm", "ipykernel.zmqshell"),
    *("matplotlib_inline.config", "psutil", "tornado.platform.asyncio", "zmq.eventloop.zmqstream"),
)

CALLS: Final = {  # what a module of the course keeps once it was asked for, and how to ask
    "course.data.bundled_digits": "course.data:digits:bundled",
}


def modules(sources: Iterable[str]) -> tuple[str, ...]:
    """Return the modules that code imports, directly or by way of the course, and some calls.

    Example:
        >>> "numpy" in modules(["from course import baselines"])
        True
        >>> "json" in modules(["import json"])
        True

    Args:
        sources: Code; what is no plain Python (a cell with IPython's magic) is passed over.
    """
    return _modules(environment.course_folder(), tuple(sources))


@functools.lru_cache(maxsize=64)
def _modules(folder: Path | None, sources: tuple[str, ...]) -> tuple[str, ...]:
    found = dict.fromkeys(KERNEL)
    waiting = [name for source in sources for name in _imported(source)]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = None
        if folder is not None and name.partition(".")[0] == COURSE:
            waiting += _inside(folder, name)
    return (*sorted(found), *(call for name, call in CALLS.items() if name in found))


@functools.cache
def _inside(folder: Path, name: str) -> tuple[str, ...]:
    """What a module of the course imports; nothing if there is no such module."""
    path = folder.joinpath(*name.split(".")[1:])
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return tuple(_imported(file.read_text(encoding="utf-8")))
    return ()


def _imported(source: str) -> Iterator[str]:
    """Yield the names that may be modules; some are only things inside of one."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            if node.module.partition(".")[0] == COURSE:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
