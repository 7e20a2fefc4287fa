"""``python -m autograder new NAME``: write a small lesson to start from, with each cell role."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from autograder.publish.cell_roles import AuthoringError
from course import atomic_write

_NAME: Final = re.compile(r"(\d\d)-([a-z0-9]+(?:-[a-z0-9]+)*)")
TEMPLATE: Final = """---
jupytext:
  text_representation:
    format_name: myst
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
lesson:
  needs: say here what one needs to know before
  gives: say here what one can do afterward
---

# {title}

Say here what this lesson is about, and why it is worth the time. Reading and solving take about
20 minutes.

**By the end of this lesson you can**

| objective | checked by |
|---|---|
| describe a mean | [questions 1, 2](#questions-{number}-1) |
| compute one | [Exercise 1](#exercise-{number}-1) |

```{{code-cell}} ipython3
numbers = [2, 3, 7]
```

+++ {{"prediction": "guess"}}

**Before you go on.** Is the mean of the numbers above larger than 3?

- [ ] It is larger.
- [ ] It is not.

+++

<a id="questions-{number}-1"></a>
## Questions

+++ {{"quiz": "which-one", "points": 1}}

**What is the mean of some numbers?**

- [ ] The number in the middle
  > That is the median.
- [x] Their sum, divided by how many they are
  > Add them up, then divide.

+++ {{"quiz": "which-ones", "points": 2, "multiple": true, "credit": "each-option"}}

**Which of these have the mean 3?**

- [x] 3 and 3
  > The sum is 6, and there are two.
- [x] 1, 2 and 6
  > The sum is 9, and there are three.
- [ ] 2 and 3
  > Their mean is 2.5.

+++

<a id="exercise-{number}-1"></a>
**Exercise 1.** Write a function that returns the mean of a list of numbers.

```{{code-cell}} ipython3
---
exercise: mean
hints:
- |
  `sum` adds up a list, and `len` counts it.
- |
  Divide the one by the other.
---
def mean(values):
    ### BEGIN SOLUTION
    return sum(values) / len(values)
    ### END SOLUTION
```

```{{code-cell}} ipython3
:test: mean-test
:points: 2
# Run this cell to test exercise 1.
from course import exercises


@exercises.check("Exercise 1", points=2)
def mean_test():
    assert mean([1, 3]) == 2, "The mean of 1 and 3 is 2."
    ### BEGIN HIDDEN TESTS
    assert mean([2, 3, 7]) == 4, "The mean of 2, 3 and 7 is 4."
    ### END HIDDEN TESTS
```

```{{code-cell}} ipython3
:demonstration: true
print("Grading skips a demonstration, because no test needs it:", sum(numbers))
```

+++ {{"manual": "why", "points": 3, "rubric": "shown"}}

**In your own words:** when does a mean mislead? A person grades this answer by a rubric.

### BEGIN SOLUTION
When one number is far from all the others.

- Reason
  - [2] says which numbers mislead, and how
    > Exactly: one huge salary lifts the mean above all the others.
  - [1] says only one of the two
    > Numbers may differ and still have a fair mean. What must happen?
- [1] Example

> Please write whole sentences.
### END SOLUTION

+++ {{"locked": "what-you-learned"}}

**What you have learned.** Students can't change this cell; grading puts it back.
"""


def write(root: Path, name: str) -> Path:
    """Write the text of a new lesson and return its path.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write(Path(folder), "07-my-lesson").name
        'my-lesson.md'

    Raises:
        AuthoringError: The name is unsuitable or taken.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise AuthoringError(
            f"A lesson's name is two digits, a dash, and words of a-z and 0-9 with dashes between"
            f" them, such as 07-my-lesson; got {name!r}"
        )
    folder = root / "source" / name
    if folder.exists():
        raise AuthoringError(f"source/{name} exists already; choose another name or edit it")
    number, words = match.groups()
    path = folder / f"{words}.md"
    folder.mkdir(parents=True)
    title = words.replace("-", " ").capitalize()
    atomic_write.write_text(path, TEMPLATE.format(title=title, number=int(number)))
    return path
