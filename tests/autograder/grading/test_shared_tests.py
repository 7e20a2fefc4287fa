"""Which tests can't run outside the student's kernel."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import cells
from autograder.grading import grade_notebook, scoring
from autograder.grading.merge import merge_submission
from autograder.grading.settings import GradingSettings
from autograder.grading.shared_tests import READS_FILES, is_other_language, shared_tests
from autograder.grading.submission import Submission, SubmittedCell
from tests.autograder import lessons

COURSE = Path(__file__).resolve().parents[3]

REGION = "    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
SOLUTION = "def squares(n): ...\n\ndef total(n): return sum(squares(n))"


def reasons(test: str) -> list[str]:
    def cell(source: str, **nbgrader: object) -> NotebookNode:
        entries = {"grade_id": source[:8], "grade": False, "solution": False, **nbgrader}
        return NotebookNode(new_code_cell(source, metadata={"nbgrader": entries}))

    cells = [cell(SOLUTION, solution=True), cell(test, grade=True, points=1)]
    return list(shared_tests(new_notebook(cells=cells)).values())


@pytest.mark.parametrize(
    ("test", "names"),
    [
        ("kept = squares\ndel squares\ntry: total(3)\nfinally: squares = kept", "squares"),
        ("squares = lambda n: [0]\nassert total(3) == 0", "squares"),
        ("with open('a') as total: pass", "total"),
        ("def squares(n): return []\nassert total(2) == 0", "squares"),
        ("for squares in [1]: pass", "squares"),
        ("def check():\n    global squares\n    del squares\ncheck()", "squares"),
    ],
)
def test_a_test_that_changes_names_of_an_exercise_shares_its_kernel(test: str, names: str) -> None:
    assert reasons(test) == [f"it deletes or changes {names}, which students define"]


@pytest.mark.parametrize("test", ["!ls\nassert squares(1)", "%time squares(3)", "%%bash\ntrue"])
def test_a_test_with_commands_of_ipython_shares_its_kernel(test: str) -> None:
    assert reasons(test) == ["it uses commands of IPython"]


@pytest.mark.parametrize(
    "test",
    [
        "with open('data.csv') as file:\n    assert file.read()",
        "import pandas as pd\nassert len(pd.read_csv('out/result.csv')) == 3",
        "from pathlib import Path\ndef check():\n    assert Path('a.txt').exists()\ncheck()",
    ],
)
def test_a_test_that_reads_a_file_shares_the_kernel_which_has_it(test: str) -> None:
    assert reasons(test) == [READS_FILES]


@pytest.mark.parametrize(
    "test",
    [
        "import numpy as np\nassert np.load(squares(1))",
        "assert squares(2) == [1, 4]",
        "expected = [squares(n) for n in (1, 2)]\nassert expected",
        "def check():\n    squares = 3\n    return squares\ncheck()",
        "assert (lambda squares: squares)(1)",
        "this is no Python",
        "",
    ],
)
def test_any_other_test_runs_apart(test: str) -> None:
    assert reasons(test) == []


def reasons_of(*sources: str, lesson: str = "") -> dict[str, str]:
    """Return the reasons of tests after an exercise, and before the last an instructor's cell."""
    answer = {"grade_id": "answer", "grade": False, "solution": True}
    code = [NotebookNode(new_code_cell(SOLUTION, metadata={"nbgrader": answer}))]
    for index, source in enumerate(sources):
        entries = {"grade_id": f"test-{index}", "grade": True, "points": 1, "solution": False}
        cell = new_code_cell(source, id=f"test-{index}", metadata={"nbgrader": entries})
        code.append(NotebookNode(cell))
    code.insert(-1, NotebookNode(new_code_cell(lesson)))
    return shared_tests(new_notebook(cells=code))


def test_a_test_that_sets_a_value_for_a_later_one_shares_the_kernel() -> None:
    first = "expected = squares(2)\nassert expected == [1, 4]"
    assert reasons_of(first, "assert total(2) == sum(expected)") == {
        "test-0": "a later test uses expected, which it sets"
    }
    assert reasons_of(first, "expected = 5\nassert total(2) == expected") == {}
    assert reasons_of(first, "assert total(2) == sum(expected)", lesson="expected = [5]") == {}


