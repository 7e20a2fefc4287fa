"""Publish and grade the course; for instructors only, never installed for students."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Final

_MOVED: Final = {  # modules that an nbgrader_config.py may still name
    "export": "nbgrader_plugins.export",
    "links": "nbgrader_plugins.collect",
    "preprocessors": "nbgrader_plugins.autograde, .feedback and .release",
    "publish.answers": "publish.answer_leaks",
    "publish.gate": "nbgrader_plugins.release and autograder.publish.release_check",
}


class _MovedModule(ModuleType):
    """Tells whoever uses a module by its old name about the new one."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(f"autograder.{old}")
        self._message = (
            f"autograder.{old} is now autograder.{new}; see the course's nbgrader_config.py"
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(self._message)


sys.modules.update({f"autograder.{old}": _MovedModule(old, new) for old, new in _MOVED.items()})
