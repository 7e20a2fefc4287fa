"""What all explorers share: the panel that they lie in, and a few lines of script.

Example:
    >>> with_shared("gibbs.css").startswith(".explorer {")
    True

anywidget loads one script and one style for a widget, so the shared text is put before its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent


def with_shared(name: str) -> str:
    """Return an explorer's script or style, with what all of them share before it.

    Args:
        name: Its file in this folder, ``*.js`` or ``*.css``.
    """
    own = _HERE / name
    shared = own.with_name(f"explorer{own.suffix}")
    return "\n".join(path.read_text(encoding="utf-8") for path in (shared, own))
