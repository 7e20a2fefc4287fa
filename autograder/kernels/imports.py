"""Find out which modules a lesson will import, from its source and that of the course.

Imports inside functions count too: the course imports heavy libraries there.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from autograder.sandbox import environment

COURSE_PACKAGE: Final = "course"
KERNEL_MODULES: Final = (  # imported by every kernel before its first cell
    *("IPython.core.completer", "IPython.core.completerlib", "IPython.core.debugger"),
    *("IPython.core.displayhook", "IPython.core.magics", "IPython.core.oinspect"),
    *("IPython.extensions.storemagic", "datetime", "faulthandler", "fractions", "ipykernel.comm"),
    *("ipykernel.zmqshell",),
    *("matplotlib_inline.config", "psutil", "tornado.platform.asyncio", "zmq.eventloop.zmqstream"),
)
PRELOAD_CALLS: Final = {  # calls that fill a cache of the module, as module:function:argument
    "course.data.bundled_digits": "course.data:digits:bundled",
}


def find_modules(sources: Iterable[str]) -> tuple[str, ...]:
    """Return the modules that code imports, also through the course, and what to call in them.

    Example:
        >>> "numpy" in find_modules(["from course import baselines"])
        True

    Code that isn't plain Python (IPython's magics) is skipped.
    """
    return _find_modules(environment.course_folder(), tuple(sources))


@functools.lru_cache(maxsize=64)
def _find_modules(course: Path | None, sources: tuple[str, ...]) -> tuple[str, ...]:
    modules = dict.fromkeys(KERNEL_MODULES)
    pending = [name for source in sources for name in _imports(source)]
    while pending:
        name = pending.pop()
        if name in modules:
            continue
        modules[name] = None
        if course is not None and name.partition(".")[0] == COURSE_PACKAGE:
            pending += _course_imports(course, name)
    return (*sorted(modules), *(call for name, call in PRELOAD_CALLS.items() if name in modules))


@functools.cache
def _course_imports(course: Path, name: str) -> tuple[str, ...]:
    path = course.joinpath(*name.split(".")[1:])
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return tuple(_imports(file.read_text(encoding="utf-8")))
    return ()


def _imports(source: str) -> Iterator[str]:
    """Yield names that may be modules; some are only attributes of one."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            if node.module.partition(".")[0] == COURSE_PACKAGE:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
