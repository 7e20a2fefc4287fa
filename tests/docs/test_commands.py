"""Every block of commands in the guides runs here, in one folder, or names its own test."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from deploy.hub import demo
from tests.autograder.runs import slow
from tests.classroom.commands import Shell
from tests.docs.blocks import ROOT, Block, command_blocks

pytestmark = [*slow, pytest.mark.xdist_group("docs")]
ORDER: Final = (
    *("docs/install.md", "docs/learning.md", "docs/first-assignment.md", "docs/authoring.md"),
    *("docs/grading.md", "docs/exams.md", "docs/lms.md", "docs/privacy.md"),
)
LESSON: Final = "01-intro"
SHARES: Final = {"ada": 1.0, "ben": 0.5}  # of the answers
TEMPLATES: Final = {  # what the systems export, as docs/lms.md names the files
    "canvas-export.csv": "Student,ID,SIS User ID,SIS Login ID,Section\nLovelace,1,,ada,A\n",
    "moodle.csv": "Username,First name\nada,Ada\n",
    "gradecenter.xls": "Last Name\tFirst Name\tUsername\nLovelace\tAda\tada\n",
    "status.csv": "update,usr_id,login,status,mark\n0,7,ada,notgraded,\n",
}


class Session:
    """A scratch course folder in which the pages' commands run one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.students = iter(SHARES)
        shutil.copytree(ROOT / "source" / LESSON, folder / "source" / LESSON)
        (folder / ".venv").mkdir()
        (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
        settings = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
        (folder / "nbgrader_config.py").write_text(settings, encoding="utf-8")
        for name, text in TEMPLATES.items():
            (folder / name).write_text(text, encoding="utf-8")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.shell = Shell(folder, {"PATH": path, "HOME": str(folder)})

    def run(self, command: str) -> tuple[int, str]:
        """Run a command; Python's without the time it takes to start."""
        words = shlex.split(command)
        words[0] = words[0].removeprefix(".venv/bin/")
        if words[0] == "nbgrader":
            return self.shell.run(*words[1:])
        if words[:2] == ["python", "-m"]:
            return self.shell.run_module(*words[2:])
        if words[0] == "autoencoders":
            return self.shell.run_module("course", *words[1:])
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=os.environ | self.shell.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def hand_in(self) -> None:
        """Answer the next student's copy of the lesson, so that each run has one to grade."""
        student = next(self.students)
        release = self.folder / "release" / LESSON
        target = self.folder / "submitted" / student / LESSON
        if not target.is_dir():
            shutil.copytree(release, target)
        source = json.loads((self.folder / "source" / LESSON / "intro.ipynb").read_bytes())
        answered = json.loads((release / "intro.ipynb").read_bytes())
        demo.answer(answered, source, SHARES[student], student)
        (target / "intro.ipynb").write_text(json.dumps(answered), encoding="utf-8")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return Session(tmp_path_factory.mktemp("docs") / "course")


def position(block: Block) -> tuple[int, int]:
    return (ORDER.index(block.page) if block.page in ORDER else len(ORDER), block.line)


RUN: Final = sorted(
    (block for block in command_blocks() if not block.test and not block.reason), key=position
)


@pytest.mark.parametrize("block", RUN, ids=[f"{b.page}:{b.line}" for b in RUN])
def test_commands_run(session: Session, block: Block) -> None:
    for command in block.commands:
        if " grade " in command:
            session.hand_in()
        code, output = session.run(command)
        assert code == 0, f"{command}\n{output}"
