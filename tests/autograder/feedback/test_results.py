"""What the feedback page says about each answer: result, reason, the student's code, next steps."""

from __future__ import annotations

import base64
import copy
import hashlib
import itertools
import re
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder import cells
from autograder.feedback import page, render
from autograder.grading import comments
from autograder.grading.run_cells import CellOutcomes
from autograder.grading.scoring import NOT_IMPLEMENTED, CellScore
from autograder.kernels.kernel import CellOutcome
from autograder.publish import build
from autograder.score_history import Cause, ScoreChange
from tests.autograder.lessons import TEXT

EXERCISE = "```{code-cell} ipython3\n:exercise: double"
LESSON = (
    TEXT.replace(EXERCISE, f"**Exercise 1.** Write `double`. Twice the number.\n\n{EXERCISE}")
    + '\n+++ {"manual": "essay", "points": 3}\n\n'
    + "Why?\n\n### BEGIN SOLUTION\nSo.\n### END SOLUTION\n"
    + "\n+++\n\n**Next:** [Lesson 2, The next one](../02/next.ipynb)\n"
)
DUE = datetime(2026, 3, 1, 12)  # noqa: DTZ001  (UTC without a time zone, as in nbgrader)
NO_TICK = "No option is ticked."
HINT = "double(2) should be 4, not <b>2</b> or `x_y`"


def graded(
    by_hand: dict[str, float] | None = None, comment: str = "", **results: tuple[float | None, str]
) -> NotebookNode:
    """Return a graded notebook; results are points and reasons by name, full points without."""
    nb = copy.deepcopy(build.notebook_from_text(LESSON))
    scores: dict[str, CellScore] = {}
    outcomes: CellOutcomes = {}
    for cell in nb.cells:
        name = cells.grade_id(cell)
        if cells.is_quiz(cell):
            cell["source"] = cell.source.replace("- [x]", "- [ ]")
        elif cells.is_answer(cell):
            cell["source"] = f"# the student's {name}"
        if not cells.is_graded(cell):
            continue
        maximum = float(cells.max_points(cell))
        points, reason = results.get(name.replace("-", "_"), (maximum, ""))
        chosen = {"single": (1,), "several": (0, 1)}.get(name, ())
        if cells.is_quiz(cell) and not points:
            chosen = () if reason == NO_TICK else (0,)
        scores[name] = CellScore(name, points, maximum, reason, chosen)
        if reason and cells.is_test(cell):
            outcomes[cell.id] = CellOutcome("raised", traceback="line 2, in double: return x")
    outcomes["half"] = CellOutcome("raised", error="ValueError", message="a_b")
    automatic = comments.student_comments(nb, scores, outcomes)
    comments.write_scores(nb, scores, outcomes)
    for cell in nb.cells:
        name = cells.grade_id(cell)
        points = (by_hand or {}).get(name, scores[name].points if name in scores else None)
        cells.set_nbgrader(
            cell,
            score=points,
            by_hand=name in (by_hand or {}),
            auto_comment=automatic.get(name),
            manual_comment=comment if name == "double" else None,
        )
    return NotebookNode(nb)


