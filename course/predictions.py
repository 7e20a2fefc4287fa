"""Show a learner's prediction next to the result.

Example:
    A lesson asks for a prediction in a cell named ``predict-error``, which looks like a quiz. Later
    code shows what the learner ticked::

        from course import predictions
        predictions.show("predict-error")

The prediction is the ``[x]`` in the saved notebook, like any answer. Predictions are never graded.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from course import quiz
from course.quiz.cells import cell_id, is_prediction, source

__all__ = ["predicted", "show"]

_SHOWN: Final = re.compile(r"""\b(?:show|predicted)\(\s*["']([\w-]+)["']""")


def show(name: str, folder: str | Path = ".") -> None:
    """Show the question with the prediction, or print what to do if there is none.

    Example:
        >>> show("predict-nothing", folder="/nowhere")
        Couldn't find the prediction “predict-nothing”. Save the notebook and run this cell again.

    Args:
        name: The name of the prediction's cell.
        folder: Where to look if Jupyter doesn't reveal the notebook's path.
    """
    questions = _find(name, folder)
    options = _ticked(questions)
    if not questions:
        print(f"Couldn't find the prediction “{name}”. Save the notebook and run this cell again.")
    elif not options:
        print("You haven't predicted yet. Tick an option above, then run this cell again.")
    else:
        _display(questions[0].prompt, options)


def predicted(name: str, folder: str | Path = ".") -> list[str] | None:
    """Return the ticked options of a prediction, as Markdown.

    Example:
        >>> predicted("predict-nothing", folder="/nowhere") is None
        True

    The list is empty if none is ticked. None means that no saved notebook has the cell.
    """
    questions = _find(name, folder)
    return _ticked(questions) if questions else None


def _find(name: str, folder: str | Path) -> list[quiz.Question]:
    """Return the prediction with this name, and its copies, of the first notebook that has it."""
    for notebook in _notebooks(Path(folder)):
        try:
            cells = json.loads(notebook.read_text(encoding="utf-8-sig"))["cells"]
            matching = [cell for cell in cells if is_prediction(cell) and cell_id(cell) == name]
            matching = matching or _shown_below(cells, name)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # an incomplete or invalid notebook
        if matching:
            return [quiz.parse(source(cell)) for cell in matching]
    return []


def _ticked(questions: list[quiz.Question]) -> list[str]:
    options = [option.text for question in questions for option in question.ticked]
    return list(dict.fromkeys(options))  # without the duplicates of copied cells


def _shown_below(cells: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Return the prediction that a code cell further down shows, in a notebook without its ids.

    Colab, older versions of Jupyter and others drop ids, and some drop the metadata, too. The last
    questions above the code are then those that it shows, in the same order.
    """
    shown = [_SHOWN.findall(source(cell)) if cell["cell_type"] == "code" else [] for cell in cells]
    ids = {cell_id(cell) for cell in cells}
    if any(other in ids for names in shown for other in names):
        return []  # the notebook has its ids, so the prediction was deleted
    has_metadata = any(map(is_prediction, cells))
    above: list[dict[str, Any]] = []  # questions whose answer isn't shown yet
    names: list[str] = []  # what the code since the last question shows
    for cell, more_names in zip(cells, shown, strict=True):
        if is_prediction(cell) if has_metadata else _is_question(cell):
            if name in names:
                break
            above, names = [*above[: max(0, len(above) - len(names))], cell], []
        names += [other for other in more_names if other not in names]
    if name not in names or len(names) > len(above):
        return []
    return [above[names.index(name) - len(names)]]


def _is_question(cell: dict[str, Any]) -> bool:
    return cell["cell_type"] == "markdown" and bool(quiz.parse(source(cell)).options)


def _notebooks(folder: Path) -> Iterator[Path]:
    """Yield the notebooks that may be the running one, the likeliest first."""
    kernel_globals: dict[str, Any] = vars(sys.modules["__main__"])
    # Visual Studio Code sets the first; Jupyter sets the second, but doesn't update it on renames.
    paths = [kernel_globals.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")]
    for path in paths:
        if isinstance(path, str) and path.endswith(".ipynb") and Path(path).is_file():
            yield Path(path)
    saved = [path for path in folder.glob("*.ipynb") if path.is_file()]
    yield from sorted(saved, key=lambda path: path.stat().st_mtime, reverse=True)


def _display(prompt: str, options: list[str]) -> None:
    """Show question and options as Markdown in a notebook, else as plain text."""
    prompt = prompt.replace("**Before you go on.** ", "").replace("**Before you run it.** ", "")
    heading = "You predicted:"
    plain = "\n".join([prompt, heading, *(f"  {' '.join(option.split())}" for option in options)])
    interactive = sys.modules.get("IPython")
    if interactive is None or not hasattr(interactive.get_ipython(), "kernel"):
        print(plain)
        return
    lines = [prompt, f"**{heading}**", *options]
    quoted = "\n>\n".join("> " + line.replace("\n", "\n> ") for line in lines)
    bundle = {"text/plain": plain, "text/markdown": quoted}
    interactive.display.display(bundle, raw=True)
