"""A small lesson and submissions to it, for the tests of the grader."""

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
    return x / 2
    ### END SOLUTION
```

```{code-cell} ipython3
:test: half-test
:points: 3
assert half(base) == 0.5, "half(1) should be 0.5"
```
"""


def frame() -> NotebookNode:
    """The instructor's notebook."""
    return build.notebook_from_text(TEXT)


def handed_in() -> dict[str, Any]:
    """A perfect submission, as the JSON of its file."""
    nb: dict[str, Any] = json.loads(json.dumps(copy.deepcopy(frame())))
    for cell in nb["cells"]:
        cell["source"] = "\n".join(
            line
            for line in cell["source"].split("\n")
            if "### " not in line and not line.startswith("  >")
        )
    return nb


def cell(nb: dict[str, Any], name: str) -> dict[str, Any]:
    """Find a cell by its name."""
    found: dict[str, Any] = next(each for each in nb["cells"] if each["id"] == name)
    return found


def read(nb: dict[str, Any]) -> submission.Submission:
    """The submission, read as from a file."""
    return submission.parse(json.dumps(nb).encode())
