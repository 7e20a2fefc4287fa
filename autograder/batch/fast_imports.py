"""What the command does without, because it takes long to load and nothing here uses it.

jsonschema checks web addresses by a grammar that is compiled at each start, which takes longer than
all the rest. It does without where the grammar is not installed. What is checked here, notebooks,
has no web addresses to check.
"""

from __future__ import annotations

import sys
from typing import Any, Final

GRAMMAR: Final = "rfc3987_syntax"

_modules: dict[str, Any] = sys.modules
_modules.setdefault(GRAMMAR, None)  # Python's own mark for a module that is not there
