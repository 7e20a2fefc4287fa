"""What an author writes nearly right is read as it was meant or refused, and never released."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.nbgrader_plugins.release import build_release
from autograder.publish import build, near_misses, release_check
from autograder.publish.cell_roles import AuthoringError
from autograder.student_text import student_text
from tests.autograder import small

SECRET = "SECRET: the loss reaches both halves."
EXPLANATIONS = f"\n  > {SECRET}\n- [ ] two\n  > {SECRET}"
TEST = """```{{code-cell}}
:exercise: double
double = 2
```

```{{code-cell}}
:test: double-test
{}
```"""


def question(body: str) -> str:
    return f'# Lesson\n\n+++ {{"quiz": "q-one"}}\n\n**Which one?**\n\n{body}\n'


def released_text(text: str) -> str:
    nb = build.notebook_from_text(text, "lesson.md")
    return "\n".join(student_text(cell) for cell in nb.cells)


@pytest.mark.parametrize("box", ["- [x]", "- [X]", "* [x]", "+ [x]", "1. [x]", "-  [x]", "\t- [x]"])
def test_an_exact_box_is_read(box: str) -> None:
    text = released_text(question(f"{box} one{EXPLANATIONS}"))
    assert "SECRET" not in text
    assert not re.search(r"\[[xX]\]", text)


@pytest.mark.parametrize(
    "line",
    [
        *("- [х] one", "- [χ] one", "- [ｘ] one", "- [ⅹ] one", "- [𝐱] one", "- [×] one"),
        *("- [✓] one", "- [✅] one", "- [✔️] one", "- ☑ one", "- ✅ one", "- [✗] one"),
        *(r"- \[x\] one", r"\- [x] one", "- &#91;x] one", "- [&#120;] one"),
        *(
            "-\u00a0[x] one",
            "\u00a0- [x] one",
            "- [x]\u00a0one",
            "- [\u200bx] one",
            "\u200f- [x] one",
        ),
        *(
            "- ［x］ one",
            "- 【x】 one",
            "- ⟦x⟧ one",
            "- 〚x〛 one",
            "－ [x] one",
            "– [x] one",
            "• [x] one",
        ),
        *("- [*] one", "- [v] one", "- [+] one", "- [xx] one", "- [1] one", "- [yes] one"),
        *("-[x] one", "- [x]one", "- [x ] one", "- [x]: one", "- [x](one)", "- [x one", "- x] one"),
        *("[x] one", "a) [x] one", "(x) one", "- (x) one", "- {x} one", "- `[x]` one"),
        *(
            "- one [x]",
            "- one",
            "- [ ] [x] one",
            "- **[x]** one",
            "- one ✓",
            "- <input checked> one",
        ),
        *("```\n- [x] one", "```\n- [x] one\n```", "> - [x] one"),
    ],
)
def test_a_box_that_is_nearly_right_is_refused(line: str) -> None:
    with pytest.raises(AuthoringError, match=r"lesson\.md, cell 2: q-one: .*(line \d|has no end)"):
        released_text(question(line + EXPLANATIONS))


def test_the_message_names_the_line_and_the_right_spelling() -> None:
    with pytest.raises(AuthoringError) as error:
        released_text(question(f"- [х] one{EXPLANATIONS}"))
    assert str(error.value) == (
        "lesson.md, cell 2: q-one: line 3, '- [х] one': not an option; write '- [ ] text' or"
        " '- [x] text', or text without box and list"
    )


@pytest.mark.parametrize(
    "lines",
    [
        *(f"  {mark} {SECRET}\n  > More." for mark in ("＞", "&gt;", r"\>", "›", "»", "\u200b>")),
        f"  > Yes.\n  {SECRET}",
        f"  > Yes.\n{SECRET}",
        f"  > Yes.\n\n  {SECRET}",
        f"  > Yes.\n\n{SECRET}",
        f"  <blockquote>{SECRET}</blockquote>\n  > More.",
    ],
)
def test_an_explanation_without_its_mark_is_refused(lines: str) -> None:
    with pytest.raises(AuthoringError, match=r"line \d, .*start (the line|it) with '>'"):
        released_text(question(f"- [x] one\n{lines}\n- [ ] two\n  > No."))


@pytest.mark.parametrize(
    "text",
    [
        "Read the text below:\n\n> a quotation\n\n$$x$$\n\n",
        "What is `[x]`, or $[x]$, or [a link](x), or [3]?\n\n",
        "```python\nx = [1]\n```\n\n",
    ],
)
def test_other_markdown_stays_possible(text: str) -> None:
    released = released_text(
        question(f"{text}- [x] one\n  more\n  > Yes.\n- [ ] two\n  > No.\n\nEnd.")
    )
    assert text.strip() in released
    assert "\n- [ ] one\n  more\n- [ ] two\n\nEnd." in released


@pytest.mark.parametrize(
    "entry",
    ['{"Quiz": "q-one"}', '{"quizz": "q-one"}', '{"quiz ": "q-one"}', '{"ｑｕｉｚ": "q-one"}'],
)
def test_a_role_that_is_nearly_right_is_refused(entry: str) -> None:
    with pytest.raises(AuthoringError, match=r"unknown entry .* write 'quiz'"):
        released_text(f"# Lesson\n\n+++ {entry}\n\nWhich?\n\n- [x] one{EXPLANATIONS}")


@pytest.mark.parametrize("entry", ["hint", "Hints", "hnits", "hints "])
def test_hints_that_are_nearly_right_are_refused(entry: str) -> None:
    text = f"```{{code-cell}}\n---\nexercise: one\n'{entry}':\n- a\n- b\n---\nx = 1\n```"
    with pytest.raises(AuthoringError, match=r"unknown entry .* write 'hints'"):
        build.notebook_from_text(text)


@pytest.mark.parametrize(
    "text",
    [
        '++ {"quiz": "q-one"}\n\nWhich?\n\n- [x] one',
        "Which?\n\n- [x] one\n- [ ] two",
        "+++ {quiz: one}\n\nWhich?\n\n- [x] one",
        "``` {code-cell}\n:exercise: double\ndouble = 2\n```",
        "```{code-cel}\n:exercise: double\ndouble = 2\n```",
        "```{code-cell}\n:exercize: double\ndouble = 2\n```",
    ],
)
def test_a_cell_without_its_role_is_refused(text: str) -> None:
    with pytest.raises(AuthoringError, match=r"lesson\.md"):
        released_text(f"# Lesson\n\n{text}")


def test_text_may_explain_how_to_tick() -> None:
    text = "# Lesson\n\nWrite `[x]`:\n\n```\n- [x] one\n```\n\n- [ ] Read this.\n\n## Solution"
    assert released_text(text) == text


@pytest.mark.parametrize("mark", ["### BEGIN", "# BEGIN", "###BEGIN", "    # === BEGIN"])
def test_an_exact_mark_is_read(mark: str) -> None:
    hidden = f"double\n{mark} HIDDEN TESTS\n{SECRET!r}\n{mark.replace('BEGIN', 'END')} HIDDEN TESTS"
    assert "SECRET" not in released_text(TEST.format(hidden))


@pytest.mark.parametrize(
    ("mark", "right"),
    [
        *((mark, "BEGIN HIDDEN TESTS") for mark in ("BEGIN HIDDEN TEST", "begin hidden tests")),
        *((mark, "BEGIN HIDDEN TESTS") for mark in ("BEGIN  HIDDEN TESTS", "BEGIN-HIDDEN-TESTS")),
        *((mark, "BEGIN HIDDEN TESTS") for mark in ("BEGIN HIDDENTESTS", "START HIDDEN TESTS")),
        *((mark, "BEGIN HIDDEN TESTS") for mark in ("BEGIN HIDEN TESTS", "BЕGIN HIDDEN TESTS")),
        *((mark, "BEGIN HIDDEN TESTS") for mark in ("ＢＥＧＩＮ HIDDEN TESTS", "HIDDEN TESTS")),
        *((mark, "BEGIN HIDDEN TESTS") for mark in ("BEGIN\u00a0HIDDEN TESTS", "BEGIN HIDDEN")),
        *((mark, "BEGIN HIDDEN TESTS") for mark in ("BEGIN_HIDDEN_TESTS", "BGEIN HIDDEN TESTS")),
        *((mark, "BEGIN SOLUTION") for mark in ("Begin Solution", "START SOLUTION", "Solution:")),
        *((mark, "BEGIN SOLUTION") for mark in ("BEGIN SOLUTOIN", "BEGIN ANSWER", "BEGIN SOL")),
        *((mark, "BEGIN MARK SCHEME") for mark in ("BEGIN MARKSCHEME", "BEGIN MARKING SCHEME")),
        *((mark, "END HIDDEN TESTS") for mark in ("END HIDDEN TEST", "End hidden tests")),
        *((mark, "END SOLUTION") for mark in ("END SOLUTOIN", "STOP SOLUTION")),
    ],
)
def test_a_mark_that_is_nearly_right_is_refused(mark: str, right: str) -> None:
    with pytest.raises(AuthoringError) as error:
        released_text(TEST.format(f"double\n### {mark}\n{SECRET!r}"))
    assert f", cell 2, line 2, '### {' '.join(mark.split())}': write {right}, in" in str(
        error.value
    )


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("### BEGIN HIDDEN TESTS\n1", "END HIDDEN TESTS is missing"),
        ("1\n### END HIDDEN TESTS", "there is no BEGIN HIDDEN TESTS above it"),
        (
            "### BEGIN HIDDEN TESTS\n### BEGIN HIDDEN TESTS",
            "a second BEGIN HIDDEN TESTS before END",
        ),
        ("### BEGIN SOLUTION\n1\n### END SOLUTION", "SOLUTION is only removed from an exercise"),
        ("### BEGIN MARK SCHEME\n### END MARK SCHEME", "only removed from a manually graded task"),
        ("### AUTOTEST double", "autotests aren't supported; write the check as an assert"),
        ("### Hashed auto-test double", "autotests aren't supported"),
    ],
)
def test_a_region_that_nbgrader_does_not_clear_is_refused(lines: str, message: str) -> None:
    with pytest.raises(AuthoringError, match=re.escape(message)):
        released_text(TEST.format(lines))


@pytest.mark.parametrize(
    "comment",
    ["Resolution of the image", "start answering here", "hidden layers", "the end of the test"],
)
def test_an_ordinary_comment_is_no_mark(comment: str) -> None:
    assert f"# {comment}" in released_text(TEST.format(f"double  # {comment}\n# {comment}"))


CRITICAL = ("- [x] one", f"  > {SECRET}", "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
CONFUSABLE = {
    "x": "hχｘⅹ×X",
    "[": "［【(",
    "]": "］】)",
    "-": "–—－*•",
    ">": "＞›»",
    "#": "＃",
    "B": "ВΒＢb",
    "E": "ЕΕＥe",
    "I": "ІΙ1i",
    "N": "ΝＮn",
    "H": "НΗh",
    "S": "ЅＳs5",
    "T": "ТΤt",
    "O": "ОΟ0",
    " ": "\u00a0\u2003\u200b_",
}


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, str]:
    """Return a critical line and what a slip of the pen makes of it."""
    line = draw(st.sampled_from(CRITICAL))
    end = len(line)
    if " one" in line:
        end = line.index(" one")
    elif ">" in line:
        end = line.index(">") + 2
    chars = list(line[:end])
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(chars) - 1))
        kind = draw(st.sampled_from(["confuse", "case", "double", "drop", "swap", "insert"]))
        if kind == "confuse":
            chars[at] = draw(st.sampled_from(CONFUSABLE.get(chars[at], chars[at]) or " "))
        elif kind == "case":
            chars[at] = chars[at].swapcase()
        elif kind == "double":
            chars[at] *= 2
        elif kind == "drop":
            chars[at] = ""
        elif kind == "swap":
            chars[at - 1], chars[at] = chars[at], chars[at - 1]
        else:
            chars.insert(at, draw(st.sampled_from([" ", "\t", "\u00a0", "\u200b", "\\", "*", "`"])))
    return line, "".join(chars) + line[end:]


def lesson(right: int, mutation: tuple[str, str] = ("", "")) -> str:
    lines = [
        *question("").split("\n"),
        *("- [x] one" if right == 0 else "- [ ] one", f"  > {SECRET}"),
        *("- [ ] two" if right == 0 else "- [x] two", f"  > {SECRET}"),
        *TEST.format(f"double\n### BEGIN HIDDEN TESTS\n{SECRET!r}\n### END HIDDEN TESTS").split(
            "\n"
        ),
    ]
    before, after = mutation
    return "\n".join(after if line == before else line for line in lines)


@settings(deadline=None)
@given(mutations())
def test_a_slip_is_read_as_it_was_meant_or_refused(mutation: tuple[str, str]) -> None:
    expected = released_text(lesson(0))
    assert released_text(lesson(1)) == expected
    try:
        released = released_text(lesson(0, mutation))
    except AuthoringError:
        return
    assert "SECRET" not in released
    visible = [re.sub(r"^\s*[-*+]\s+\[ \]", "- [ ]", line) for line in released.split("\n")]
    assert "\n".join(visible) == expected


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("dice", "- [x]", "- [х]", "'dice' in source/, line 5, "),
        ("squares-test", "HIDDEN TESTS", "HIDDEN TEST", "'squares-test' in source/, line 2, "),
        ("squares", "BEGIN SOLUTION", "begin solution", "'squares' in source/, line 2, "),
        ("rules", "Numbers", "- [x] Numbers", "'rules' in source/, line 1, "),
    ],
)
def test_a_release_made_from_a_notebook_is_checked_too(
    tmp_path: Path, name: str, old: str, new: str, message: str
) -> None:
    root = small.open_course(tmp_path / "course")
    path = root / "source" / small.LESSON / small.NOTEBOOK
    nb = release_check.read_notebook(path)
    (cell,) = (cell for cell in nb.cells if cell.id == name)
    assert old in cell.source
    cell.source = cell.source.replace(old, new)
    build.write_notebook(nb, path)
    assert any(map(near_misses.problems, nb.cells))
    with pytest.raises(AuthoringError, match="can't") as error:
        build_release(root)
    text = str(error.value)
    if "can't build" not in text:  # nbgrader itself stops at an END without its BEGIN
        assert message in text
