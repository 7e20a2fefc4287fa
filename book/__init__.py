"""The book: all lessons as a static site, executed, with the digit page. ``make book`` builds it.

Each lesson is the released notebook, run without answers. ``execute`` runs it and keeps the
result, ``pages`` turns it into a page's source, and Sphinx with MyST-NB makes the site. With keys,
questions can be checked in the page; the keys come from ``source/`` and are in no other edition.
"""
