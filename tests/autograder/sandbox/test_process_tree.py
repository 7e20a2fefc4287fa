"""The memory of a process tree counts what its processes share once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from autograder.sandbox import process_tree
from autograder.sandbox.limits import MB

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells how memory is shared"
)


def test_shared_pages_are_counted_once() -> None:
    """A process and its fork share 100 MB; together they hold little more than that."""
    code = (
        "import os, sys\n"
        "x = bytearray(b'x') * (100 << 20)\n"
        "if os.fork(): print('forked', flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"forked\n"
        tree = process_tree.processes(process.pid)
        assert len(tree) == 2
        assert sum(psutil.Process(member.pid).memory_info().rss for member in tree) > 200 * MB
        assert 100 * MB < process_tree.tree_memory(process.pid) < 150 * MB
        assert 100 * MB < sum(map(process_tree.unreclaimable_bytes, tree)) < 150 * MB
        process.communicate()
