"""The widgets' scripts and style sheets as text, with their imports inlined for anywidget.

Example:
    >>> "@import" in frontend_file("gibbs.css")
    False

anywidget loads one script and one style sheet per widget from text, so the browser has no address
to resolve a relative import against. ``import ... from "./shared.js"`` therefore becomes an import
of a ``data:`` URL, and ``@import "./explorer.css"`` becomes that file's text. The files on disk
remain plain modules, which the digit page serves as they are.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from anywidget._file_contents import VirtualFileContents

FOLDER: Final = Path(__file__).parent
_JS_IMPORT: Final = re.compile(r'(?<=\bfrom )"\./([\w.]+)"')
_CSS_IMPORT: Final = re.compile(r'^@import "\./([\w.]+)";\n', re.MULTILINE)


def frontend_file(name: str) -> str | VirtualFileContents:
    """Return a widget's script or style sheet for ``_esm`` or ``_css``.

    With ``ANYWIDGET_HMR=1`` the widgets on a page follow changes of the file and of all files it
    imports, as anywidget does for a plain path (needs watchfiles).
    """
    path = FOLDER / name
    return watch(path) if os.environ.get("ANYWIDGET_HMR") == "1" else inline_imports(path)


def inline_imports(path: Path) -> str:
    """Return the text of a script or style sheet with all of its imports inlined."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".css":
        return _CSS_IMPORT.sub(lambda match: inline_imports(path.with_name(match[1])), text)

    def data_url(match: re.Match[str]) -> str:
        script = inline_imports(path.with_name(match[1])).encode()
        return f'"data:text/javascript;base64,{base64.b64encode(script).decode()}"'

    return _JS_IMPORT.sub(data_url, text)


def imported_files(path: Path) -> Iterator[Path]:
    """Yield a script or style sheet and every file it imports, directly or not."""
    yield path
    pattern = _CSS_IMPORT if path.suffix == ".css" else _JS_IMPORT
    for name in pattern.findall(path.read_text(encoding="utf-8")):
        yield from imported_files(path.with_name(name))


def watch(path: Path) -> VirtualFileContents:
    """Return a file's inlined text as an object that anywidget reloads when any source changes."""
    from anywidget._file_contents import FileContents, VirtualFileContents

    inlined = VirtualFileContents(inline_imports(path))

    def reload(_text: str) -> None:
        inlined.contents = inline_imports(path)

    for file in set(imported_files(path)):
        FileContents(file).changed.connect(reload)
    return inlined
