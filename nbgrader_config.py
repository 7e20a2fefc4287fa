"""How nbgrader publishes and grades this course: its own commands, with our steps in its lists."""

import os
import sys
import warnings
from pathlib import Path

from sqlalchemy.exc import SAWarning

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:  # so that the commands find `autograder` from any environment
    sys.path.insert(0, str(HERE))

# nbgrader makes a new gradebook by calling `alembic` by name, which lies beside Python.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

from autograder.feedback import page  # noqa: E402  (as above)
from autograder.nbgrader_plugins import collect, preprocessors  # noqa: E402  (it lies beside this file)
from autograder.publish import answer_leaks, release_check  # noqa: E402  (as above)

# nbgrader's own queries; nothing that an instructor could mend.
warnings.filterwarnings("ignore", category=SAWarning, module=r"nbgrader\.api")

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (nbgrader provides it)

c.CourseDirectory.root = str(HERE)
c.CourseDirectory.course_id = "autoencoders"
# The text of a lesson holds the answers; what a kernel or an editor leaves behind helps nobody.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    ".*",
    "feedback",
    "*.md",
    release_check.FILES,
]

# release/ is built from source/ and never edited, so building it again loses nothing.
c.GenerateAssignment.force = True
c.GenerateAssignment.preprocessors = preprocessors.PUBLISH
c.ClearSolutions.code_stub = {"python": answer_leaks.STUB}
# Checks once more what `generate_assignment` made, or a hand edited since.
c.ExchangeFactory.release_assignment = release_check.ReleaseAssignment
# A link that a student hands in is not followed.
c.ExchangeFactory.collect = collect.CollectFiles

c.Autograde.exporter_class = preprocessors.ReadSubmission
c.Autograde.pre_convert_hook = preprocessors.expect_notebooks
c.Autograde.sanitize_preprocessors = preprocessors.SANITIZE
c.Autograde.autograde_preprocessors = preprocessors.AUTOGRADE
c.Grade.cell_seconds = 30
c.Grade.notebook_seconds = 300
c.Grade.start_seconds = 60
# Also: c.Grade.limits = {"memory": 4 << 30, ...}, c.Grade.visible = ["/srv/material"]; and a code
# cell of a lesson may have seconds of its own: `:seconds: 120` below its first line.

c.GenerateFeedback.preprocessors = preprocessors.FEEDBACK
c.GenerateFeedback.post_convert_hook = preprocessors.rename_feedback
# For feedback alone: formgrader has templates of its own.
c.GenerateFeedback.HTMLExporter.extra_template_basedirs = [str(page.TEMPLATES)]
c.GenerateFeedback.HTMLExporter.filters = {"clean_page": page.clean}
# When feedback shows keys and explanations: "never", "after the due date" or "always".
c.ShowGrades.reveal = "after the due date"

c.ExportApp.plugin_class = "autograder.nbgrader_plugins.export.ExportGrades"
