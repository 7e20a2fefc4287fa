"""Skip an import that takes longer than all the others and that grading never needs.

jsonschema validates web addresses with a grammar that `rfc3987_syntax` compiles at each import. It
works without that package, and the notebooks validated here contain no such addresses.
"""

from __future__ import annotations

import sys
from typing import Any, Final

UNUSED_MODULE: Final = "rfc3987_syntax"

_modules: dict[str, Any] = sys.modules
_modules.setdefault(UNUSED_MODULE, None)  # importing a module that is None raises ImportError
