"""Check which modules a program imports, in a subprocess."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

HEAVY: Final = ("tensorflow", "keras", "matplotlib")


def loaded(program: str, *names: str) -> list[str]:
    """Run a program in a Python of its own; return which of these modules it has loaded.

    By default: what no widget may load. The program must say nothing on stderr.
    """
    asked = list(names or HEAVY)
    ask = f"import json, sys; print(json.dumps([n for n in {asked!r} if n in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{ask}"], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found
