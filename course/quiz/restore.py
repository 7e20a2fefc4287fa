r"""Tell whether a question is still as it was released, and restore one that isn't.

`course/labextension/static/text.js` tells the former in the browser, too.

Example:
    >>> released = "Even?\n- [ ] one\n- [ ] two\n"
    >>> is_intact("Even?\n* [x] two\n* [ ]  one\n", released)
    True
    >>> is_intact("Even?\n- [x] two\n", released)
    False
    >>> restore(released, "- [x] two")
    'Even?\n- [ ] one\n- [x] two\n'
"""

from __future__ import annotations

import re
import unicodedata

from course.quiz.compare import compare
from course.quiz.text import mark, parse


def is_intact(source: str, released: str) -> bool:
    """Return whether a cell has the released prompt and exactly the released options.

    Ticks, spacing, the order of the options and anything written around them make no difference.
    """
    prompt, original_prompt = _plain(parse(source).prompt), _plain(parse(released).prompt)
    return original_prompt in prompt and option_texts(source) == option_texts(released)


def option_texts(source: str) -> tuple[str, ...]:
    """Return the texts of a question's options, in a fixed order and without their layout."""
    return tuple(sorted(_plain(option.text) for option in parse(source).options))


def restore(released: str, rest: str) -> str:
    r"""Return the released question with the answer that can still be read.

    Options are matched by their text, as in grading. An option that is ticked in one copy and not
    in another stays empty.

    Example:
        >>> restore("Even?\n- [ ] one\n- [ ] two", "- [x] one\n- [ ] one\n- [x] Two.")
        'Even?\n- [ ] one\n- [x] two'

    Args:
        released: The question as it was released.
        rest: What is left of it, in one or more cells.

    Raises:
        ValueError: The released question has two options with the same text.
    """
    question = parse(released)
    if not question.options:
        return released
    return mark(released, compare(parse(rest), question).chosen)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()
