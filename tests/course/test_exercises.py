from __future__ import annotations

from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from course import exercises

TEST = """@exercises.check("Exercise 1", points=2)
def half_test():
    assert half(3) == 1.5, "half(3) should be <1.5>"
"""


def run(*sources: str) -> list[nbformat.NotebookNode]:
    """Run cells in a real kernel, as Run All does when errors don't stop it."""
    nb = new_notebook(cells=[new_code_cell(s) for s in ("from course import exercises", *sources)])
    NotebookClient(nb, allow_errors=True, timeout=600).execute()
    return list(nb.cells[1:])


def shown(cell: nbformat.NotebookNode) -> str:
    """Return everything that a learner sees below a cell, as plain text."""
    parts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            parts.append(output.text)
        elif output.output_type == "error":
            parts.append("\n".join(output.traceback))
        else:
            parts.append(output.data["text/plain"])
    return "\n".join(parts)


def html(cell: nbformat.NotebookNode) -> str:
    return "".join(output.data["text/html"] for output in cell.outputs if "data" in output)


@pytest.fixture(scope="module")
def cells() -> list[nbformat.NotebookNode]:
    stub = "def half(x):\n    # Your code here\n    raise NotImplementedError"
    return run(
        stub,
        TEST,
        "picture = half(4)",
        "def half(x):\n    return x",
        TEST,
        "def half(x):\n    return x.missing",
        TEST,
        "def half(x):\n    return x / 2",
        TEST,
        "def half(x):\n    return (x / 2",
        TEST,
        "1 / 0\ndef half(x):\n    return x / 2",
        TEST,
        "def half(x):\n    return x / 2\n\n1 / 0",
        TEST,
        "import numpy as np\ndef half(x):\n    return np.ones((2, 3)) @ np.ones(4)",
        TEST,
    )


def test_an_open_exercise_takes_one_line(cells: list[nbformat.NotebookNode]) -> None:
    assert shown(cells[1]) == "Exercise 1 is still open (2 points)."


def test_a_cell_that_needs_an_open_exercise_says_so(cells: list[nbformat.NotebookNode]) -> None:
    assert shown(cells[2]) == "This cell needs an exercise above that is still open: half."


def test_a_wrong_answer_shows_its_hint_and_folds_the_traceback(
    cells: list[nbformat.NotebookNode],
) -> None:
    hint = "✗ Exercise 1: not correct yet\nhalf(3) should be <1.5>"
    assert shown(cells[4]) == f"{hint}\n✗ Exercise 1: not correct yet"
    box = html(cells[4])
    assert "half(3) should be &lt;1.5&gt;" in box
    assert "<details" in box
    assert "Traceback" in box.partition("<summary>")[2]


def test_nbgrader_still_sees_the_error(cells: list[nbformat.NotebookNode]) -> None:
    (error,) = [output for output in cells[4].outputs if output.output_type == "error"]
    assert (error.ename, error.evalue) == ("AssertionError", "half(3) should be <1.5>")


def test_an_error_in_the_answer_is_named(cells: list[nbformat.NotebookNode]) -> None:
    assert "Your code stopped with AttributeError: 'int' object has no" in shown(cells[6])


def test_arrays_that_do_not_fit_are_explained_without_a_signature(
    cells: list[nbformat.NotebookNode],
) -> None:
    text = shown(cells[16])
    assert "stopped on arrays that don't fit: matmul: 3 columns meet 4 rows. In a @ b" in text
    assert "gufunc" not in text


def test_a_correct_answer_is_confirmed(cells: list[nbformat.NotebookNode]) -> None:
    assert shown(cells[8]) == "✓ Exercise 1: correct (2 points)\n"


@pytest.mark.parametrize(("number", "error"), [(10, "SyntaxError"), (12, "ZeroDivisionError")])
def test_an_older_definition_does_not_pass(
    cells: list[nbformat.NotebookNode], number: int, error: str
) -> None:
    text = shown(cells[number])
    assert f"The cell with half stopped with an error ({error}" in text
    assert "✓" not in text


