"""Plain ``nbgrader autograde`` forks all kernels and test runners from warm processes."""

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

# Imported by each Python at its start: the grader's workers print a line for each fork and each
# cold start.
COUNTING = """
import sys
if "autograder.sandbox.worker_process" in sys.orig_argv:
    from autograder.kernels.kernel import Kernel
    from autograder.sandbox.forkserver_client import ForkServer
    from autograder.test_runner.forkserver import RUNNER_SOCKET
    fork, start = ForkServer.fork, Kernel._start

    def counted_fork(self, request, fds):
        pid = fork(self, request, fds)
        print("forked:", "runner" if list(fds) == [RUNNER_SOCKET] else "kernel", file=sys.stderr)
        return pid

    def counted_start(self):
        if self.fork_server is None:
            print("started cold", file=sys.stderr)
        start(self)

    ForkServer.fork, Kernel._start = counted_fork, counted_start
"""


@pytest.mark.parametrize("warm", [True, False])
def test_nbgrader_autograde_forks_from_warm_processes(
    new_course: Callable[[str], Path], tmp_path: Path, *, warm: bool
) -> None:
    (tmp_path / "sitecustomize.py").write_text(COUNTING)
    course = new_course("counted")
    if not warm:
        with (course / "nbgrader_config.py").open("a") as file:
            file.write("\nc.Grade.warm = False\n")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [Path(sys.executable).with_name("nbgrader"), "autograde", LESSON],
        cwd=course,
        env={**os.environ, "PATH": path, "PYTHONPATH": f"{COURSE}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    # One submission is unreadable and therefore not run.
    runs = len([name for name in GRADED if name not in {EMPTY, "truncated"}])
    if warm:
        assert lines.count("forked: kernel") >= runs
        assert lines.count("forked: runner") >= runs
        assert "started cold" not in lines
    else:
        assert lines.count("started cold") >= runs
        assert not [line for line in lines if line.startswith("forked:")]
