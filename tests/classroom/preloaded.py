"""Load what the course's settings import into the process from which `commands` forks."""

from __future__ import annotations

from autograder.feedback import markup, page
from autograder.nbgrader_plugins import (
    autograde,
    collect,
    export,
    feedback,
    generate,
    release,
    release_feedback,
)
from autograder.publish import release_check
from tests import gradebook_version

LOADED = (
    *(autograde, collect, export, feedback, generate, markup, page),
    *(release, release_check, release_feedback),
)
gradebook_version.use_without_alembic()
