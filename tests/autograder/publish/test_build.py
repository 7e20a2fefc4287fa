"""Notebooks are built from text only, byte for byte the same, and without any key."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from autograder import cells, student_text
from autograder.nbgrader_plugins.release import build_release
from autograder.publish import answer_leaks, build, cell_roles
from autograder.publish.cell_roles import AuthoringError
from course import quiz
from course.quiz import fields, kinds

COURSE = Path(__file__).resolve().parents[3]
LESSONS = build.assignment_names(COURSE)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course with the real texts and no notebooks."""
    shutil.copyfile(COURSE / "nbgrader_config.py", tmp_path / "nbgrader_config.py")
    for path in build.lesson_files(COURSE):
        target = tmp_path / path.relative_to(COURSE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return tmp_path


def notebooks(root: Path, folder: str) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted((root / folder).rglob("*.ipynb"))
        if ".ipynb_checkpoints" not in path.parts
    }


def test_the_assignments_are_numbered_from_one() -> None:
    assert [int(name.partition("-")[0]) for name in LESSONS] == list(range(1, len(LESSONS) + 1))
    assert len(LESSONS) >= 6


def test_a_rebuild_is_byte_identical(course: Path) -> None:
    build.build_source(course)
    build_release(course)
    for folder in ("source", "release"):
        built, committed = notebooks(course, folder), notebooks(COURSE, folder)
        assert set(built) == set(committed)
        assert [name for name in built if built[name] != committed[name]] == []
    assert build.build_source(course) == []
    assert build_release(course) == []


def rotate_keys(text: str) -> tuple[str, int]:
    """Move every key, replace every explanation and hint; count the questions and exercises."""
    text, count = re.subn(r"(?ms)^hints:\n.*?^---$", "hints:\n- A\n- B\n---", text)
    parts = re.split(r"(?m)(^\+\+\+.*$)", text)
    for index in range(2, len(parts), 2):
        if '"kind"' in parts[index - 1] and '"pool"' in parts[index - 1]:
            parts[index] = rotate_hidden_columns(parts[index])
            count += 1
        elif '"kind"' in parts[index - 1]:
            values = [field.value for field in fields.parse(parts[index])]
            keys = [*values[1:], values[0]] if len(values) > 1 else [f"{values[0]}7"]
            assert keys != values
            parts[index] = fields.fill(parts[index], keys)
            parts[index] = re.sub(r"(?m)^>.*$", "> Something else.", parts[index])
            count += 1
        elif '"quiz"' in parts[index - 1]:
            variants = re.split(r"(?m)^\*\*\*$", parts[index])
            parts[index] = "***".join(map(rotate_options, variants))
            count += 1
    return "".join(parts), count


def rotate_options(text: str) -> str:
    """Move the key of one question or variant, and replace its explanations."""
    options = quiz.parse(text).options
    key = {number for number, option in enumerate(options) if option.ticked}
    rotated = {(number + 1) % len(options) for number in key}
    assert rotated != key
    return re.sub(r"(?m)^(\s+>).*$", r"\1 Something else.", quiz.mark(text, rotated))


def rotate_hidden_columns(text: str) -> str:
    """Move what only the keys and explanations of a pool's table say to the next row."""
    lines = text.split("\n")
    numbers = [number for number, line in enumerate(lines) if line.startswith("|")]
    names, _, *rows = ([cell.strip() for cell in lines[n].split("|")] for n in numbers)
    shown = fields.bare("\n".join(lines[numbers[-1] + 1 :]))
    hidden = [n for n, name in enumerate(names) if name and f"{{{{{name}}}}}" not in shown]
    assert hidden
    for row, other, number in zip(rows, [*rows[1:], rows[0]], numbers[2:], strict=True):
        values = [other[n] if n in hidden else value for n, value in enumerate(row)]
        lines[number] = "|".join(values)
    return "\n".join(lines)


