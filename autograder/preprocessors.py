"""The steps that nbgrader runs, in nbgrader's own lists; each step is thin and calls a room."""

from __future__ import annotations

from typing import Any, Final

from nbformat import NotebookNode
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    SaveCells,
)

from course import quiz


class ClearAnswers(ClearSolutions):
    """Take the solutions out of code cells, and key and explanations out of questions."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Clear one cell; nbgrader's own step would empty a question."""
        if "quiz" in cell.metadata.get("course", {}):
            cell.source = quiz.bare(cell.source)
            return cell, resources
        cleared: tuple[NotebookNode, dict[str, Any]] = super().preprocess_cell(
            cell, resources, cell_index
        )
        return cleared


PUBLISH: Final = [
    LockCells,
    ClearAnswers,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
]
