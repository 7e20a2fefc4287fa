"""nbgrader's settings for this course: nbgrader's own commands with the course's plugins."""

import os
import sys
import warnings
from pathlib import Path

from sqlalchemy.exc import SAWarning

from autograder import student_text
from autograder.feedback import markup, page
from autograder.nbgrader_plugins import (
    autograde,
    collect,
    feedback,
    formgrader_log,
    formgrader_rubrics,
    generate,
    late_policy,
    release,
    release_feedback,
)
from autograder.publish import release_check

# nbgrader runs `alembic`, which is installed next to Python, by name to create a gradebook.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

# Caused by nbgrader's own queries; instructors can't do anything about them.
warnings.filterwarnings("ignore", category=SAWarning, module=r"nbgrader\.api")

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (nbgrader provides it)

c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "autoencoders"
# Files that are never released: lesson texts, which contain the answers, templates of autotests,
# and temporary files.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    ".*",
    "feedback",
    "*.md",
    "autotests.yml",
    release_check.EXTRA_FILES_LIST,
]

# Generating and releasing assignments. release/ is built from source/ and never edited, so
# overwriting it loses nothing.
c.GenerateAssignment.force = True
c.GenerateAssignment.preprocessors = release.PREPROCESSORS
# Replaces an earlier release only by a complete new one. Questions may change when submissions
# exist; what a person has scored stays.
c.GenerateAssignment.exporter_class = generate.SafeGenerate
c.ClearSolutions.code_stub = student_text.CODE_STUBS
# Checks the release again, in case it is out of date or was edited by hand.
c.ExchangeFactory.release_assignment = release.ReleaseAssignment

# Collecting. Links in a submission are never followed.
c.ExchangeFactory.collect = collect.CollectFiles

# Grading.
c.Autograde.exporter_class = autograde.ReadSubmission
c.Autograde.pre_convert_hook = autograde.expect_notebooks
c.Autograde.sanitize_preprocessors = autograde.SANITIZE_PREPROCESSORS
c.Autograde.autograde_preprocessors = autograde.AUTOGRADE_PREPROCESSORS
# Time limits. One code cell can have its own: write `:seconds: 120` below its first line.
c.Grade.cell_seconds = 30
c.Grade.notebook_seconds = 300
c.Grade.start_seconds = 60  # extra time for the imports of a new kernel
# Also available: c.Grade.limits = {"memory": 4 << 30, ...} for the limits of a kernel, and
# c.Grade.visible = ["/srv/material"] for additional folders that students' code may read.

# For students on their own computers, which don't know the names they are graded under:
# c.Grade.any_variant = True grades any variant of a question pool.

# Late submissions, by the rules in deadlines.toml; without that file, by
# c.LateSubmissionPlugin.penalty_method.
c.AssignLatePenalties.plugin_class = late_policy.DeadlinePolicy

# Feedback.
c.GenerateFeedback.preprocessors = feedback.PREPROCESSORS
c.GenerateFeedback.exporter_class = feedback.FeedbackExporter
c.GenerateFeedback.post_convert_hook = feedback.finish_pages
c.GenerateFeedback.HTMLExporter.template_name = "feedback"
c.GenerateFeedback.HTMLExporter.extra_template_basedirs = [str(page.TEMPLATES)]
c.ExchangeFactory.release_feedback = release_feedback.ReleaseFeedback
# When feedback shows keys and explanations: "never", "after the due date" or "always".
c.ShowGrades.reveal = "after the due date"

# Markdown and code as safe HTML, and in formgrader a page that loads nothing from elsewhere and
# shows the rubrics of written answers.
c.HTMLExporter.filters = markup.FILTERS
c.HTMLExporter.template_name = "safe_formgrade"
c.HTMLExporter.preprocessors = formgrader_rubrics.PREPROCESSORS
c.HTMLExporter.extra_template_basedirs = [str(page.TEMPLATES), feedback.FORMGRADER_TEMPLATES]
c.HTMLExporter.extra_template_paths = [feedback.FORMGRADER_TEMPLATES]

# Exporting grades.
c.ExportApp.plugin_class = "autograder.nbgrader_plugins.export.ExportGrades"

# Scores, comments and due dates that people change in formgrader go into the audit log.
formgrader_log.install()