def test_rotating_every_key_leaves_the_release_byte_identical(course: Path) -> None:
    build.build_source(course)
    build_release(course)
    release = notebooks(course, "release")
    source = notebooks(course, "source")
    total = 0
    for path in build.lesson_files(course):
        rotated, count = rotate_keys(path.read_text(encoding="utf-8"))
        path.write_text(rotated, encoding="utf-8")
        total += count
    assert total >= 5
    assert len(build.build_source(course)) == len(LESSONS)
    assert notebooks(course, "source") != source
    shutil.rmtree(course / "release")
    build_release(course)
    assert notebooks(course, "release") == release


@pytest.mark.parametrize("name", LESSONS)
def test_no_answer_is_released(name: str) -> None:
    (path,) = (COURSE / "source" / name).glob("*.ipynb")
    released = (COURSE / "release" / name / path.name).read_text(encoding="utf-8")
    source = json.loads(path.read_text(encoding="utf-8"))
    for marker in ("BEGIN SOLUTION", "HIDDEN TESTS", "[x]", '"outputs": [\n'):
        assert marker not in released
    for cell in source["cells"]:
        for hint in cell["metadata"].get("course", {}).get("hints", []):
            lines = [line for line in hint.split("\n") if len(line) >= 40]  # others may be common
            assert not any(json.dumps(line)[1:-1] in released for line in lines)
        if "quiz" in cell["metadata"].get("course", {}):
            kind = kinds.of(cell)
            for explanation in kind.explanations("".join(cell["source"])):
                for line in explanation.split("\n"):
                    assert not line or json.dumps(line)[1:-1] not in released
    notebook = json.loads(released)
    kept = notebook["metadata"]["course"]["questions"]
    questions = [cell for cell in notebook["cells"] if cell["id"] in {cell["id"] for cell in kept}]
    assert [cell["source"] for cell in kept] == ["".join(cell["source"]) for cell in questions]
    pools = {cell["id"] for cell in source["cells"] if cells.is_pool(cell)}
    assert {cell["id"] for cell in kept if len(cell.get("variants", [])) > 1} == pools
    assert pools
    for cell in notebook["cells"]:
        if "course" in cell["metadata"] and cell["cell_type"] == "markdown":
            question = quiz.parse("".join(cell["source"]))
            kind = kinds.of(cell)
            assert kind.has_place(question.source)
            assert kind.state(question.source, multiple=False) == "blank"
            assert not question.ticked
            assert not question.stray_ticks  # nothing like a box in another script or place


