"""Where corrected versions of the lessons come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from traitlets import Unicode
from traitlets.config import LoggingConfigurable

from course import locate
from course.handout import RECORD
from course.server.assignments import course_folder


class Updates(LoggingConfigurable):
    """Finds the newest version of the lessons.

    Example:
        >>> Updates(lessons="/srv/lessons").release(Path("/nowhere"), None)
    """

    lessons = Unicode(
        help="A self-learner's folder of the newest lessons. If empty, those of the course."
    ).tag(config=True)

    def release(self, root: Path, manager: Any) -> Path | None:
        """Return the folder with the newest lessons: the class's in the exchange, or the course's.

        Args:
            root: The learner's folder.
            manager: The object of nbgrader's assignment list, or None.
        """
        if folder := course_folder(manager):
            return folder / "outbound"
        if not (root / RECORD).is_file():
            return None
        try:
            return Path(self.lessons) if self.lessons else locate.lessons(root.parent)
        except FileNotFoundError:
            return None
