"""A small lesson and submissions to it, for the grader's tests."""

from __future__ import annotations

import copy
import json
from typing import Any

from nbformat import NotebookNode

from autograder.grading import submission
from autograder.publish import build

TEXT = """# A small lesson

Some text.

```{code-cell} ipython3
base = 1
```

+++ {"quiz": "single"}

**Which one?**

- [ ] the first of them
  > Not this one.
- [x] the second of them
  > This one.
- [ ] something else
  > Not this one.

+++ {"quiz": "several", "points": 2, "multiple": true, "credit": "each-option"}

**Which ones?**

- [x] red
  > Yes.
- [x] green
  > Yes.
- [ ] blue
  > No.

+++

```{code-cell} ipython3
:exercise: double
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
```

```{code-cell} ipython3
:test: double-test
:points: 2
assert double(2) == 4, "double(2) should be 4"
### BEGIN HIDDEN TESTS
assert double(-3) == -6, "double(-3) should be -6"
### END HIDDEN TESTS
```

```{code-cell} ipython3
:exercise: half
def half(x):
    ### BEGIN SOLUTION
    return base * x / 2
    ### END SOLUTION
```

```{code-cell} ipython3
:test: half-test
:points: 3
assert half(1) == 0.5, "half(1) should be 0.5"
```
"""


def source_notebook() -> NotebookNode:
    """Return the instructor's notebook."""
    return build.notebook_from_text(TEXT)


def submitted_notebook() -> dict[str, Any]:
    """Return a perfect submission, as parsed JSON."""
    nb: dict[str, Any] = json.loads(json.dumps(copy.deepcopy(source_notebook())))
    for cell in nb["cells"]:
        cell["source"] = "\n".join(
            line
            for line in cell["source"].split("\n")
            if "### " not in line and not line.startswith("  >")
        )
    return nb


def cell(nb: dict[str, Any], name: str) -> dict[str, Any]:
    """Find a cell by its name."""
    match: dict[str, Any] = next(cell for cell in nb["cells"] if cell["id"] == name)
    return match


def read(nb: dict[str, Any]) -> submission.Submission:
    """Parse a submission as if it had been read from a file."""
    return submission.parse(json.dumps(nb).encode())
