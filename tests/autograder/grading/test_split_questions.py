"""Questions that were merged, or that lost their metadata, are told apart."""

from __future__ import annotations

from itertools import zip_longest

import pytest

from autograder import cells
from autograder.grading import merge, scoring
from autograder.grading.submission import Submission, SubmittedCell
from autograder.publish import build
from course import quiz

TRUE_FALSE = "- [x] True\n  > Yes.\n- [ ] False\n  > No."
SAME_OPTIONS = build.notebook_from_text(
    "".join(
        f'+++ {{"quiz": "{name}"}}\n\n**{prompt}**\n\n{TRUE_FALSE}\n\n'
        for name, prompt in (("linear", "PCA is linear."), ("dice", "An RBM throws dice."))
    )
)


def graded(*sources: str, names: tuple[str, ...] = ()) -> dict[str, float | None]:
    """Return the points for both questions of cells with these sources, named or without names."""
    submitted = Submission(
        tuple(
            SubmittedCell("markdown", source, grade_id=name)
            for source, name in zip_longest(sources, names, fillvalue="")
        )
    )
    result = merge.merge_submission(SAME_OPTIONS, submitted)
    keys = cells.graded_cells(SAME_OPTIONS)
    return {
        name: scoring.score(keys[name], other, None).points
        for name, other in cells.graded_cells(result).items()
    }


LINEAR, DICE = (quiz.bare(other.source) for other in SAME_OPTIONS.cells)
LINEAR_TRUE, DICE_TRUE = quiz.mark(LINEAR, {0}), quiz.mark(DICE, {0})
DICE_FALSE = quiz.mark(DICE, {1})


@pytest.mark.parametrize(
    ("sources", "points"),
    [
        ((LINEAR_TRUE, DICE_TRUE), (1, 1)),
        ((DICE_FALSE, LINEAR_TRUE), (1, 0)),
        ((DICE_TRUE,), (0, 1)),
        ((LINEAR_TRUE.replace("PCA", "The PCA"), DICE_FALSE), (1, 0)),
        ((LINEAR_TRUE.replace("linear", "?"), DICE_FALSE.replace("dice", "?")), (1, 0)),
        ((DICE_TRUE.replace("dice", "?"),), (None, None)),
        (("# A heading\n\n" + DICE_TRUE,), (0, 1)),
    ],
)
def test_questions_with_the_same_options_are_told_apart_without_metadata(
    sources: tuple[str, ...], points: tuple[float | None, ...]
) -> None:
    assert graded(*sources) == dict(zip(("linear", "dice"), points, strict=True))


@pytest.mark.parametrize("names", [(), ("linear",), ("dice",)])
@pytest.mark.parametrize(
    ("sources", "points"),
    [
        ((LINEAR_TRUE, DICE_FALSE), (1, 0)),
        ((DICE_FALSE, LINEAR_TRUE), (1, 0)),
        ((LINEAR, DICE_TRUE), (0, 1)),
    ],
)
def test_questions_that_were_merged_into_one_cell_are_separated(
    names: tuple[str, ...], sources: tuple[str, ...], points: tuple[float, ...]
) -> None:
    assert graded("\n\n".join(sources), names=names) == dict(
        zip(("linear", "dice"), points, strict=True)
    )


def test_a_merged_question_with_another_prompt_needs_review() -> None:
    merged = f"{LINEAR_TRUE}\n\nWhat about dice?\n\n- [x] True\n- [ ] False"
    assert graded(merged, names=("linear",)) == {"linear": 1, "dice": None}


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("True", None),
        ("I think it's true, because it is linear.", None),
        ("Answer: B", None),
        ("2)", None),
        ("What is PCA?", 0),
        ("x = 3", 0),
    ],
)
def test_an_answer_in_the_cell_below_a_question_needs_review(
    text: str, points: float | None
) -> None:
    assert graded(LINEAR, text, DICE_TRUE, names=("linear", "", "dice"))["linear"] == points
    assert graded(LINEAR_TRUE, text, DICE_TRUE, names=("linear", "", "dice"))["linear"] == 1
