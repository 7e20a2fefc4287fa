r"""Quiz questions as data: parse a task list, compare an answer with the key, compute the credit.

Example:
    >>> from course import quiz
    >>> key = quiz.parse("**Even?**\n\n- [ ] one\n- [x] two\n  > It is twice one.\n")
    >>> answer = quiz.parse("**Even?**\n\n- [ ] one\n- [X] two\n")
    >>> quiz.compare(answer, key).right
    True

The student's answer is the ``[x]`` in the cell's source, so it makes no difference whether it was
clicked or typed, and reading it never runs code. This package contains no keys: they are only in
``source/``.
"""

from course.quiz.compare import Comparison, compare, is_in_words
from course.quiz.credit import CREDIT_RULES, credit
from course.quiz.field_comparison import FieldComparison
from course.quiz.restore import is_intact, option_texts, restore
from course.quiz.text import Option, Question, bare, mark, parse

__all__ = [
    "CREDIT_RULES",
    "Comparison",
    "FieldComparison",
    "Option",
    "Question",
    "bare",
    "compare",
    "credit",
    "is_in_words",
    "is_intact",
    "mark",
    "option_texts",
    "parse",
    "restore",
]
