"""Things to play with in a notebook: each answers a "what if" in the browser, at once.

Example:
    >>> from course.widgets.code_size import CodeSizeExplorer
    >>> CodeSizeExplorer().code_size
    10

One module a widget: the Python class, and its script and style beside it.
"""
