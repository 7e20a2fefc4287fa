"""Show the rubric of a written answer on formgrader's page.

It comes from the instructor's notebook, never from a submission. Its buttons fill in nbgrader's
own score and comment, so gradebook, exports and feedback need to know nothing about it.
"""

from __future__ import annotations

import functools
from typing import Any, Final

import nbformat
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from autograder import cells, rubric
from autograder.feedback import page
from autograder.nbgrader_plugins import completed_source
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.rubric import Rubric

Resources = dict[str, Any]


class AddRubrics(Preprocessor):
    """Add the rubrics of a notebook to what formgrader's template reads."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Read the instructor's notebook, if this is formgrader's page."""
        if "submission_id" in resources:
            rubrics = self._read(resources["assignment_id"], resources["notebook_id"])
            if rubrics:
                resources["rubrics"] = {"by_name": rubrics, **_assets()}
        return nb, resources

    def _read(self, assignment: str, notebook: str) -> dict[str, dict[str, Any]]:
        try:
            paths = CoursePaths.from_config(self.config, assignment)
            source = cells.read_source(completed_source.folder(paths) / f"{notebook}.ipynb")
        except (CourseError, OSError, ValueError, nbformat.ValidationError) as error:
            self.log.warning("The rubrics of %s can't be shown: %s", assignment, error)
            return {}
        return {
            cells.grade_id(cell): _describe(found)
            for cell in filter(cells.is_manual, source.cells)
            if (found := rubric.read(cell))
        }


def _describe(found: Rubric) -> dict[str, Any]:
    """Return a rubric as plain data."""
    return {
        "maximum": f"{found.maximum:g}",
        "criteria": [
            {
                "title": f"**{criterion.title}**",
                "start": criterion.start,
                "levels": [
                    {
                        "points": f"{level.points:g}",
                        "label": rubric.count_points(level.points),
                        "text": level.text,
                        "comment": level.comment,
                        "start": criterion.level_start(level),
                        "line": criterion.line(level),
                    }
                    for level in criterion.levels
                ],
            }
            for criterion in found.criteria
        ],
        "comments": [{"text": text, "line": f"- {text}"} for text in found.comments],
    }


@functools.cache
def _assets() -> dict[str, str]:
    folder = page.TEMPLATES / "safe_formgrade"
    return {
        "script": (folder / "rubric.js").read_text(encoding="utf-8"),
        "style": (folder / "rubric.css").read_text(encoding="utf-8"),
    }


PREPROCESSORS: Final = [AddRubrics]