def test_a_private_error_gets_the_name_that_learners_know() -> None:
    test = '@exercises.check("Exercise 1", points=1)\ndef f_test():\n    assert f() == 2'
    broken = "class _Odd(ValueError):\n    pass\n\nraise _Odd(1)\n\ndef f():\n    return 2"
    assert "(ValueError: 1)" in shown(run(broken, test)[1])


def test_an_error_below_the_definition_does_not_matter(cells: list[nbformat.NotebookNode]) -> None:
    assert shown(cells[14]) == "✓ Exercise 1: correct (2 points)\n"


def test_the_test_leaves_the_learners_variables_alone() -> None:
    test = '@exercises.check("Exercise 1", points=1)\ndef f_test():\n    x = f()\n    assert x == 2'
    cells = run("x = 1\ndef f():\n    return 2", test, "print(x)")
    assert shown(cells[2]) == "1\n"


def test_a_cell_says_which_name_a_failed_cell_did_not_define() -> None:
    cells = run("low, high = 1 / 0, 2", "print(high)", "print(hihg)")
    line = "This cell needs high, but the cell that defines it did not run to its end."
    assert shown(cells[1]) == line
    assert "Traceback" in shown(cells[2])  # a typo gets Python's own message


def test_a_substitute_takes_the_place_of_an_open_exercise(capsys: Any) -> None:
    def half(x: float) -> float:
        raise NotImplementedError

    either = exercises.until_solved(half, lambda x: x / 2)
    assert [either(4), either(6)] == [2, 3]
    expected = "half is still open; the course's own function takes its place.\n"
    assert capsys.readouterr().out == expected
    assert exercises.until_solved(abs, half)(-1) == 1


def test_an_answer_that_is_started_gets_no_substitute() -> None:
    def half(x: float) -> float:
        raise NotImplementedError("only even numbers")

    with pytest.raises(NotImplementedError, match="only even"):
        exercises.until_solved(half, lambda x: x / 2)(3)


def test_outside_a_notebook_the_error_is_raised_unchanged(capsys: Any) -> None:
    with pytest.raises(AssertionError, match=r"^no$"):

        @exercises.check("Exercise 1", points=1)
        def _test() -> None:
            raise AssertionError("no")

    assert capsys.readouterr().out == ""


def test_shapes_that_do_not_fit_are_explained() -> None:
    def project(x: Any, axes: Any) -> Any:
        return x @ axes

    with pytest.raises(AssertionError) as caught:
        exercises.call("project", project, np.zeros((4, 3)), np.zeros((2, 3)))
    assert "project stopped on arrays of shape (4, 3) and (2, 3)" in str(caught.value)
    assert "3 columns meet 2 rows" in str(caught.value)
    assert "gufunc" not in str(caught.value)


def test_a_missing_return_is_explained() -> None:
    with pytest.raises(AssertionError, match="returns nothing"):
        exercises.call("nothing", lambda: None)


def test_other_value_errors_stay_as_they_are() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        exercises.call("number", int, "x")


def test_a_name_that_is_not_defined_yet_leads_to_the_top() -> None:
    (cell,) = run("print(digits)")
    assert "Run → Run All Above Selected Cell" in shown(cell)
    assert "name 'digits' is not defined" in shown(cell)


def test_an_optional_exercise_speaks_but_raises_nothing() -> None:
    check = TEST.replace('"Exercise 1", points=2', '"Exercise ★"')
    stub, wrong, right = (
        f"def half(x):\n    {line}"
        for line in ("raise NotImplementedError", "return x", "return x / 2")
    )
    _, is_open, _, failed, _, passed = run(stub, check, wrong, check, right, check)
    assert shown(is_open) == "Exercise ★ is still open.\n"
    assert shown(failed) == "✗ Exercise ★: not correct yet\nhalf(3) should be <1.5>"
    assert shown(passed) == "✓ Exercise ★: correct\n"
    outputs = [output for cell in (is_open, failed, passed) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
