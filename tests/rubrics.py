"""A lesson with a written answer and its rubric, for all tests of them."""

from __future__ import annotations

from typing import Final

NAME: Final = "reason"
QUESTION: Final = "**Why can a code be smaller than its image?** Write two sentences."
RUBRIC: Final = """Neighboring pixels depend on each other, so most of an image can be guessed.

- It says so in
- two sentences.

- **Reason:**
  - [1] says only that images can be compressed
  - [2] names the redundancy of
    neighboring pixels
    > Exactly: pixels repeat.
    > They repeat a lot.
- [1] Example
  > A white background would be an example.

> Please write whole sentences.
> They are easier to read.

> A nice picture of your own!"""
CELL: Final = f"""+++ {{"manual": "{NAME}", "rubric": "hidden"}}

{QUESTION}

### BEGIN SOLUTION
{RUBRIC}
### END SOLUTION
"""
SHOWN: Final = f"""{QUESTION}

**How it is graded**

- Reason
  - 2 points: names the redundancy of neighboring pixels
  - 1 point: says only that images can be compressed
  - 0 points
- Example: 1 point

YOUR ANSWER HERE"""
LINES: Final = {
    ("Reason", 2): "- **Reason** (2 of 2): names the redundancy of neighboring pixels. Exactly:"
    " pixels repeat. They repeat a lot.",
    ("Reason", 1): "- **Reason** (1 of 2): says only that images can be compressed.",
    ("Reason", 0): "- **Reason** (0 of 2)",
    ("Example", 1): "- **Example** (1 of 1)",
    ("Example", 0): "- **Example** (0 of 1): A white background would be an example.",
}
