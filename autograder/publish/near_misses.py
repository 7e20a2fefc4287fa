"""Find what an author wrote nearly right, so that students would get to see it.

A box, a quoted explanation or one of nbgrader's marks hides an answer only if it is spelled
exactly. What looks like one to a person, but not to the programs, is an authoring error.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from typing import Final

from nbformat import NotebookNode

from autograder import cells
from autograder.publish.field_near_misses import field_problems
from autograder.publish.folding import at, fold
from course.quiz import pool
from course.quiz.boxes import has_stray_box, read_box
from course.quiz.text import fenced_lines, split_lines

# nbgrader's regions, and where it clears them.
_REGIONS: Final[dict[str, tuple[Callable[[NotebookNode], bool], str]]] = {
    "SOLUTION": (cells.is_answer, "an exercise"),
    "HIDDEN TESTS": (cells.is_graded, "a test"),
    "MARK SCHEME": (cells.is_task, "a manually graded task"),
}
_MARKS: Final = tuple(f"{edge} {region}" for region in _REGIONS for edge in ("BEGIN", "END"))
_EDGE: Final = r"(?:begin|start|open|end|stop|finish|close)s?"
_REGION: Final = (
    r"(?:(?:the |model |sample )?(?:sol|soln|solns|solutions?|answers?)"
    r"|(?:hidden|secret)(?:$| ?(?:tests?|checks?|asserts?))"
    r"|(?:mark|marks|marking|grading) ?schem(?:e|es|a)|rubric)\b"
)
_NEAR_MARK: Final = re.compile(rf"{_EDGE} ?(?:of )?{_REGION}|{_REGION} {_EDGE}$")
_LONE_REGION: Final = re.compile(r"(?:solutions?|hidden ?(?:tests?)?|mark(?:ing)? ?schemes?)$")
_AUTOTEST: Final = re.compile(r"(?:hashed ?)?auto ?tests?\b")
_MIN_SIMILARITY: Final = 0.85  # of a misspelled mark
_MAX_MARK_CHARS: Final = 60

_OPTION: Final = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+\[[ xX]\][ \t]+\S")
_QUOTE: Final = re.compile(r"[ \t]*>")
_LIST_ITEM: Final = re.compile(r"\s*(?:[-*+•‣◦∙·●]\s|(?:\d{1,3}|[A-Za-z])[.)]\s)")
_QUOTE_LIKE: Final = re.compile(r"\s*(?:[>›»❯⟩〉》≻⊳▷▶►➤˃ᐳ]|<blockquote)", re.IGNORECASE)
# A box in other brackets, such as (x), without a bullet.
_OTHER_BOX: Final = re.compile(r"\s*[({<|/⟨〚]\s?[xX✓✔]?\s?[)}>|/⟩〛]\s")
_ROLE_LINE: Final = re.compile(
    r"\W{0,8}\{\W*(?:quiz|prediction|exercise|test|locked)\W{1,3}:"
    r"|\s*:(?:quiz|prediction|exercise|test|locked):"
    r"|\W*\{?code-?cell\}?",
    re.IGNORECASE,
)

# Letters and digits that look like Latin letters.
_LOOK_ALIKES: Final = str.maketrans(
    "авекмнорстухіѕјԁɡոαβεηικνορτυχℓ0135", "abekmhopctyxisjdgnabenikvoptuxloles"
)


def problems(cell: NotebookNode) -> Iterator[str]:
    r"""Yield a phrase for each line of an instructor's cell that is only nearly right.

    Example:
        >>> from nbformat.v4 import new_code_cell
        >>> list(problems(new_code_cell("### Begin Solution\nx = 1")))
        ["line 1, '### Begin Solution': write BEGIN SOLUTION, in capitals and with single spaces"]
    """
    is_question = cells.is_quiz(cell) or cells.is_prediction(cell)
    yield from _mark_problems(cell)
    if is_question:
        kind, is_pool = cells.question_kind(cell), cells.is_pool(cell)
        yield from question_problems(cell.source, kind, is_pool=is_pool)
    elif cell.cell_type != "code" and not cells.is_answer(cell):
        yield from _text_problems(cell.source)


def question_problems(
    source: str, kind: str = cells.DEFAULT_KIND, *, is_pool: bool = False
) -> Iterator[str]:
    """Yield a phrase for each line of a question that is only nearly an option or explanation."""
    if is_pool:
        for number, variant in enumerate(pool.split(source), 1):
            for problem in question_problems(variant, kind):
                yield f"variant {number}, {problem}"
        return
    if kind != cells.DEFAULT_KIND:
        yield from field_problems(source)
        return
    lines = split_lines(source)
    if [*fenced_lines([*lines, ""])][-1]:
        yield "the fenced code has no end; close it with the characters that open it"
    fenced = list(fenced_lines(lines))
    is_prompt = True
    for number, (line, is_fenced) in enumerate(zip(lines, fenced, strict=True), 1):
        is_prompt = is_prompt and not _OPTION.match(line)
        is_hidden = not is_prompt and not is_fenced and _QUOTE.match(line)
        if line.strip() and not is_hidden and (problem := _line_problem(line, is_fenced=is_fenced)):
            yield f"{at(number, line)}: {problem}"
    yield from _explanation_problems(lines, fenced)


def _line_problem(line: str, *, is_fenced: bool) -> str:
    folded = fold(line)
    has_box = bool(read_box(folded) or has_stray_box(folded) or _OTHER_BOX.match(folded))
    if is_fenced:
        return "a box in code isn't an option; move it or remove the box" if has_box else ""
    if _OPTION.match(line):
        box = read_box(line)
        is_clear = box is None or not has_stray_box(fold(box.text), at_start=False)
        return "" if is_clear else "this has a second box; remove it, or write it as code: `[x]`"
    if has_box or _LIST_ITEM.match(folded):
        return "not an option; write '- [ ] text' or '- [x] text', or text without box and list"
    if _QUOTE_LIKE.match(folded) and not _QUOTE.match(line):
        return "not an explanation; start the line with '>'"
    return ""


def _explanation_problems(lines: list[str], fenced: list[bool]) -> Iterator[str]:
    """Yield the lines that continue an explanation without the mark that hides it."""
    previous, has_option, in_explanation, trailing = "", False, False, ""
    for number, (line, is_fenced) in enumerate(zip(lines, fenced, strict=True), 1):
        where = at(number, line)
        if not is_fenced and _OPTION.match(line):
            if trailing:
                yield f"{trailing}: text between two options; start it with '>' or move it"
            has_option, in_explanation, trailing = True, False, ""
        elif _QUOTE.match(line):
            in_explanation = has_option
        elif in_explanation and line.strip():
            if (previous.strip() and not trailing) or line[0].isspace():
                yield f"{where}: students see this; start the line with '>' to explain the option"
            trailing = trailing or where
        previous = line


def _text_problems(source: str) -> Iterator[str]:
    """Yield the lines of a cell without a role that look as if it should have one."""
    lines = split_lines(source)
    for number, (line, is_fenced) in enumerate(zip(lines, fenced_lines(lines), strict=True), 1):
        folded = fold(line)
        box = read_box(folded)
        if box and box.kind and not is_fenced:
            yield (
                f"{at(number, line)}: students see this tick; begin the question with"
                ' +++ {"quiz": "name"}, or write the box as code'
            )
        elif _ROLE_LINE.match(folded):
            yield (
                f"{at(number, line)}: not read as the start of a cell; write"
                ' +++ {"quiz": "name"}, or ```{code-cell} with :exercise: name below it'
            )


def _mark_problems(cell: NotebookNode) -> Iterator[str]:
    opened: dict[str, str] = {}
    for number, line in enumerate(cell.source.split("\n"), 1):
        where = at(number, line)
        exact = next((mark for mark in _MARKS if mark in line), None)
        if exact is None:
            if near := _near_mark(line, is_code=cell.cell_type == "code", is_hidden=bool(opened)):
                yield f"{where}: {near}"
            continue
        edge, _, region = exact.partition(" ")
        is_cleared, place = _REGIONS[region]
        if edge == "BEGIN" and region in opened:
            yield f"{where}: a second {exact} before END {region}"
        elif edge == "BEGIN":
            opened[region] = where
            if cells.is_quiz(cell) or not is_cleared(cell):
                yield f"{where}: {region} is only removed from {place}; mark the cell as one"
        elif opened.pop(region, None) is None:
            yield f"{where}: there is no BEGIN {region} above it"
    for region, where in opened.items():
        yield f"{where}: END {region} is missing; write it on its own line below"


def _near_mark(line: str, *, is_code: bool, is_hidden: bool) -> str:
    """Return what to write instead, if a line looks like a mark but isn't one."""
    texts = [line, *line.split("#")[1:]] if is_code else [line]
    for text in texts:
        if len(text) > 4 * _MAX_MARK_CHARS:
            continue
        folded = fold(text).casefold().translate(_LOOK_ALIKES)
        words = " ".join(re.findall("[a-z]+", folded.replace("_", " ")))
        if is_code and _AUTOTEST.match(words):
            return "autotests aren't supported; write the check as an assert"
        match = _NEAR_MARK.match(words)
        is_near = match is not None and (is_code or match.end() == len(words))
        is_lone = (
            is_code
            and not is_hidden
            and line.lstrip().startswith("#")
            and _LONE_REGION.match(words) is not None
        )
        may_be_misspelled = words[:1] in {"b", "e"}
        if not (is_near or is_lone or may_be_misspelled):
            continue
        mark, similarity = _closest_mark(words)
        if is_near or is_lone or similarity >= _MIN_SIMILARITY:
            return f"write {mark}, in capitals and with single spaces"
    return ""


def _closest_mark(words: str) -> tuple[str, float]:
    """Return nbgrader's mark that is meant, and how similar it is, from 0 to 1."""
    words = re.sub(r"\banswers?\b", "solution", words)
    is_begin, is_end = (
        re.search("begin|start|open", words),
        re.search("end|stop|finish|clos", words),
    )
    edges: tuple[str, ...] = ("END",) if is_end and not is_begin else ("BEGIN",)
    if not is_begin and not is_end and not _LONE_REGION.match(words):
        edges = ("BEGIN", "END")
    marks = [mark for mark in _MARKS if mark.startswith(edges)]
    ratios = [difflib.SequenceMatcher(None, words, mark.casefold()).ratio() for mark in marks]
    return marks[ratios.index(max(ratios))], max(ratios)
