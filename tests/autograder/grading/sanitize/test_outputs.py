"""A graded notebook is safe to look at: text, real pictures, nothing that acts."""

from __future__ import annotations

import base64
import json
import time

from nbconvert.filters.highlight import Highlight2HTML
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.grading.sanitize import markdown, outputs

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 30).decode()
EVIL = "<script>alert(1)</script>"


def kept(*raw: dict[str, object]) -> list[NotebookNode]:
    cell = new_code_cell("x")
    cell["outputs"] = [NotebookNode(output) for output in raw]
    nb = NotebookNode(cells=[cell])
    outputs.sanitize_notebook(nb)
    result: list[NotebookNode] = nb.cells[0].outputs
    return result


def display(metadata: dict[str, object] | None = None, /, **data: object) -> dict[str, object]:
    named = {key.replace("__", "+").replace("_", "/", 1): value for key, value in data.items()}
    return {"output_type": "display_data", "data": named, "metadata": metadata or {}}


def test_html_scripts_and_widgets_are_dropped() -> None:
    assert kept(display(text_html=EVIL), display(application_javascript="alert(1)")) == []
    assert kept(display(image_svg__xml="<svg onload='alert(1)'/>")) == []
    (output,) = kept(display(text_html=EVIL, text_plain="a table"))
    assert output["data"] == {"text/plain": "a table"}


def test_invalid_pictures_are_dropped() -> None:
    (output,) = kept(display({"image/png": {"alt": "a line", "width": EVIL}}, image_png=PNG))
    assert output["metadata"] == {"image/png": {"alt": "a line"}}
    assert kept(display(image_png='"><script>')) == []
    assert kept(display(image_png=base64.b64encode(b"GIF89a").decode())) == []
    assert kept(display(image_png=["list"])) == []
    (output,) = kept(display(image_png=PNG))
    assert output["metadata"]["image/png"]["alt"] == outputs.DEFAULT_ALT


def test_only_boxes_inside_the_picture_are_kept() -> None:
    box = [0.1, 0.2, 0.25, 1]
    odd = [[0, 0, 1], [0, 0, 2, 1], ["0; }", 0, 1, 1], [float("nan"), 0, 1, 1], EVIL, None]
    (output,) = kept(display({"image/png": {"photographs": [box, *odd]}}, image_png=PNG))
    assert output["metadata"]["image/png"]["photographs"] == [box]
    (output,) = kept(display({"image/png": {"photographs": EVIL}}, image_png=PNG))
    assert "photographs" not in output["metadata"]["image/png"]


def test_any_output_shape_is_handled() -> None:
    odd: list[dict[str, object]] = [
        {"output_type": "stream"},
        {"output_type": "error", "traceback": "no list", "ename": 5},
        {"output_type": "update_display_data", "data": {}},
        {"output_type": "display_data", "data": []},
        {"output_type": 7},
        {},
    ]
    assert [output["output_type"] for output in kept(*odd)] == ["stream", "error"]


def test_long_text_is_cut() -> None:
    (output,) = kept({"output_type": "stream", "name": "stdout", "text": "x" * 10**6})
    assert len(output["text"]) < outputs.MAX_TEXT_CHARS + 100


def test_html_in_a_students_text_becomes_text() -> None:
    answer = new_markdown_cell(f"{EVIL} a < b <!-- c -->", id="answer")
    answer.metadata["nbgrader"] = {"solution": True}
    added = new_markdown_cell("<img src=x onerror=alert(1)>", id="extra-1-0")
    own = new_markdown_cell("<b>the instructor's</b>", id="own")
    nb = NotebookNode(cells=[answer, added, own])
    outputs.sanitize_notebook(nb)
    assert nb.cells[0].source == "&lt;script>alert(1)&lt;/script> a < b &lt;!-- c -->"
    assert nb.cells[1].source.startswith("&lt;img")
    assert nb.cells[2].source == "<b>the instructor's</b>"
    assert "<script" not in json.dumps(nb)


def test_long_code_of_a_student_is_cut_and_the_instructors_is_not() -> None:
    long = "x = 1\n" * 10_000
    answer, test, lesson, added = (new_code_cell(long, id=name) for name in "abcd")
    answer.metadata["nbgrader"] = {"solution": True, "grade_id": "a"}
    test.metadata["nbgrader"] = {"grade": True, "grade_id": "b", "locked": True}
    added["id"] = "extra-0-0"
    outputs.sanitize_notebook(NotebookNode(cells=[answer, test, lesson, added]))
    assert test.source == long
    for cell in (answer, lesson, added):
        assert len(cell.source) < markdown.MAX_CELL_CHARS + 100
        assert cell.source.endswith("# [The rest was cut off.]")


def test_highlighting_a_graded_notebook_is_fast_whatever_a_student_wrote() -> None:
    """With nbconvert's own highlighting, as stock formgrader does it at each look."""
    for piece in ("\t\n", "\n", " ", "%%perl\n \n"):
        cell = new_code_cell("x" + piece * 100_000 + "y", id="extra-0-0")
        outputs.sanitize_notebook(NotebookNode(cells=[cell]))
        start = time.process_time()
        Highlight2HTML()(cell.source)
        assert time.process_time() - start < 20, repr(piece)
