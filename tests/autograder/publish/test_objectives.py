"""The build follows each link of a lesson's objectives to an exercise or question."""

from __future__ import annotations

import re

import pytest

from autograder.publish import objectives
from autograder.publish.build import notebook_from_text
from autograder.publish.cell_roles import AuthoringError

LESSON = """# A lesson

| objective | checked by |
|---|---|
| halve | [Exercise 1](#exercise-9-1), [questions 1, 2](#questions-9-1) |

More.

<a id="exercise-9-1"></a>
**Exercise 1.** Halve it.

```{code-cell}
:exercise: half
half = 1 / 2
```

```{code-cell}
:test: half-test
from course import exercises


@exercises.check("Exercise 1", points=1)
def half_test():
    assert half == 0.5
```

<a id="questions-9-1"></a>

+++ {"quiz": "first", "points": 1}

Is it?

- [x] yes
  > It is.
- [ ] no
  > It is.

+++ {"quiz": "second", "points": 1}

Is it not?

- [ ] yes
  > It is.
- [x] no
  > It is.
"""


def test_each_link_leads_to_a_graded_cell() -> None:
    names = list(objectives.checked_cells(notebook_from_text(LESSON)))
    assert names == ["half-test", "first", "second"]


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("[Exercise 1](#", "[Exercise 2](#", "exercise 2 at #exercise-9-1, which isn't there"),
        ("](#exercise-9-1)", "](#exercise-1)", "exercise 1 at #exercise-1, which isn't"),
        ('id="exercise-9-1"', 'id="exercise-9"', "the lesson's anchors are exercise-9,"),
        ("**Exercise 1.**", "**Exercise 2.**", "exercise 1 at"),  # the test says Exercise 1
        ("questions 1, 2", "questions 1, 3", "question 3 at"),
        ("[Exercise 1](#exercise-9-1), [questions 1, 2](#questions-9-1)", "`half-test`", "no link"),
    ],
)
def test_a_link_to_nothing_stops_the_build(right: str, wrong: str, message: str) -> None:
    text = LESSON.replace(right, wrong, 1)
    assert text != LESSON
    with pytest.raises(AuthoringError, match=re.escape(message)):
        notebook_from_text(text)
