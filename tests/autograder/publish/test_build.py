"""The text is the only source: rebuilding changes no byte, and no key gets out."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from autograder.publish import build
from autograder.publish.cell_roles import AuthoringError
from course import quiz

COURSE = Path(__file__).resolve().parents[3]
LESSONS = build.assignments(COURSE)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A course with the real text and nothing built."""
    shutil.copyfile(COURSE / "nbgrader_config.py", tmp_path / "nbgrader_config.py")
    for text in build.texts(COURSE):
        target = tmp_path / text.relative_to(COURSE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(text, target)
    return tmp_path


def notebooks(root: Path, room: str) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted((root / room).rglob("*.ipynb"))
        if ".ipynb_checkpoints" not in path.parts
    }


def test_there_are_six_assignments() -> None:
    assert LESSONS == [
        "01-intro",
        "02-curse-of-dimensionality",
        "03-pca-comparison",
        "04-architecture",
        "05-autoencoder-lab",
        "06-digit-canvas",
    ]


def test_a_rebuild_is_the_same_to_the_byte(copy: Path) -> None:
    build.build_source(copy)
    build.build_release(copy)
    for room in ("source", "release"):
        built, committed = notebooks(copy, room), notebooks(COURSE, room)
        assert set(built) == set(committed)
        assert [name for name in built if built[name] != committed[name]] == []
    assert build.build_source(copy) == []
    assert build.build_release(copy) == []


def rotate_keys(text: str) -> tuple[str, int]:
    """Move every key one option on, and say something else in every explanation."""
    parts, rotated = re.split(r"(?m)(^\+\+\+.*$)", text), 0
    for index in range(2, len(parts), 2):
        if '"quiz"' in parts[index - 1]:
            options = quiz.parse(parts[index]).options
            old = {number for number, option in enumerate(options) if option.ticked}
            new = {(number + 1) % len(options) for number in old}
            assert new != old
            parts[index] = quiz.mark(parts[index], new)
            parts[index] = re.sub(r"(?m)^(\s+>).*$", r"\1 Something else.", parts[index])
            rotated += 1
    return "".join(parts), rotated


def test_a_release_after_rotating_every_key_is_the_same_to_the_byte(copy: Path) -> None:
    build.build_source(copy)
    build.build_release(copy)
    before = notebooks(copy, "release")
    sources = notebooks(copy, "source")
    total = 0
    for text in build.texts(copy):
        rotated, count = rotate_keys(text.read_text(encoding="utf-8"))
        text.write_text(rotated, encoding="utf-8")
        total += count
    assert total >= 5
    assert len(build.build_source(copy)) == len(LESSONS)
    assert notebooks(copy, "source") != sources
    shutil.rmtree(copy / "release")
    build.build_release(copy)
    assert notebooks(copy, "release") == before


@pytest.mark.parametrize("name", LESSONS)
def test_nothing_of_an_answer_is_released(name: str) -> None:
    (source,) = (COURSE / "source" / name).glob("*.ipynb")
    released = (COURSE / "release" / name / source.name).read_text(encoding="utf-8")
    words = json.loads(source.read_text(encoding="utf-8"))
    for mark in ("BEGIN SOLUTION", "HIDDEN TESTS", "[x]", '"outputs": [\n'):
        assert mark not in released
    for cell in words["cells"]:
        if "quiz" in cell["metadata"].get("course", {}):
            for option in quiz.parse("".join(cell["source"])).options:
                for line in option.explanation.split("\n"):
                    assert json.dumps(line)[1:-1] not in released


