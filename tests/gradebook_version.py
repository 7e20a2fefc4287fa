"""Stamp new gradebooks without starting ``alembic`` for each, which takes longer than most tests.

nbgrader runs that command once per gradebook to learn the name of the latest migration, which its
own folder of migrations tells as well.
"""

from __future__ import annotations

import functools

from alembic.script import ScriptDirectory
from nbgrader import api, dbutil


@functools.cache
def latest() -> str:
    """Return the version of a new gradebook."""
    return str(ScriptDirectory(dbutil.ALEMBIC_DIR).get_current_head())


def use_without_alembic() -> None:
    """Let nbgrader take `latest` in this process and those forked from it."""
    latest()
    api.get_alembic_version = latest