HEAD = "# A lesson\n\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('+++ {"quiz": "q"}\n\nQ\n\n- [x] a\n  > A.\n- [ ] b\n  > B.', "invalid name 'q'"),
        ('+++ {"quiz": "one"}\n\nQ\n\n- [ ] a\n  > A.\n- [ ] b\n  > B.', "0 options are ticked"),
        ('+++ {"quiz": "one"}\n\nQ\n\n- [x] a\n  > A.\n- [x] b\n  > B.', "2 options are ticked"),
        ('+++ {"quiz": "one"}\n\nQ\n\n- [x] a\n  > A.', "at least two options, got 1"),
        ('+++ {"quiz": "one"}\n\nQ\n\n- [x] a\n  > A.\n- [ ] b', "no explanation"),
        (
            '+++ {"quiz": "one"}\n\nQ\n\n- [x] *A*\n  > A.\n- [ ] A.\n  > B.',
            "one: the options '*A*' and 'A.' are the same except for spacing, emphasis",
        ),
        (
            '+++ {"quiz": "one", "points": 0}\n\nQ\n\n- [x] a\n  > A.\n- [ ] b\n  > B.',
            "points must be above 0 and at most 100, got 0",
        ),
        (
            '+++ {"quiz": "one", "credit": "some"}\n\nQ\n\n- [x] a\n  > A.\n- [ ] b\n  > B.',
            "got 'some'",
        ),
        (
            '+++ {"quiz": "one", "credit": "each-option"}\n\nQ\n\n- [x] a\n  > A.\n- [ ] b\n  > B.',
            'credit "each-option" needs "multiple": true',
        ),
        ('+++ {"prediction": "one"}\n\nQ\n\n- [x] a\n- [ ] b', "a prediction has no key"),
        (
            '+++ {"quiz": "one", "prediction": "two"}\n\nQ',
            "a cell has one role, but this one has prediction and quiz",
        ),
        (
            "```{code-cell}\n---\nexercise: one\nhints:\n- only one\n---\nx = 1\n```",
            "hints must be a list of 2 or 3 texts, each below a line '- |'; got ['only one']",
        ),
        (
            "```{code-cell}\n---\nexercise: one\nhints:\n- a\n- b: c\n---\nx = 1\n```",
            "got ['a', {'b': 'c'}]",
        ),
        ('+++ {"prediction": "one", "hints": ["a", "b"]}\n\nQ', "'one' can't have hints"),
        (
            "```{code-cell}\n:hints: a\nx = 1\n```",
            "without a role, a cell can't have hints, which is for exercise",
        ),
        ('+++ {"exercise": "one"}\n\nText.', "can't be a markdown cell"),
        (
            '+++ {"points": 2}\n\nText.',
            "without a role, a cell can't have points, which is for quiz or test or manual",
        ),
        ("```{code-cell}\n:quiz: one\nx = 1\n```", "can't be a code cell"),
        (
            "```{code-cell}\n:seconds: 0\nx = 1\n```",
            "seconds must be above 0 and at most 3600, got 0",
        ),
        (
            "```{code-cell}\n:demonstration: 1\nx = 1\n```",
            "demonstration must be true, in a code cell; got 1 in a code cell",
        ),
        ('+++ {"demonstration": true}\n\nText.', "got True in a markdown cell"),
        (
            "```{code-cell}\n:exercise: one\n:demonstration: true\nx = 1\n```",
            "a demonstration can't have a role; remove exercise or demonstration",
        ),
        ('+++ {"locked": "one", "seconds": 9}\n\nText.', "seconds is for code cells"),
        (
            "```{code-cell}\n:exercise: one\n:points: 2\nx = 1\n```",
            "exercise 'one' can't have points",
        ),
        (
            "```{code-cell}\n:exercise: one\nx = 1\n```\n\n```{code-cell}\n:test: one\nx\n```",
            "another cell is already called 'one'",
        ),
        (
            "```{code-cell}\n:test: one\n:points: 2\n@exercises.check(points=3)\nclass A: ...\n```",
            "test 'one' announces points=3 but is worth 2; make them equal",
        ),
    ],
)
def test_an_invalid_text_is_reported(text: str, message: str) -> None:
    with pytest.raises(AuthoringError, match=re.escape(message)) as error:
        build.notebook_from_text(HEAD + text, where="lesson.md")
    assert "lesson.md, cell" in str(error.value)


EXERCISE = "```{code-cell}\n:exercise: half\ndef half(x):\n    return x / 2\n```\n\n"


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("assert half(base) == 0.5", "base"),
        ("def check():\n    assert half(base) == 0.5\ncheck()", "base"),
        ("assert np.isclose(half(1), 0.5)", "np"),
        ("assert all(half(x) == x / 2 for x in examples)", "examples"),
        ("base = base + 1\nassert half(base) == 1", None),
        ("import numpy as np\nexamples = [1, 2]\nassert np.isclose(half(examples[0]), 0.5)", None),
        ("for x in range(3):\n    assert half(x) == x / 2, f'{x}'", None),
    ],
)
def test_a_test_reads_only_what_an_exercise_defines(test: str, name: str | None) -> None:
    """A student can give any other name a value that makes the test pass."""
    text = f"{HEAD}```{{code-cell}}\nimport numpy as np\nbase, examples = 1, []\n```\n\n{EXERCISE}"
    text += f"```{{code-cell}}\n:test: half-test\n{test}\n```"
    if name is None:
        build.notebook_from_text(text)
        return
    message = f"the test 'half-test' reads {name!r}, which no exercise defines"
    with pytest.raises(AuthoringError, match=message):
        build.notebook_from_text(text)


