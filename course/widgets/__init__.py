"""Interactive widgets of the lessons, each answering a "what if" in the browser.

Example:
    >>> from course.widgets.code_size import CodeSizeExplorer
    >>> CodeSizeExplorer().code_size
    10

Each module holds one widget's Python class; its script and style are next to it.
"""
