"""What an author writes nearly as a field stops the build, and keys never leave ``source/``."""

from __future__ import annotations

import pytest

from autograder.publish import answer_leaks, build
from autograder.publish.cell_roles import AuthoringError
from autograder.student_text import student_text
from tests.kinds import KEYS, NUMBER


def text(kind: str, question: str) -> str:
    return f'+++ {{"quiz": "q-1", "kind": "{kind}"}}\n\n{question}'


@pytest.mark.parametrize("name", sorted(KEYS))
def test_neither_key_nor_explanation_is_released(name: str) -> None:
    nb = build.notebook_from_text(text(name, KEYS[name]))
    (cell,) = nb.cells
    released = student_text(cell)
    assert "[[ ]]" in released
    assert ">" not in released
    secrets = answer_leaks.find_secrets(nb)
    assert list(answer_leaks.find_leaks(released, secrets)) == []
    assert list(answer_leaks.find_leaks(cell.source, secrets))
    assert cell.metadata.course.quiz == {
        "multiple": False,
        "credit": "all-or-nothing",
        "kind": name,
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *(("[[26.1 ± 0.1]]", "[[26.1] or [[26]]"), ("[[26.1 ± 0.1]]", "[[26]] or [26.1]")),
        *(("[[26.1 ± 0.1]]", "[[26]] or ［［26.1］］"), ("[[26.1 ± 0.1]]", "[[26]] ⟦26.1⟧")),
        *(("[[26.1 ± 0.1]]", "[[26]] `[[26.1]]`"), ("[[26.1 ± 0.1]]", "$[[26.1]]$ [[26]]")),
        *(("> $784", "» $784"), ("> $784", "\\> $784"), ("> [[0.038]]", "no [[0.038]]")),
        *(("Answer:", "```\n[[1]]\n```\n\nAnswer:"), ("Answer:", "- [x] 26\n\nAnswer:")),
    ],
)
def test_what_is_nearly_a_field_stops_the_build(old: str, new: str) -> None:
    assert old in NUMBER
    with pytest.raises(AuthoringError):
        build.notebook_from_text(text("number", NUMBER.replace(old, new)))


def test_other_brackets_are_fine() -> None:
    question = NUMBER.replace("Answer:", "In [0, 1], `[3]`, $[x]$ or [a link](x):")
    assert build.notebook_from_text(text("number", question))


@pytest.mark.parametrize(
    ("question", "problem"),
    [
        ("The answer is [[30]].", "students see the field"),
        (text("numbers", NUMBER), "kind must be one of"),
        (text("number", NUMBER).replace("}", ', "credit": "each-option"}', 1), "credit"),
        (text("number", NUMBER).replace("}", ', "multiple": true}', 1), "multiple"),
    ],
)
def test_a_wrong_setting_is_refused(question: str, problem: str) -> None:
    with pytest.raises(AuthoringError, match=problem):
        build.notebook_from_text(question)
    assert build.notebook_from_text("Rows are `[[1, 2], [3, 4]]`, or $[[1]]$.")
