"""Progress bars on standard output; in a notebook they are HTML and stay in the saved file.

Example:
    >>> with progress_bar(total=2, desc="learning", disable=True) as bar:
    ...     _ = bar.update(2)

The widget that tqdm shows in notebooks lives in the kernel: when the notebook is opened again, an
error is all that is left of it.
"""

from __future__ import annotations

import html
import sys
from typing import Any

from tqdm.std import tqdm

_TEXT = "{desc}: {percentage:.0f}% of {total_fmt}{unit} in {elapsed}, {remaining} left{postfix}"


class _NotebookBar(tqdm):  # type: ignore[misc]  # tqdm has no types
    """A bar of HTML that replaces itself."""

    _handle: Any = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, gui=True, **options)  # so that it prints nothing itself
        if self.total:
            self.bar_format = _TEXT
        if not self.disable and self.delay <= 0:
            self.display()

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """Show the state; called by tqdm, several times a second."""
        del msg, pos
        self._show(self.format_meter(**self.format_dict))

    def close(self) -> None:
        """Show the final state, or nothing with ``leave=False``."""
        if self.disable:
            return
        took_long = self._time() >= self.start_t + self.delay
        if self._handle is not None or (self.leave and took_long):
            self._show(self.format_meter(**self.format_dict) if self.leave else "")
        super().close()

    def _show(self, text: str) -> None:
        from IPython.display import display

        total = f'value="{self.n}" max="{self.total}"' if self.total else ""
        page = f"<progress {total}></progress> {html.escape(text)}" if text else ""
        bundle = {"text/html": page, "text/plain": text}
        if self._handle is None:
            show: Any = display  # untyped
            self._handle = show(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def progress_bar(*args: Any, **options: Any) -> tqdm:
    """Return a bar with the arguments of ``tqdm``, on standard output.

    nbgrader would take what a bar prints on standard error for a failure.
    """
    if in_notebook():
        return _NotebookBar(*args, **options)
    return tqdm(*args, file=sys.stdout, **options)


def in_notebook() -> bool:
    """Return whether this code runs in a notebook's kernel, not in a terminal."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")