class Text(HTMLParser):
    """The visible text of a page, and that of its folded parts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open, self.folded = "", ""
        self._depth = 0
        self.feed(html.partition("</head>")[2])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._depth += tag == "details"

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "details"

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.folded += data
        else:
            self.open += data


def show(nb: NotebookNode, **settings: Any) -> tuple[str, str]:
    """Return the page, and its visible text without line breaks."""
    submission = settings.pop("submission", page.SubmissionTime())
    points = {"score": 5, "max_score": 11, "late_penalty": settings.pop("penalty", 0)}
    settings = {"reveal": False, "policy": "never", **settings}
    data = page.prepare_page(nb, build.notebook_from_text(LESSON), submission, **settings)
    html = render.render_page(
        nb,
        {"feedback": data, "nbgrader": {**points, "notebook": "small"}},
        [str(page.TEMPLATES)],
    )
    return html, " ".join(Text(html).open.split())


def article(html: str, title: str) -> str:
    """Return the text of one answer."""
    (part,) = (
        part
        for part in re.findall("<article.*?</article>", html, re.DOTALL)
        if f"\n{title}</h3>" in part.replace(">", ">\n", 2)
    )
    return " ".join(Text(f"</head>{part}").open.split())


def test_an_exercise_shows_title_result_hint_place_and_code() -> None:
    html, text = show(graded(double_test=(0.0, HINT), half_test=(3.0, "")))
    shown = article(html, "Exercise 1: Write double")
    assert shown.startswith(
        "Exercise 1: Write double ✗ incorrect, 0 of 2 points "
        f"{HINT} line 2, in double: return x Your code # the student's double"
    )
    assert "double-test" not in text
    assert "<b>2" not in html
    assert "Exercises: 1 of 2 solved, 3 of 5 points" in text


def test_a_failed_cell_is_named_before_what_follows_from_it() -> None:
    html, _ = show(graded(half_test=(0.0, "NameError: name 'half' is not defined")))
    assert (
        "✗ incorrect, 0 of 3 points This cell failed. ValueError: a_b NameError: name 'half'"
    ) in article(html, "half")


def test_a_note_on_a_test_is_shown() -> None:
    nb = graded()
    cells.set_course(next(c for c in nb.cells if c.id == "half-test"), notes=["It was changed."])
    html, _ = show(nb)
    assert "✓ correct, 3 of 3 points This cell failed. ValueError: a_b It was changed." in article(
        html, "half"
    )


def test_an_open_exercise_is_not_called_incorrect() -> None:
    html, text = show(graded(double_test=(0.0, NOT_IMPLEMENTED), single=(0.0, NO_TICK)))
    shown = article(html, "Exercise 1: Write double")
    assert "○ not answered, 0 of 2 points This code is still to be written. Your code" in shown
    assert "Solve: Exercise 1: Write double (0 of 2 points)" in text
    assert "Answer Question 1." in text


def test_the_rest_of_the_lesson_and_the_tests_are_folded() -> None:
    html, text = show(graded())
    folded = Text(html).folded
    for code in ("Some text.", "base = 1", "assert double(2) == 4"):
        assert code in folded
        assert code not in text
    assert html.count("# the student&#39;s double") + html.count("# the student's double") == 1


def test_what_to_do_next_links_to_what_was_missed_and_names_the_next_lesson() -> None:
    html, text = show(graded(double_test=(0.0, HINT), single=(0.0, "No."), several=(1.0, "No.")))
    assert "Try again: Exercise 1: Write double (0 of 2 points)" in text
    assert "Think again about Question 1 and Question 2." in text
    assert "Go on with Lesson 2, The next one." in text
    targets = set(re.findall(r'href="#(answer-\d)"', html))
    assert targets == set(re.findall(r'id="(answer-\d)"', html))
    _, text = show(graded(by_hand={"essay": 3}))
    assert "Nothing is left to correct" in text


def test_a_persons_points_and_comment_stand_beside_the_automatic_reason() -> None:
    nb = graded({"double-test": 1.0, "essay": 1.5}, "Nearly *there*.", double_test=(0.0, HINT))
    html, _ = show(nb)
    shown = article(html, "Exercise 1: Write double")
    assert "◐ partial credit, 1 of 2 points Comment from your instructor Nearly there." in shown
    assert "The automatic result was 0 of 2 points." in shown
    assert HINT in shown
    assert "◐ partial credit, 1.5 of 3 points Why? Your answer" in article(html, "essay")


def test_pending_answers_are_counted_and_get_no_advice() -> None:
    html, text = show(graded(essay=(None, "This answer is graded by a person.")))
    assert "so far. Awaiting manual grading: 1 of 5 answers." in text
    assert "Graded by a person: 0 of 1 with full points, 0 of 3 points; 1 not graded yet" in text
    assert "Try again" not in text
    assert "… awaiting manual grading, 3 points possible" in article(html, "essay")


def test_a_late_submission_is_explained() -> None:
    late = page.SubmissionTime(DUE, 2 * 86400 + 3 * 3600 + 240)
    _, text = show(graded(), submission=late, penalty=2)
    assert (
        "Submitted 2 days 3 hours after the due date, March 1, 2026, 12:00 UTC."
        " Late penalty: 2 of 7 points, which leaves 5."
    ) in text
    _, text = show(graded(), submission=late)
    assert "12:00 UTC. No points were deducted for it." in text
    _, text = show(graded(), submission=page.SubmissionTime(DUE))
    assert "after the due date" not in text


@pytest.mark.parametrize(
    ("left", "count"), [(0, "no late days"), (1, "1 late day"), (2, "2 late days")]
)
def test_the_late_days_that_were_left_are_shown(left: int, count: str) -> None:
    rule = "Late: −10% for each day begun after the due date."
    _, text = show(graded(), submission=page.SubmissionTime(DUE, rule=rule, days_left=left))
    assert f"{rule} When this page was made, you had {count} left." in text
    assert "you had" not in show(graded(), submission=page.SubmissionTime(DUE, rule=rule))[1]


def test_times_are_marked_and_only_their_script_may_run() -> None:
    html, _ = show(graded(), submission=page.SubmissionTime(DUE, rule="<b>A</b> costs 10%."))
    assert '<time datetime="2026-03-01T12:00Z">March 1, 2026, 12:00 UTC</time>' in html
    assert "&lt;b&gt;A&lt;/b&gt; costs 10%." in html
    assert html.count("<script") == 1
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"; script-src 'sha256-{digest}'; base-uri 'none'" in html
    bare = show(graded())[0]
    assert "<script" not in bare
    assert "script-src" not in bare


@pytest.mark.parametrize("reveal", [False, True])
def test_the_key_is_shown_by_the_policy_only(*, reveal: bool) -> None:
    nb = graded(single=(0.0, "That is not the right answer."))
    html, text = show(
        nb, reveal=reveal, policy="after the due date", submission=page.SubmissionTime(DUE)
    )
    assert ("Not this one." in html) == reveal
    assert ("— correct" in article(html, "Question 1")) == reveal
    assert ("due date, March 1, 2026, 12:00 UTC" in text) != reveal
    assert "So." not in html


def test_code_that_a_student_added_to_an_exercise_is_shown_with_it() -> None:
    nb = graded()
    position = next(i for i, cell in enumerate(nb.cells) if cells.grade_id(cell) == "double")
    nb.cells.insert(position + 1, NotebookNode(new_code_cell("# more", id="extra-9-0")))
    html, _ = show(nb)
    assert "# the student's double # more" in article(html, "Exercise 1: Write double")


def test_a_test_that_the_instructor_has_removed_since_is_still_listed() -> None:
    nb = graded()
    gone = next(cell for cell in nb.cells if cells.grade_id(cell) == "half-test")
    cells.set_nbgrader(gone, grade_id="earlier-test")
    html, _ = show(nb)
    assert "✓ correct, 3 of 3 points" in article(html, "earlier-test")


def test_headings_have_one_top_level_and_no_gaps() -> None:
    html, _ = show(graded(double_test=(0.0, HINT)))
    levels = [int(level) for level in re.findall(r"<h([1-6])", html)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    steps = itertools.pairwise(levels)
    assert all(after - before <= 1 for before, after in steps)
    ids = re.findall(r' id="([^"]*)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'aria-labelledby="([^"]*)"', html)) <= set(ids)


def test_the_page_says_what_changed_and_why() -> None:
    history = [
        ScoreChange(time="2026-03-02T10:00:00+00:00", score=(None, 6), maximum=8),
        ScoreChange(
            time="2026-03-04T10:00:00+00:00",
            score=(6, 7),
            maximum=8,
            cells={"single": (0, 1)},
            causes=(Cause(kind="key", cells=("single",)),),
        ),
    ]
    html, text = show(graded(), submission=page.SubmissionTime(history=history))
    assert "What changed" in text
    assert (
        "March 4, 2026, 10:00 UTC: Your score changed from 6 to 7 of 8 points."
        " Question 1: 0 → 1. The answer key was corrected."
    ) in text
    assert re.search(r'<a href="#answer-1">Question 1</a>: 0 → 1', html)
    assert "What changed" not in show(graded())[1]