HEAD = "# A lesson\n\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('+++ {"quiz": "q"}\n\nQ\n\n- [x] a\n  > A.\n- [ ] b\n  > B.', "'q' is no name"),
        ('+++ {"quiz": "one"}\n\nQ\n\n- [ ] a\n  > A.\n- [ ] b\n  > B.', "0 options are ticked"),
        ('+++ {"quiz": "one"}\n\nQ\n\n- [x] a\n  > A.\n- [x] b\n  > B.', "2 options are ticked"),
        ('+++ {"quiz": "one"}\n\nQ\n\n- [x] a\n  > A.', "two options or more"),
        ('+++ {"quiz": "one"}\n\nQ\n\n- [x] a\n  > A.\n- [ ] b', "no explanation"),
        ('+++ {"quiz": "one"}\n\nQ\n\n- [x] a\n  > A.\n- [ ] A.\n  > B.', "stands twice"),
        ('+++ {"quiz": "one", "points": 0}\n\nQ\n\n- [x] a\n  > A.\n- [ ] b\n  > B.', "points=0"),
        (
            '+++ {"quiz": "one", "credit": "some"}\n\nQ\n\n- [x] a\n  > A.\n- [ ] b\n  > B.',
            "'some'",
        ),
        (
            '+++ {"quiz": "one", "credit": "each-option"}\n\nQ\n\n- [x] a\n  > A.\n- [ ] b\n  > B.',
            "each-option is for questions",
        ),
        ('+++ {"prediction": "one"}\n\nQ\n\n- [x] a\n- [ ] b', "no right answer"),
        ('+++ {"quiz": "one", "prediction": "two"}\n\nQ', "one role a cell"),
        ('+++ {"exercise": "one"}\n\nText.', "can't be a markdown cell"),
        ('+++ {"points": 2}\n\nText.', "points belongs to"),
        ("```{code-cell}\n:quiz: one\nx = 1\n```", "can't be a code cell"),
        ("```{code-cell}\n:seconds: 0\nx = 1\n```", "seconds=0"),
        ("```{code-cell}\n:demonstration: 1\nx = 1\n```", "demonstration=1; it is true"),
        ('+++ {"demonstration": true}\n\nText.', "it is true, for a code cell"),
        (
            "```{code-cell}\n:exercise: one\n:demonstration: true\nx = 1\n```",
            "a demonstration has no other role",
        ),
        ('+++ {"locked": "one", "seconds": 9}\n\nText.', "seconds are for code cells"),
        (
            "```{code-cell}\n:exercise: one\n:points: 2\nx = 1\n```",
            "does not belong to the exercise",
        ),
        (
            "```{code-cell}\n:exercise: one\nx = 1\n```\n\n```{code-cell}\n:test: one\nx\n```",
            "the name 'one' is taken",
        ),
    ],
)
def test_a_slip_in_the_text_is_named(text: str, message: str) -> None:
    with pytest.raises(AuthoringError, match=re.escape(message)) as error:
        build.notebook(HEAD + text, where="lesson.md")
    assert "lesson.md, cell" in str(error.value)


def test_a_code_cell_may_have_seconds_of_its_own() -> None:
    text = "```{code-cell}\n:seconds: 90\nx = 1\n```\n\n"
    text += "```{code-cell}\n:exercise: one\n:seconds: 5\n1\n```"
    plain, exercise = build.notebook(HEAD + text).cells[1:]
    assert plain.metadata == {"course": {"seconds": 90}}
    assert exercise.metadata["course"] == {"seconds": 5}


def test_a_code_cell_may_be_a_demonstration() -> None:
    text = "```{code-cell}\n:seconds: 90\n:demonstration: true\nx = 1\n```"
    (cell,) = build.notebook(HEAD + text).cells[1:]
    assert cell.metadata == {"course": {"seconds": 90, "demonstration": True}}


def test_the_same_sentence_twice_gets_two_ids() -> None:
    nb = build.notebook("Text.\n\n+++\n\nText.\n\n+++\n\nText.")
    assert len({cell["id"] for cell in nb.cells}) == 3


def test_an_unknown_assignment_is_named() -> None:
    with pytest.raises(AuthoringError, match=r"no assignment '07-none' in source/; there are 01"):
        build.build_source(COURSE, ["07-none"])
