"""Check which modules a program imports, in a subprocess."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

HEAVY: Final = ("tensorflow", "keras", "matplotlib")


def loaded(program: str, *names: str) -> list[str]:
    """Run a program in a new Python; return which of these modules (by default, HEAVY) it loaded.

    The program must print nothing on stderr.
    """
    listed = list(names or HEAVY)
    report = f"import json, sys; print(json.dumps([n for n in {listed!r} if n in sys.modules]))"
    command = [sys.executable, "-c", f"{program}\n{report}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    modules: list[str] = json.loads(done.stdout.splitlines()[-1])
    return modules
