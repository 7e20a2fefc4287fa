"""What the instructor allows, in ``feedback.toml`` of the course folder.

It is read again when it changes.

::

    attempts = 3          # for each question; 0 is any number

    [assignments.exam]
    on = false            # answers are saved, and nothing is said
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = "feedback.toml"


@dataclass(frozen=True)
class Rule:
    """What holds for an assignment.

    Attributes:
        on: Whether right or wrong is said at all.
        attempts: How many different answers are judged for each question; 0 is any number.
    """

    on: bool = True
    attempts: int = 3


class PolicyError(ValueError):
    """The policy's file can't be followed."""


class Policy:
    """The rules, by assignment.

    Example:
        >>> Policy(Path("/nowhere/feedback.toml")).rule("01-intro")
        Rule(on=True, attempts=3)

    Args:
        path: The file; without one the defaults hold.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._table: dict[str, Any] = {}

    def rule(self, assignment: str) -> Rule:
        """Return what holds for an assignment.

        Raises:
            PolicyError: The file is broken. Nothing is judged until it is mended: an exam's
                answers must not come out because of a slip of the pen.
        """
        self._read_again()
        own = self._table.get("assignments", {}).get(assignment, {})
        general = {name: self._table[name] for name in ("on", "attempts") if name in self._table}
        return Rule(**{**general, **own})

    def _read_again(self) -> None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._stamp, self._table = None, {}
            return
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp != self._stamp:
            self._table = _checked(self._path)
            self._stamp = stamp


def _checked(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PolicyError(f"{path.name} can't be read: {error}") from error
    assignments = table.get("assignments", {})
    if not isinstance(assignments, dict):
        raise PolicyError(f"{path.name}: assignments must be tables, [assignments.NAME]")
    _check("", {name: value for name, value in table.items() if name != "assignments"}, path)
    for name, own in assignments.items():
        _check(f"assignments.{name}: ", own, path)
    return table


def _check(place: str, rule: Any, path: Path) -> None:
    if not isinstance(rule, dict) or not set(rule) <= {"on", "attempts"}:
        raise PolicyError(f"{path.name}: {place}only on and attempts can be set")
    if not isinstance(rule.get("on", True), bool):
        raise PolicyError(f"{path.name}: {place}on must be true or false")
    attempts = rule.get("attempts", 0)
    if isinstance(attempts, bool) or not isinstance(attempts, int) or attempts < 0:
        raise PolicyError(f"{path.name}: {place}attempts must be a whole number, 0 or more")
