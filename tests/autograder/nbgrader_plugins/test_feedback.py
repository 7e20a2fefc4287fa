"""Feedback for a class in which some submissions are odd: each student gets their own page."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook
from nbgrader.utils import notebook_hash

from autograder.feedback import page, render
from autograder.nbgrader_plugins import release_feedback
from autograder.sandbox.bounded_worker import BoundedError
from tests.autograder import lessons
from tests.autograder.pages import Page
from tests.autograder.small import LESSON, open_course
from tests.hostile.batch import nbgrader
from tests.hostile.corpus import Submission

SECRETS: dict[str, bytes | None] = {
    "binary": b"\xff\xfe\x00",
    "none": None,
    "pages": b"p" * 128,
    "twin": b"z" * 128,
    "zoe": b"b" * 128,
    "zz-twin": b"z" * 128,
}
REASONS = {
    "binary": "submission_secret.txt is not text in UTF-8",
    "none": "the submission has no submission_secret.txt",
    "by-hand": "the submission has no submission_secret.txt",
    "zz-twin": "submission_secret.txt is the same as another student's",
}


@dataclass
class Released:
    """A course after ``release_feedback``."""

    course: Path
    code: int
    output: str

    def released(self, student: str, notebook: str = "small") -> Path:
        secret = (SECRETS[student] or b"").decode()
        name = notebook_hash(secret=secret, notebook_id=notebook)
        return self.course.parent / "exchange" / "autoencoders" / "feedback" / f"{name}.html"


@pytest.fixture(scope="module")
def class_with_odd_submissions(tmp_path_factory: pytest.TempPathFactory) -> Released:
    course = open_course(tmp_path_factory.mktemp("feedback").resolve() / "course", lessons.TEXT)
    commands = [("generate_assignment",), ("autograde",), ("generate_feedback",)]
    for student, secret in SECRETS.items():
        submission = Submission()
        if student == "pages":
            submission.files = dict.fromkeys(
                ("evil.html", "small.html", "deep/evil.js", "picture.svg", "notes.txt"),
                b"<script>alert(1)</script>",
            )
            submission.saved = ["My work.ipynb"]
        folder = course / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        submission.write(folder)
        if secret is not None:
            (folder / "submission_secret.txt").write_bytes(secret)
    # Not a submission at all: somebody copied a folder by hand.
    (course / "submitted" / "by-hand" / LESSON / "sub").mkdir(parents=True)
    for (command,) in commands:
        code, output = nbgrader(course, command, LESSON)
        assert code == 0, output[-3000:]
    code, output = nbgrader(course, "release_feedback", LESSON)
    return Released(course, code, output)


@pytest.mark.slow
def test_each_page_is_released_unless_its_secret_is_unusable(
    class_with_odd_submissions: Released,
) -> None:
    result = class_with_odd_submissions
    for student in SECRETS.keys() - REASONS.keys():
        page = result.released(student).read_text(encoding="utf-8")
        assert page.rstrip().endswith("</html>"), student
    assert len(list(result.released("zoe").parent.iterdir())) == 4  # one student renamed the file
    assert result.code == 1
    for student, reason in REASONS.items():
        assert f"The feedback for '{student}' was not released: {reason}" in result.output
    assert "4 of 7 students did not get their feedback" in result.output
    assert "Traceback" not in result.output


@pytest.mark.slow
def test_only_our_pages_are_in_the_folder_and_released(
    class_with_odd_submissions: Released,
) -> None:
    result = class_with_odd_submissions
    folder = result.course / "feedback" / "pages" / LESSON
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {"small.html", "My work.html", "submission_secret.txt"}
    assert result.released("pages", "My work").read_bytes() == (folder / "small.html").read_bytes()
    assert Page((folder / "small.html").read_text(encoding="utf-8")).acts == []
    assert (folder.parents[1] / "zoe" / LESSON / "small.html").is_file()
    assert not result.released("pages", "evil").exists()


@pytest.mark.slow
def test_a_page_asks_nothing_of_the_network(class_with_odd_submissions: Released) -> None:
    path = class_with_odd_submissions.released("zoe")
    page = path.read_text(encoding="utf-8")
    assert "default-src 'none'; img-src data:" in page
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.symlink_to("/etc/hostname"), "can't be read"),
        (lambda path: path.mkdir(), "not a regular file"),
        (os.mkfifo, "not a regular file"),
        (lambda path: path.write_bytes(b" \n"), "must have 1 to"),
        (lambda path: path.write_bytes(b"h" * 1_000_000), "must have 1 to"),
        (lambda path: path.write_bytes(b"\xff"), "not text in UTF-8"),
        (lambda _: None, "the submission has no submission_secret.txt"),
    ],
)
def test_an_odd_secret_is_refused_with_the_reason(
    tmp_path: Path, make: object, reason: str
) -> None:
    path = tmp_path / "submission_secret.txt"
    assert callable(make)
    make(path)
    with pytest.raises(ValueError, match=reason):
        release_feedback.read_secret(path)


def notebook(source: str) -> NotebookNode:
    return NotebookNode(new_notebook(cells=[new_markdown_cell(source)]))


RESOURCES = {
    "nbgrader": {"score": 1, "max_score": 2, "late_penalty": 0, "notebook": "lesson"},
    "feedback": page.prepare_page(
        notebook(""), notebook(""), page.SubmissionTime(), reveal=False, policy="never"
    )
    | {"notes": ["A note."]},
}


def test_a_page_that_takes_too_long_is_shown_as_plain_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(render.LIMITS, "seconds", 2)
    slow = "\\\\(" * 30_000  # rendering takes the square of the length
    shown = render.render_page(notebook(f"<b>{slow}"), RESOURCES, [str(page.TEMPLATES)])
    assert "A note." in shown
    assert "This page is shown as plain text." in shown
    assert "took more than 2 s" in shown
    assert f"<pre>&lt;b&gt;{slow}"[:1000] in shown


def test_a_page_that_can_not_even_be_shown_as_text_fails_alone() -> None:
    with pytest.raises(BoundedError, match=r"TemplateNotFound|template"):
        render.render_page(notebook("x"), RESOURCES, ["/nowhere"])
