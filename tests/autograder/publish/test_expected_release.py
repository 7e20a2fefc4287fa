"""Every leak, planted one at a time in a released notebook, is found."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import nbformat
import pytest
from nbformat.v4.rwbase import rejoin_lines
from nbgrader.utils import compute_checksum

from autograder.nbgrader_plugins.release import build_release
from autograder.publish import build
from autograder.publish.expected_release import check_notebook
from autograder.student_text import CODE_STUB, student_text
from tests.autograder.publish.edits import (
    Edit,
    Notebook,
    add_line,
    find_cell,
    set_text,
    source_text,
    update_cell,
    update_metadata,
    update_nbgrader,
    update_notebook,
)
from tests.autograder.small import (
    COURSE,
    EXPLANATION,
    HIDDEN,
    HINT,
    LESSON,
    NOTEBOOK,
    RIGHT,
    SOLUTION,
    TEXT,
    open_course,
)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    root = open_course(tmp_path_factory.mktemp("released") / "course")
    build_release(root)
    nb: Notebook = json.loads((root / "release" / LESSON / NOTEBOOK).read_text(encoding="utf-8"))
    return nb


OUTPUTS = [{"output_type": "stream", "name": "stdout", "text": "25"}]
BASE64 = base64.b64encode(f"Note:\n{SOLUTION}\n".encode()).decode()
LEAKS: dict[str, tuple[Edit, str]] = {
    "solution": (
        set_text("squares", source_text("squares")),
        "'squares' contains the marker 'BEGIN SOLU",
    ),
    "solution without markers": (
        set_text("squares", f"def squares(numbers):\n    {SOLUTION}"),
        "'squares' contains a solution of cell 'squares'",
    ),
    "other solution": (
        set_text("squares", "def squares(numbers):\n    pass"),
        "'squares' has unexpected text from line 2 on: '    pass'",
    ),
    "key": (set_text("dice", source_text("dice")), "'dice' contains the key of cell 'dice'"),
    "key alone": (
        lambda nb: set_text(
            "dice", "".join(find_cell(nb, "dice")["source"]).replace("[ ] T", "[x] T")
        )(nb),
        "'dice' contains the key of cell 'dice'",
    ),
    "explanation": (
        add_line("dice", f"  > {EXPLANATION}"),
        "'dice' contains an explanation of cell 'dice'",
    ),
    "hidden tests": (
        set_text("squares-test", source_text("squares-test")),
        "marker 'BEGIN HIDDEN TES",
    ),
    "hidden test without markers": (
        add_line("squares-test", HIDDEN),
        "'squares-test' contains a hidden test of cell 'squares-test'",
    ),
    "output": (update_cell("squares", outputs=OUTPUTS), "'squares' has outputs=["),
    "execution count": (
        update_cell("squares", execution_count=3),
        "'squares' has execution_count=3",
    ),
    "attachment": (
        update_cell("dice", attachments={"key.png": {"image/png": "aGk="}}),
        "'dice' has unexpected attachments={'key.png'",
    ),
    "output of a text cell": (
        update_cell("guess", outputs=OUTPUTS),
        "'guess' has unexpected outputs=[",
    ),
    "widget state": (
        update_notebook(widgets={"application/vnd.jupyter.widget-state+json": {"state": {}}}),
        "the notebook has unexpected metadata.widgets=",
    ),
    "key in the notebook's metadata": (
        update_notebook(keys={"dice": f"[x] {RIGHT}"}),
        "the notebook contains the key of cell 'dice'",
    ),
    "key in a kept question": (
        lambda nb: nb["metadata"]["course"]["questions"][0].update(source=source_text("dice")),
        "the notebook contains the key of cell 'dice'",
    ),
    "no kept questions": (
        lambda nb: nb["metadata"].pop("course"),
        "the notebook lacks metadata.course=",
    ),
    "note in the notebook's metadata": (
        update_notebook(note=2),
        "the notebook has unexpected metadata.note=2",
    ),
    "other kernel": (
        update_notebook(kernelspec={"name": "mine", "display_name": "Mine", "language": "python"}),
        "has metadata.kernelspec.name='mine', expected 'python3'",
    ),
    "note outside the metadata": (
        lambda nb: nb.update(key=2),
        "the notebook has unexpected key=2",
    ),
    "key in a question's metadata": (
        update_metadata("dice", course={"quiz": {"key": [1]}}),
        "'dice' has unexpected metadata.course.quiz.key=[1]",
    ),
    "key in the credit rule": (
        update_metadata("dice", course={"quiz": {"credit": "the second", "multiple": False}}),
        "'dice' has metadata.course.quiz.credit='the second'",
    ),
    "tags": (
        update_metadata("dice", tags=["second"]),
        "'dice' has unexpected metadata.tags=['second']",
    ),
    "nbgrader comment": (
        update_nbgrader("dice", comment="b"),
        "unexpected metadata.nbgrader.comment='b'",
    ),
    "other points": (
        update_nbgrader("squares-test", points=7),
        "'squares-test' has metadata.nbgrader.points=7, expected 2",
    ),
    "unlocked": (
        update_nbgrader("rules", locked=False),
        "'rules' has metadata.nbgrader.locked=False",
    ),
    "key in a comment": (
        add_line("squares-test", f"# dice: {RIGHT}"),
        "contains the right option of cell 'dice'",
    ),
    "ticked line in a comment": (
        add_line("squares-test", f"# - [X]  {RIGHT}"),
        "contains the key of cell 'dice'",
    ),
    "explanation in a text": (
        add_line("rules", "*It draws its hidden units\nby chance*, again and again."),
        "contains an explanation of cell 'dice'",
    ),
    "solution in a text": (
        add_line("rules", f"    {SOLUTION}"),
        "contains a solution of cell 'squares'",
    ),
    "hidden test in an exercise": (
        add_line("squares", f"# {HIDDEN}"),
        "'squares' contains a hidden test",
    ),
    "hints in an exercise's metadata": (
        update_metadata("squares", course={"hints": [HINT]}),
        "'squares' contains a hint of cell 'squares'",
    ),
    "hints without a text": (
        update_metadata("squares", course={"hints": []}),
        "'squares' has unexpected metadata.course",
    ),
    "hint in a text": (
        add_line("rules", HINT.replace("Square", "*Square*")),
        "'rules' contains a hint of cell 'squares'",
    ),
    "base64": (
        add_line("squares-test", f"# {BASE64}"),
        "contains a solution of cell 'squares'",
    ),
    "hexadecimal": (
        add_line("squares-test", f"# {SOLUTION.encode().hex()}"),
        "contains a solution of cell 'squares'",
    ),
    "HTML entities": (
        add_line("rules", "".join(f"&#{ord(char)};" for char in SOLUTION)),
        "contains a solution of cell 'squares'",
    ),
    "string escapes": (
        add_line("squares-test", "#" + "".join(f"\\x{ord(char):02x}" for char in SOLUTION)),
        "contains a solution of cell 'squares'",
    ),
    "URL encoding": (
        add_line("rules", "[a](x:" + "".join(f"%{ord(char):02x}" for char in SOLUTION) + ")"),
        "contains a solution of cell 'squares'",
    ),
    "added cell": (
        lambda nb: nb["cells"].append(
            {"cell_type": "markdown", "id": "key", "metadata": {}, "source": f"[x] {RIGHT}"}
        ),
        "cell 'key' is not in source/",
    ),
    "cell without an id": (
        lambda nb: find_cell(nb, "guess").pop("id"),
        "cell '' is not in source/",
    ),
    "missing cell": (
        lambda nb: nb["cells"].remove(find_cell(nb, "guess")),
        "cell 'guess' is missing",
    ),
    "duplicate cell": (
        lambda nb: nb["cells"].append(find_cell(nb, "guess")),
        "cell 'guess' appears 2 times",
    ),
    "order": (lambda nb: nb["cells"].reverse(), "the cells are in a different order"),
    "other cell type": (update_cell("guess", cell_type="raw"), "'guess' has cell_type='raw'"),
    "other format": (
        lambda nb: nb.update(nbformat_minor=4),
        "the notebook has nbformat_minor=4, expected 5",
    ),
}


def problems(released: Notebook, edit: Edit) -> list[str]:
    nb = copy.deepcopy(released)
    edit(nb)
    nb = rejoin_lines(nbformat.from_dict(nb))
    return check_notebook(nb, build.notebook_from_text(TEXT), compute_checksum)


def test_the_unchanged_release_passes(released: Notebook) -> None:
    assert problems(released, lambda _: None) == []


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_found(released: Notebook, leak: str) -> None:
    edit, expected = LEAKS[leak]
    messages = problems(released, edit)
    assert any(expected in problem for problem in messages), messages


def test_a_checksum_of_the_instructors_cell_is_found(released: Notebook) -> None:
    """Students could use it to verify a guess at the key."""
    checksum = compute_checksum(find_cell(build.notebook_from_text(TEXT), "dice"))
    (problem,) = problems(released, update_nbgrader("dice", checksum=checksum))
    assert problem.startswith(f"cell 'dice' has metadata.nbgrader.checksum='{checksum}', expected")


def test_student_text_has_stubs_and_no_hidden_tests() -> None:
    def released(source: str, **nbgrader: Any) -> str:
        cell = nbformat.v4.new_code_cell(source, metadata={"nbgrader": nbgrader})
        return student_text(cell)

    assert released("x = 2", solution=True) == CODE_STUB
    source = "if x:\n    ### BEGIN SOLUTION\n    y = 1\n    ### END SOLUTION\nz = 2"
    stub = "    # Your code here\n    raise NotImplementedError"
    assert released(source, solution=True) == f"if x:\n{stub}\nz = 2"
    hidden = "a\n# BEGIN HIDDEN TESTS\nb\n# END HIDDEN TESTS\nc"
    assert released(hidden, grade=True) == "a\nc"
    assert released("plain") == "plain"


def test_every_answer_of_the_course_is_found_in_the_instructors_notebook() -> None:
    for path in COURSE.glob("source/*/*.ipynb"):
        source = build.notebook_from_text(path.with_suffix(".md").read_text(encoding="utf-8"))
        messages = check_notebook(source, source, compute_checksum)
        for cell in source.cells:
            if student_text(cell) != cell.source:
                expected = f"cell {cell['id']!r} has unexpected text"
                assert any(expected in problem for problem in messages)
