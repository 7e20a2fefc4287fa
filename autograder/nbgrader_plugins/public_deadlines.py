"""Publish due dates and late rules in the exchange, where students' servers read them.

A student's server can't read the gradebook or ``deadlines.toml``. It gets what concerns only this
student, an extension and the late days left, from the hub's feedback service.
"""

from __future__ import annotations

from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import Exchange
from traitlets.config import Config

from autograder.nbgrader_plugins import gradebook_reader
from autograder.nbgrader_plugins.late_policy import effective_rule
from course.deadlines import DueDate, write_public


def publish(config: Config) -> bool:
    """Write the deadlines of all released assignments; return whether there is an exchange.

    Raises:
        CourseError: The gradebook or ``deadlines.toml`` can't be read.
        OSError: The exchange can't be written to.
    """
    course = CourseDirectory(config=config)
    folder = Path(Exchange(config=config).root, str(course.course_id))
    outbound = folder / "outbound"
    if not course.course_id or not outbound.is_dir():
        return False
    write_public(
        folder,
        {
            name: DueDate(due=due, rule=effective_rule(config, name))
            for name, due in gradebook_reader.read_due_dates(course.db_url).items()
            if due is not None and (outbound / name).is_dir()
        },
    )
    return True