def test_a_code_cell_can_set_its_time_limit() -> None:
    text = "```{code-cell}\n:seconds: 90\nx = 1\n```\n\n"
    text += "```{code-cell}\n:exercise: one\n:seconds: 5\n1\n```"
    plain, exercise = build.notebook_from_text(HEAD + text).cells[1:]
    assert plain.metadata == {"course": {"seconds": 90}}
    assert exercise.metadata["course"] == {"seconds": 5}


def test_a_code_cell_can_be_a_demonstration() -> None:
    text = "```{code-cell}\n:seconds: 90\n:demonstration: true\nx = 1\n```"
    (cell,) = build.notebook_from_text(HEAD + text).cells[1:]
    assert cell.metadata == {"course": {"seconds": 90, "demonstration": True}}


def test_a_check_of_an_optional_exercise_is_folded_and_earns_nothing() -> None:
    text = "```{code-cell}\n:exercise: one\nx = 1\n```\n\n```{code-cell}\n:check: one-check\nx\n```"
    _, cell = build.notebook_from_text(HEAD + text).cells[1:]
    assert (cell["id"], cell.metadata["course"]) == ("one-check", {"check": True})
    assert cell.metadata["jupyter"] == {"source_hidden": True}
    assert "nbgrader" not in cell.metadata
    with pytest.raises(AuthoringError, match="'one-check' can't have points, which is for"):
        build.notebook_from_text(HEAD + text.replace("check\nx", "check\n:points: 1\nx"))


def test_hints_stay_in_the_instructors_notebook() -> None:
    text = (
        "```{code-cell}\n---\nexercise: one\nhints:\n- |\n  An *idea*: `x`.\n- Nearly.\n---\n1\n```"
    )
    (exercise,) = build.notebook_from_text(HEAD + text).cells[1:]
    assert exercise.metadata["course"] == {"hints": ["An *idea*: `x`.", "Nearly."]}
    cells.remove_hints(exercise)
    assert "course" not in exercise.metadata


@pytest.mark.parametrize("name", LESSONS)
def test_every_exercise_has_hints_that_leave_something_to_do(name: str) -> None:
    (path,) = (COURSE / "source" / name).glob("*.ipynb")
    nb = cells.read_source(path)
    for cell in nb.cells:
        if cell.cell_type == "code" and cells.is_answer(cell):
            hints = cells.hints(cell)
            assert len(hints) in cell_roles.HINTS, cells.grade_id(cell)
            assert len(set(hints)) == len(hints)
            solution = [line for line in answer_leaks.find_secrets(nb) if line.cell == cell["id"]]
            lines = [line for line in solution if line.kind == student_text.SOLUTION]
            leaked = [
                line for line in lines if any(answer_leaks.find_leaks("\n".join(hints), [line]))
            ]
            assert not lines or len(leaked) < len(lines), cells.grade_id(cell)


def test_tests_are_collapsed_and_run_all_continues_from_the_first_exercise_on() -> None:
    text = "".join(
        f"```{{code-cell}}\n{role}x = {number}\n```\n\n"
        for number, role in enumerate(["", ":exercise: one\n", ":test: one-test\n", ""])
    )
    before, exercise, test, after = build.notebook_from_text(HEAD + text).cells[1:]
    continues = ["raises-exception"]
    assert "tags" not in before.metadata
    assert [cell.metadata["tags"] for cell in (exercise, test, after)] == [continues] * 3
    assert test.metadata["jupyter"] == {"source_hidden": True}
    assert all("jupyter" not in cell.metadata for cell in (before, exercise, after))


def test_identical_text_cells_get_different_ids() -> None:
    nb = build.notebook_from_text("Text.\n\n+++\n\nText.\n\n+++\n\nText.")
    assert len({cell["id"] for cell in nb.cells}) == 3


def test_an_unknown_assignment_is_reported() -> None:
    with pytest.raises(
        AuthoringError, match=r"source/ has no assignment '07-none'; choose from 01"
    ):
        build.build_source(COURSE, ["07-none"])
