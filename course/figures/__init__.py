"""The figures of the lessons: functions that return a picture with alternative text.

Example:
    >>> from course.figures import intro
    >>> picture = intro.code_sizes("a 7")
    >>> picture.alt[:44]
    'Top: a 7 copied through codes of growing siz'

Each lesson has a module. A picture on the last line of a notebook cell displays itself, with its
alternative text, in colors that color-blind readers can tell apart (Okabe and Ito). See
``course.figures.style`` for how to make a figure.
"""
