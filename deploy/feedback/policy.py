"""What the instructor allows: ``feedback.toml`` in the course folder, reread when it changes.

::

    attempts = 3          # per question; 0 means unlimited
    keep_days = 400       # of the Check record; 0 keeps everything

    [assignments.exam]
    on = false            # answers are saved without feedback
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FILE: Final = "feedback.toml"


class Rule(BaseModel):
    """What applies to an assignment.

    Attributes:
        on: Whether students learn at once if an answer is right.
        attempts: How many different answers are checked per question; 0 means unlimited.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    on: bool = True
    attempts: int = Field(default=3, ge=0)


class _PolicyFile(Rule):
    keep_days: int = Field(default=400, ge=0)
    assignments: dict[str, Rule] = Field(default_factory=dict)


class PolicyError(ValueError):
    """The policy file is invalid."""


class Policy:
    """The rules, by assignment.

    Example:
        >>> Policy(Path("/nowhere/feedback.toml")).rule("01-intro")
        Rule(on=True, attempts=3)

    Args:
        path: The file; if it doesn't exist, the defaults apply.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._file = _PolicyFile()

    def rule(self, assignment: str) -> Rule:
        """Return what applies to an assignment.

        Raises:
            PolicyError: The file is invalid. Nothing is checked until it is fixed, so that a typo
                can't reveal the answers of an exam.
        """
        self._reload()
        general = self._file.model_dump(exclude_unset=True, exclude={"assignments", "keep_days"})
        own = self._file.assignments.get(assignment, Rule()).model_dump(exclude_unset=True)
        return Rule(**{**general, **own})

    def keep_days(self) -> int:
        """Return for how many days the record is kept; 0 means without limit.

        Raises:
            PolicyError: The file is invalid.
        """
        self._reload()
        return self._file.keep_days

    def _reload(self) -> None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._stamp, self._file = None, _PolicyFile()
            return
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp != self._stamp:
            self._file = _read(self._path)
            self._stamp = stamp


def _read(path: Path) -> _PolicyFile:
    try:
        return _PolicyFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        reasons = (f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
        allowed = (
            "only `on` (true or false), `attempts` (a number, 0 or more) and, for all assignments,"
            " `keep_days` can be set"
        )
        raise PolicyError(f"{path.name}: {'; '.join(reasons)}; {allowed}") from error
    except (OSError, ValueError) as error:
        raise PolicyError(f"{path.name} can't be read: {error}") from error
