"""A released notebook is what students get, to the letter: every leak, planted one by one."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import nbformat
import pytest
from nbformat.v4.rwbase import rejoin_lines
from nbgrader.utils import compute_checksum

from autograder.publish import answer_leaks, build
from autograder.publish.expected_release import check_notebook
from tests.autograder.small import (
    COURSE,
    EXPLANATION,
    HIDDEN,
    LESSON,
    NOTEBOOK,
    RIGHT,
    SOLUTION,
    TEXT,
    Notebook,
    Plant,
    add_line,
    cell,
    described,
    instructors,
    marked,
    more,
    open_course,
    text,
    whole,
)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    root = open_course(tmp_path_factory.mktemp("released") / "course")
    build.build_release(root)
    nb: Notebook = json.loads((root / "release" / LESSON / NOTEBOOK).read_text(encoding="utf-8"))
    return nb


SHOWN = [{"output_type": "stream", "name": "stdout", "text": "25"}]
CODED = base64.b64encode(f"Note:\n{SOLUTION}\n".encode()).decode()
LEAKS: dict[str, tuple[Plant, str]] = {
    "solution": (text("squares", instructors("squares")), "'squares' holds the mark 'BEGIN SOLU"),
    "solution without marks": (
        text("squares", f"def squares(numbers):\n    {SOLUTION}"),
        "'squares' holds a solution of 'squares'",
    ),
    "solution that is another": (
        text("squares", "def squares(numbers):\n    pass"),
        "'squares' has another text than students get, from line 2 on: '    pass'",
    ),
    "key": (text("dice", instructors("dice")), "'dice' holds the key of 'dice'"),
    "key alone": (
        lambda nb: text("dice", "".join(cell(nb, "dice")["source"]).replace("[ ] T", "[x] T"))(nb),
        "'dice' holds the key of 'dice'",
    ),
    "explanation": (
        add_line("dice", f"  > {EXPLANATION}"),
        "'dice' holds an explanation of 'dice'",
    ),
    "hidden tests": (text("squares-test", instructors("squares-test")), "mark 'BEGIN HIDDEN TES"),
    "hidden test without marks": (
        add_line("squares-test", HIDDEN),
        "'squares-test' holds a hidden test of 'squares-test'",
    ),
    "output": (more("squares", outputs=SHOWN), "'squares' holds outputs=["),
    "count": (more("squares", execution_count=3), "'squares' holds execution_count=3"),
    "attachment": (
        more("dice", attachments={"key.png": {"image/png": "aGk="}}),
        "'dice' holds attachments={'key.png'",
    ),
    "output of a text": (more("guess", outputs=SHOWN), "'guess' holds outputs=["),
    "widget state": (
        whole(widgets={"application/vnd.jupyter.widget-state+json": {"state": {}}}),
        "the notebook itself holds metadata.widgets=",
    ),
    "key in the notebook's data": (
        whole(keys={"dice": f"[x] {RIGHT}"}),
        "the notebook itself holds the key of 'dice'",
    ),
    "note in the notebook's data": (whole(note=2), "itself holds metadata.note=2, which students"),
    "other kernel": (
        whole(kernelspec={"name": "mine", "display_name": "Mine", "language": "python"}),
        "holds metadata.kernelspec.name='mine', but students get 'python3'",
    ),
    "note beside the metadata": (lambda nb: nb.update(key=2), "the notebook itself holds key=2"),
    "key in a question's data": (
        described("dice", course={"quiz": {"key": [1]}}),
        "'dice' holds metadata.course.quiz.key=[1]",
    ),
    "key in the credit": (
        described("dice", course={"quiz": {"credit": "the second", "multiple": False}}),
        "'dice' holds metadata.course.quiz.credit='the second'",
    ),
    "tags": (described("dice", tags=["second"]), "'dice' holds metadata.tags=['second']"),
    "nbgrader's comment": (marked("dice", comment="b"), "metadata.nbgrader.comment='b'"),
    "other points": (marked("squares-test", points=7), "'squares-test' holds metadata.nbgrader.po"),
    "unlocked": (marked("rules", locked=False), "'rules' holds metadata.nbgrader.locked=False"),
    "key in a comment": (
        add_line("squares-test", f"# dice: {RIGHT}"),
        "holds the right option of 'dice'",
    ),
    "ticked line in a comment": (
        add_line("squares-test", f"# - [X]  {RIGHT}"),
        "holds the key of 'dice'",
    ),
    "explanation in a text": (
        add_line("rules", "*It draws its hidden units\nby chance*, again and again."),
        "holds an explanation of 'dice'",
    ),
    "solution in a text": (add_line("rules", f"    {SOLUTION}"), "holds a solution of 'squares'"),
    "hidden test in an exercise": (
        add_line("squares", f"# {HIDDEN}"),
        "'squares' holds a hidden test",
    ),
    "base64": (add_line("squares-test", f"# {CODED}"), "holds a solution of 'squares'"),
    "hexadecimal": (
        add_line("squares-test", f"# {SOLUTION.encode().hex()}"),
        "holds a solution of 'squares'",
    ),
    "entities": (
        add_line("rules", "".join(f"&#{ord(sign)};" for sign in SOLUTION)),
        "holds a solution of 'squares'",
    ),
    "escapes": (
        add_line("squares-test", "#" + "".join(f"\\x{ord(sign):02x}" for sign in SOLUTION)),
        "holds a solution of 'squares'",
    ),
    "address": (
        add_line("rules", "[a](x:" + "".join(f"%{ord(sign):02x}" for sign in SOLUTION) + ")"),
        "holds a solution of 'squares'",
    ),
    "added cell": (
        lambda nb: nb["cells"].append(
            {"cell_type": "markdown", "id": "key", "metadata": {}, "source": f"[x] {RIGHT}"}
        ),
        "cell 'key' is not in source/",
    ),
    "cell without an id": (lambda nb: cell(nb, "guess").pop("id"), "cell '' is not in source/"),
    "missing cell": (lambda nb: nb["cells"].remove(cell(nb, "guess")), "cell 'guess' is missing"),
    "cell twice": (
        lambda nb: nb["cells"].append(cell(nb, "guess")),
        "cell 'guess' stands there 2 times",
    ),
    "order": (lambda nb: nb["cells"].reverse(), "the cells stand in another order"),
    "retyped cell": (more("guess", cell_type="raw"), "'guess' holds cell_type='raw'"),
    "other format": (lambda nb: nb.update(nbformat_minor=4), "itself holds nbformat_minor=4"),
}


def planted(released: Notebook, plant: Plant) -> list[str]:
    nb = copy.deepcopy(released)
    plant(nb)
    return check_notebook(rejoin_lines(nbformat.from_dict(nb)), build.notebook(TEXT))


def test_the_lesson_itself_passes(released: Notebook) -> None:
    assert planted(released, lambda _: None) == []


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_stopped(released: Notebook, leak: str) -> None:
    plant, reason = LEAKS[leak]
    reasons = planted(released, plant)
    assert any(reason in each for each in reasons), reasons


def test_the_checksum_of_the_instructors_cell_is_stopped(released: Notebook) -> None:
    """It would tell whether a guess at the key is right."""
    checksum = compute_checksum(cell(build.notebook(TEXT), "dice"))
    (reason,) = planted(released, marked("dice", checksum=checksum))
    assert reason.startswith(f"cell 'dice' holds metadata.nbgrader.checksum='{checksum}', but")


def test_each_way_of_clearing_is_worked_out() -> None:
    def as_read(source: str, **marks: Any) -> str:
        made = nbformat.v4.new_code_cell(source, metadata={"nbgrader": marks})
        return answer_leaks.cleared(made)

    assert as_read("x = 2", solution=True) == answer_leaks.STUB
    source = "if x:\n    ### BEGIN SOLUTION\n    y = 1\n    ### END SOLUTION\nz = 2"
    stub = "    # Your code here\n    raise NotImplementedError"
    assert as_read(source, solution=True) == f"if x:\n{stub}\nz = 2"
    hidden = "a\n# BEGIN HIDDEN TESTS\nb\n# END HIDDEN TESTS\nc"
    assert as_read(hidden, grade=True) == "a\nc"
    assert as_read("plain") == "plain"


def test_every_answer_of_the_course_is_known_to_the_gate() -> None:
    for path in COURSE.glob("source/*/*.ipynb"):
        source = build.notebook(path.with_suffix(".md").read_text(encoding="utf-8"))
        reasons = check_notebook(source, source)
        for each in source.cells:
            if answer_leaks.cleared(each) != each.source:
                assert any(f"cell {each['id']!r} has another text" in why for why in reasons)
