"""What the page says about the machine and the course folder: disk, backups, the log."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder import audit_log

LOW_SHARE: Final = 0.2  # of the disk; the hub's guide says when to act
BACKUP_ACTION: Final = "backup"  # in the audit log


@dataclass(frozen=True)
class MachineState:
    """The state of the machine.

    Attributes:
        free: Free bytes on the disk of the course folder.
        total: All of its bytes.
        last_backup: When the last backup was made, in ISO 8601; empty if none is in the log.
        broken_log: The lines before which the audit log was changed.
    """

    free: int
    total: int
    last_backup: str = ""
    broken_log: tuple[int, ...] = ()

    @property
    def disk_is_low(self) -> bool:
        """Whether too little of the disk is free.

        Example:
            >>> MachineState(free=1, total=10).disk_is_low
            True
        """
        return self.free < LOW_SHARE * self.total


def read_state(root: Path) -> MachineState:
    """Return the state of the machine that holds a course folder."""
    disk = shutil.disk_usage(root)
    backups = [entry.time for entry in audit_log.read(root) if entry.action == BACKUP_ACTION]
    return MachineState(
        disk.free, disk.total, backups[-1] if backups else "", tuple(audit_log.check(root))
    )
