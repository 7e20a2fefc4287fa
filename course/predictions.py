"""What you predicted, shown again beside the result.

Example:
    A lesson asks in a quiz-like cell named ``predict-error``; later one line of code shows
    what was ticked there::

        from course import predictions
        predictions.show("predict-error")

The prediction is the ``[x]`` in the saved notebook, like any answer. It is kept and never
graded: what matters is to have said it before the result was seen.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course import quiz
from course.quiz.cells import is_prediction, source

__all__ = ["predicted", "show"]


def show(name: str, folder: str | Path = ".") -> None:
    """Show what was predicted, or say kindly that nothing was.

    Example:
        >>> show("predict-nothing", folder="/nowhere")
        No prediction “predict-nothing” was found. Save the notebook and run this cell again.

    Args:
        name: The name of the prediction's cell.
        folder: Where to look if Jupyter does not tell the notebook's place.
    """
    options = predicted(name, folder)
    if options is None:
        print(f"No prediction “{name}” was found. Save the notebook and run this cell again.")
    elif not options:
        print("You have not predicted yet: tick an option above, then run this cell again.")
    else:
        _display("You predicted:", options)


def predicted(name: str, folder: str | Path = ".") -> list[str] | None:
    """Return the options ticked in a prediction, as Markdown.

    Example:
        >>> predicted("predict-nothing", folder="/nowhere") is None
        True

    Args:
        name: The name of the prediction's cell.
        folder: Where to look if Jupyter does not tell the notebook's place.

    Returns:
        The ticked options; an empty list if nothing is ticked; None if no saved
        notebook has such a cell.
    """
    for notebook in _notebooks(Path(folder)):
        try:
            cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
            found = [cell for cell in cells if is_prediction(cell) and cell.get("id") == name]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # half a file, or no notebook at all
        if found:
            options = [option.text for cell in found for option in _ticked(cell)]
            return list(dict.fromkeys(options))  # a copied cell holds the same answer
    return None


def _notebooks(folder: Path) -> Iterator[Path]:
    """Yield the places where the running notebook may be saved, the likeliest first."""
    interactive: dict[str, Any] = vars(sys.modules["__main__"])
    told = [interactive.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")]
    for place in told:  # Visual Studio Code; Jupyter's server, which does not follow a renaming
        if isinstance(place, str) and place.endswith(".ipynb") and Path(place).is_file():
            yield Path(place)
    saved = [path for path in folder.glob("*.ipynb") if path.is_file()]
    yield from sorted(saved, key=lambda path: path.stat().st_mtime, reverse=True)


def _ticked(cell: dict[str, Any]) -> tuple[quiz.Option, ...]:
    return quiz.parse(source(cell)).ticked


def _display(heading: str, options: list[str]) -> None:
    """Show the options as Markdown where a notebook is there to draw it, else as plain text."""
    plain = "\n".join([heading, *(f"  {' '.join(option.split())}" for option in options)])
    interactive = sys.modules.get("IPython")
    if interactive is None or not hasattr(interactive.get_ipython(), "kernel"):
        print(plain)
        return
    quoted = "\n>\n".join("> " + option.replace("\n", "\n> ") for option in options)
    bundle = {"text/plain": plain, "text/markdown": f"**{heading}**\n\n{quoted}"}
    interactive.display.display(bundle, raw=True)
