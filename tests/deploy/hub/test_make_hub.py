"""`make hub`: a quiet terminal, and a demo class that has begun."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograder import cells
from autograder.grading import merge
from autograder.grading.submission import parse
from course.quiz import kinds
from deploy.__main__ import start_message
from deploy.hub import demo, quiet
from deploy.hub.settings import CHECKOUT, DEFAULT_FILE, HubSettings, load

LESSON = CHECKOUT / "source" / demo.LESSON / "intro.ipynb"


@pytest.mark.parametrize(("share", "expected"), [(1.0, 1.0), (0.5, 0.5), (0.0, 0.0)])
def test_the_demo_class_has_answered_a_share_of_lesson_1(share: float, expected: float) -> None:
    source = json.loads(LESSON.read_bytes())
    notebook = json.loads((CHECKOUT / "release" / demo.LESSON / LESSON.name).read_bytes())
    demo.answer(notebook, source, share)
    source_nb = NotebookNode(nbformat.read(LESSON, as_version=4))
    merged = merge.merge_submission(source_nb, parse(json.dumps(notebook).encode()))
    keys = cells.graded_cells(source_nb)
    right = [
        kinds.of(keys[name]).compare(cell.source, keys[name].source).right
        for name, cell in cells.graded_cells(merged).items()
        if cells.is_quiz(cell)
    ]
    assert sum(right) / len(right) == pytest.approx(expected, abs=0.3)  # exercises count, too
    assert "BEGIN SOLUTION" not in json.dumps(notebook)


def test_only_a_new_demo_class_is_filled(tmp_path: Path) -> None:
    assert not demo.is_new(HubSettings(state=tmp_path, file=tmp_path / "hub.toml"))
    settings = HubSettings(state=tmp_path, file=DEFAULT_FILE.resolve())
    assert demo.is_new(settings)
    settings.course_folder.mkdir()
    (settings.course_folder / "gradebook.db").touch()
    assert not demo.is_new(settings)


def test_messages_go_to_a_private_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log, up = tmp_path / "hub.log", tmp_path / "up"
    program = (
        "import pathlib, sys, time\n"
        "print('token abc', flush=True)\n"
        "print('http://127.0.0.1:811/hub/api', file=sys.stderr, flush=True)\n"
        f"pathlib.Path({str(up)!r}).touch()\n"
        f"while pathlib.Path({str(up)!r}).exists(): time.sleep(0.05)\n"
        "sys.exit(3)\n"
    )
    status = quiet.run(
        [sys.executable, "-c", program], log, is_ready=up.exists, when_ready=up.unlink
    )
    assert status == 3
    assert capfd.readouterr() == ("", "")
    assert "token abc" in quiet.tail(log)
    assert "hub/api" in quiet.tail(log)
    assert log.stat().st_mode & 0o077 == 0


def test_a_program_that_never_comes_up_is_not_announced(tmp_path: Path) -> None:
    announced: list[bool] = []
    status = quiet.run(
        [sys.executable, "-c", "raise SystemExit(2)"],
        tmp_path / "hub.log",
        is_ready=lambda: False,
        when_ready=lambda: announced.append(True),
    )
    assert (status, announced) == (2, [])


def test_the_terminal_shows_what_to_do_first_and_no_internal_address() -> None:
    settings = load(DEFAULT_FILE)
    text = start_message(settings, {"ines": "a", "ada": "b"})
    assert text.startswith(f"The hub: {settings.address}\n")
    assert "First, log in as ines and choose Services, autoencoders" in text
    assert str(settings.hub_port) not in text.replace(settings.address, "")
