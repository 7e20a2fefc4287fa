"""Every figure of the lessons: a function that returns a picture which can describe itself.

Example:
    >>> from course.figures import intro
    >>> picture = intro.code_sizes("a 7")
    >>> picture.alt[:42]
    'Above, a 7 copied through codes of growing'

One module a lesson. A picture that is the last line of a notebook cell shows
itself, with its alternative text for those who listen to the page, and in colours
that stay apart for colour-blind eyes (Okabe and Ito). How a figure is made stands
in ``course.figures.style``.
"""
