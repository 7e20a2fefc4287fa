"""The digit page as static files: drawn, preprocessed and read in the browser, without a server.

Example:
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "digits"
    >>> write(folder)
    >>> (folder / "index.html").is_file(), (folder / "digit_classifier.npz").is_file()
    (True, True)

Any web server can serve the folder, at any address; opened as a file, a browser loads no modules.
The scripts compute what ``course.drawing`` and ``course.deployment.scoring`` compute, to the same
gray level and to four digits of each probability.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Final

from course import classifier, drawing
from course.autoencoder import frozen
from course.classifier import novelty
from course.deployment.page import FILES, PAGE, WIDGETS

READER_SCRIPTS: Final = (
    "check_drawing.js",
    "digit_networks.js",
    "gray_image.js",
    "lanczos.js",
    "normalize_pen.js",
    "novelty.js",
    "npz.js",
    "preprocess.js",
    "rasterize.js",
)
"""In `course/widgets`: what the page needs to read a drawing by itself."""

_POLICY: Final = "default-src 'self'; base-uri 'none'; form-action 'none'"
_REPLACEMENTS: Final = {
    'data-reader="./server_reader.js"': 'data-reader="./local_reader.js"',
    '<meta charset="utf-8">': (
        f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    ),
    "<p>Your strokes are sent to this server, which prepares them with the same code as in the "
    "notebook.\n  The payload is sent to the deployment you chose, on the same server. Nothing is "
    "sent anywhere else,\n  and nothing is stored.</p>": (
        "<p>Your strokes stay in this page, which prepares and reads them by itself, with the "
        "networks of the course.\n  Nothing is sent anywhere, and nothing is stored.</p>"
    ),
}


def write(folder: Path) -> None:
    """Write the page and everything it needs, about 6 MB, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for route, (path, _) in FILES.items():
        if route and path.name != "server_reader.js":
            shutil.copyfile(path, folder / route)
    for script in (PAGE / "local_reader.js", *(WIDGETS / name for name in READER_SCRIPTS)):
        shutil.copyfile(script, folder / script.name)
    for weights in (classifier.WEIGHTS, frozen.DIGITS, novelty.DETECTOR):
        shutil.copyfile(weights, folder / weights.name)
    samples = {name: dataclasses.asdict(sample) for name, sample in drawing.stored().items()}
    (folder / "samples.json").write_text(json.dumps(samples), encoding="utf-8")
    (folder / "index.html").write_text(_index(), encoding="utf-8")


def _index() -> str:
    text = FILES[""][0].read_text(encoding="utf-8")
    for served, static in _REPLACEMENTS.items():
        if text.count(served) != 1:
            raise ValueError(f"index.html must contain {served!r} once")
        text = text.replace(served, static)
    return text
