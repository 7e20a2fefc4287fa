"""Plain ``nbgrader autograde`` takes its kernels and judges from warm processes, all of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.autograder.runs import EMPTY, GRADED, slow
from tests.autograder.small import COURSE, LESSON

pytestmark = slow

# nbgrader's own command; each birth and each cold start is told.
COUNTING = f"""
import sys
sys.path.insert(0, {str(COURSE)!r})
from autograder.kernels.kernel import Kernel
from autograder.sandbox.forkserver_client import ForkServer
real, start = ForkServer.fork, Kernel._start

def fork(self, order, files):
    pid = real(self, order, files)
    print("born:", "judge" if list(files) == ["wire"] else "kernel", file=sys.stderr)
    return pid

def begin(self):
    if self.fork_server is None:
        print("started cold", file=sys.stderr)
    start(self)

ForkServer.fork, Kernel._start = fork, begin
from nbgrader.apps.nbgraderapp import main
sys.argv = ["nbgrader", "autograde", {LESSON!r}]
main()
"""


@pytest.mark.parametrize("warm", [True, False])
def test_nbgrader_itself_is_served_warm(new_course: Callable[[str], Path], *, warm: bool) -> None:
    course = new_course("counted")
    if not warm:
        with (course / "nbgrader_config.py").open("a") as file:
            file.write("\nc.Grade.warm = False\n")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-c", COUNTING],
        cwd=course,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    # One of the class can't be read, and so is not run.
    runs = len([name for name in GRADED if name not in {EMPTY, "truncated"}])
    if warm:
        assert lines.count("born: kernel") >= runs
        assert lines.count("born: judge") >= runs
        assert "started cold" not in lines
    else:
        assert lines.count("started cold") >= runs
        assert not [line for line in lines if line.startswith("born:")]
