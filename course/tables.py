"""A table that a notebook shows as a table, and a terminal or a graded notebook as aligned text.

Example:
    >>> print(Table(["method", "error"], [["mean image", 52.9], ["PCA", "13.87"]]))
    method       error
    mean image    52.9
    PCA          13.87
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import Final

_NUMBER: Final = re.compile(r"[-+−±]?[\d,.]+(e[-+]?\d+)?\s*(%|×|s|ms)?|[–—-]?", re.ASCII)

_CAPTION_WIDTH: Final = 60  # in characters


class Table:
    """Rows under named columns; on the last line of a notebook cell, it displays itself.

    Numbers are shown as they are, so format them first. Columns of numbers are aligned right; an
    en dash stands for a missing number. The first column names the rows.

    Args:
        columns: The names of the columns.
        rows: The rows, each with one value per column.
        caption: A sentence that says what the table shows, for the page and for screen readers.

    Raises:
        ValueError: A row doesn't have one value per column.
    """

    def __init__(
        self, columns: Sequence[str], rows: Iterable[Sequence[object]], caption: str = ""
    ) -> None:
        self.columns = list(columns)
        self.rows = [[str(value) for value in row] for row in rows]
        self.caption = caption
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"each row must have {len(self.columns)} values, one per column; got {row}"
                )
        by_column = [list(values) for values in zip(*self.rows, strict=True)]
        self._right = [all(map(_NUMBER.fullmatch, values)) for values in by_column]
        self._right = self._right or [False] * len(self.columns)

    def __str__(self) -> str:
        """Return the table as aligned text."""
        lines = [self.columns, *self.rows]
        widths = [max(map(len, values)) for values in zip(*lines, strict=True)]
        cells = [
            [
                value.rjust(width) if is_right else value.ljust(width)
                for value, width, is_right in zip(line, widths, self._right, strict=True)
            ]
            for line in lines
        ]
        text = ["  ".join(line).rstrip() for line in cells]
        return "\n".join([self.caption, *text] if self.caption else text)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        sides = ["right" if right else "left" for right in self._right]

        def line(tag: str, values: Sequence[str], first: str = "td") -> str:
            cells = [
                f'<{name} style="text-align: {side}">{html.escape(value)}</{name[:2]}>'
                for name, side, value in zip(
                    [first, *[tag] * (len(values) - 1)], sides, values, strict=True
                )
            ]
            return f"<tr>{''.join(cells)}</tr>"

        # A caption is as wide as its table, so a long one needs room.
        width = min(_CAPTION_WIDTH, len(self.caption))
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        column, row = 'th scope="col"', 'th scope="row"'
        head = f"<thead>{line(column, self.columns, column)}</thead>"
        body = "".join(line("td", values, row) for values in self.rows)
        style = f"min-width: min(100%, {width}ch)"
        return f'<table style="{style}">{caption}{head}<tbody>{body}</tbody></table>'
