"""A course with one small lesson."""

from __future__ import annotations

from pathlib import Path

from autograder.publish import build

COURSE = Path(__file__).resolve().parents[2]
LESSON = "01-small"
NOTEBOOK = "small.ipynb"
SOLUTION = "return sum(number * number for number in numbers)"
HIDDEN = 'assert squares([3, 4]) == 25, "3 and 4 make 25"'
EXPLANATION = "It draws its hidden units by chance, again and again."
HINT = "Square each number inside a generator, and give that to sum."
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
---
exercise: squares
hints:
- |
  A sum needs one term for each number; a comprehension writes them down.
- |
  {HINT}
---
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


def open_course(root: Path, text: str = TEXT) -> Path:
    """Create a course with one lesson and the real settings, and an exchange next to it."""
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
