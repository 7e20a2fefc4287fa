"""A course with one small lesson, and ways to spoil its release, for the tests of the gate."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.publish import build

COURSE = Path(__file__).resolve().parents[2]
LESSON = "01-small"
NOTEBOOK = "small.ipynb"
SOLUTION = "return sum(number * number for number in numbers)"
HIDDEN = 'assert squares([3, 4]) == 25, "3 and 4 make 25"'
EXPLANATION = "It draws its hidden units by chance, again and again."
RIGHT = "The machine that throws dice for every hidden unit"
TEXT = f"""# A small lesson

```{{code-cell}} ipython3
base = 1
```

+++ {{"prediction": "guess"}}

**Before you go on.** How many?

- [ ] few
- [ ] many

+++ {{"quiz": "dice"}}

**Which one is stochastic?**

- [ ] The machine that copies its input to its output
  > It computes: the same input gives the same code.
- [x] {RIGHT}
  > {EXPLANATION}

+++

```{{code-cell}} ipython3
:exercise: squares
def squares(numbers):
    ### BEGIN SOLUTION
    {SOLUTION}
    ### END SOLUTION
```

```{{code-cell}} ipython3
:test: squares-test
:points: 2
assert squares([1]) == 1, "1 is its own square"
### BEGIN HIDDEN TESTS
{HIDDEN}
### END HIDDEN TESTS
```

+++ {{"locked": "rules"}}

Numbers are floats here.
"""

Notebook = dict[str, Any]
Plant = Callable[[Notebook], None]


def open_course(root: Path, text: str = TEXT) -> Path:
    """A course with one lesson and the course's own settings; the exchange lies beside it."""
    source = root / "source" / LESSON
    source.mkdir(parents=True)
    (source / "small.md").write_text(text, encoding="utf-8")
    exchange = root.parent / "exchange"
    exchange.mkdir(exist_ok=True)
    exchange.chmod(0o777)
    settings = (COURSE / "nbgrader_config.py").read_text(encoding="utf-8")
    (root / "nbgrader_config.py").write_text(
        f"{settings}\nc.Exchange.root = {str(exchange)!r}\n", encoding="utf-8"
    )
    build.build_source(root)
    return root


def cell(nb: Notebook, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in nb["cells"] if each["id"] == name)
    return found


def instructors(name: str) -> str:
    return str(cell(build.notebook(TEXT), name)["source"])


def write(nb: Notebook, path: Path) -> None:
    text = json.dumps(nb, indent=1, ensure_ascii=False, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def spoil(path: Path, plant: Plant) -> None:
    nb = json.loads(path.read_text(encoding="utf-8"))
    plant(nb)
    write(nb, path)


def text(name: str, words: str) -> Plant:
    """Replace a cell's text."""
    return lambda nb: cell(nb, name).update(source=words)


def add_line(name: str, words: str) -> Plant:
    """Add a line to a cell's text."""

    def plant(nb: Notebook) -> None:
        found = cell(nb, name)
        found["source"] = "".join(found["source"]) + "\n" + words

    return plant


def more(name: str, **entries: Any) -> Plant:
    """Add entries to a cell."""
    return lambda nb: cell(nb, name).update(entries)


def described(name: str, **entries: Any) -> Plant:
    """Add entries to a cell's metadata."""
    return lambda nb: cell(nb, name)["metadata"].update(entries)


def marked(name: str, **entries: Any) -> Plant:
    """Change nbgrader's entries in a cell."""
    return lambda nb: cell(nb, name)["metadata"]["nbgrader"].update(entries)


def whole(**entries: Any) -> Plant:
    """Add entries to the notebook's metadata."""
    return lambda nb: nb["metadata"].update(entries)
