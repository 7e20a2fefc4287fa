"""Which tests can't run outside the student's kernel."""

from __future__ import annotations

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder.grading.shared_tests import is_other_language, shared_tests

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