def test_a_helper_is_shared_only_if_it_uses_a_value_or_a_test_in_the_kernel_needs_it() -> None:
    near, later = "def near(a, b): return abs(a - b) < {}", "assert near(total(2), 5)"
    assert reasons_of(near.format("0.1"), later) == {}
    assert list(reasons_of("limit = 0.1\n" + near.format("limit"), later)) == ["test-0"]
    deletes = "del squares\n" + later
    assert list(reasons_of(near.format("0.1"), deletes)) == ["test-1", "test-0"]


@pytest.mark.parametrize(
    ("kernel", "other"),
    [
        ({"kernelspec": {"name": "p", "display_name": "P", "language": "python"}}, False),
        ({"kernelspec": {"name": "course-env", "display_name": "Course"}}, False),
        ({}, False),
        ({"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}, True),
        ({"kernelspec": {"name": "ir", "display_name": "R"}, "language_info": {"name": "R"}}, True),
    ],
)
def test_the_language_is_that_of_the_kernel(kernel: dict[str, object], other: bool) -> None:
    assert is_other_language(new_notebook(metadata=kernel)) is other


def test_no_test_of_the_course_shares_the_students_kernel() -> None:
    lesson_paths = sorted(COURSE.glob("source/*/*.ipynb"))
    assert len(lesson_paths) >= 6
    assert not any(shared_tests(cells.read_source(path)) for path in lesson_paths)


def test_a_notebook_in_another_language_is_left_to_a_person(tmp_path: Path) -> None:
    source = lessons.source_notebook()
    source.metadata["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    merged = merge_submission(source, lessons.read(lessons.submitted_notebook()))
    graded = grade_notebook.grade(merged, source, tmp_path, GradingSettings())
    reasons = {score.name: (score.points, score.reason) for score in graded.scores}
    assert reasons["double-test"] == (None, scoring.OTHER_LANGUAGE)
    assert reasons["half-test"] == (None, scoring.OTHER_LANGUAGE)


@pytest.mark.parametrize(
    ("solution", "answer", "points"),
    [
        ("x = 1", "# YOUR CODE HERE\nraise NotImplementedError()", 0.0),
        ("x = 1", "# Your code here\nraise NotImplementedError\n", 0.0),
        ("x = 1", "# YOUR CODE HERE\nx = 1", None),
        ("x = 1", "raise NotImplementedError()", None),
        (
            f"def f():\n{REGION}",
            "def f():\n    # YOUR CODE HERE\n    raise NotImplementedError()",
            0.0,
        ),
        (f"if x:\n{REGION}", "# YOUR CODE HERE\nraise NotImplementedError()", None),
    ],
)
def test_a_stub_of_stock_nbgrader_is_not_an_answer(
    solution: str, answer: str, points: float | None
) -> None:
    entries = {"grade_id": "why", "grade": True, "solution": True, "points": 2}
    cell = NotebookNode(new_code_cell(solution, metadata={"nbgrader": entries}))
    submission = Submission((SubmittedCell("code", answer, "why", "why"),))
    (merged,) = merge_submission(NotebookNode(new_notebook(cells=[cell])), submission).cells
    assert scoring.score(cell, merged, None).points == points


@pytest.mark.parametrize(
    ("answer", "below", "points"),
    [("YOUR ANSWER HERE", "", 0.0), ("YOUR ANSWER HERE", "Because.", None), ("Why?", "", None)],
)
def test_an_unchanged_manual_answer_gets_no_points_unless_a_cell_below_may_have_it(
    answer: str, below: str, points: float | None
) -> None:
    entries = {"grade_id": "why", "grade": True, "solution": True, "points": 2}
    cell = NotebookNode(new_markdown_cell("It is so.", metadata={"nbgrader": entries}))
    submitted = [SubmittedCell("markdown", answer, "why", "why")]
    submitted += [SubmittedCell("markdown", below)] if below else []
    (merged, *_) = merge_submission(
        NotebookNode(new_notebook(cells=[cell])), Submission(tuple(submitted))
    ).cells
    assert scoring.score(cell, merged, None).points == points
