"""How nbgrader publishes and grades this course: its own commands, with our steps in its lists."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:  # so that the commands find `autograder` from any environment
    sys.path.insert(0, str(HERE))

from autograder import preprocessors  # noqa: E402  (it lies beside this file)

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
]

c.GenerateAssignment.preprocessors = preprocessors.PUBLISH
c.ClearSolutions.code_stub = {"python": "# Your code here\nraise NotImplementedError"}
