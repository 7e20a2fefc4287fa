"""The examples in the widgets' docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from course import widgets

MODULES = [module.name for module in pkgutil.iter_modules(widgets.__path__, "course.widgets.")]


@pytest.mark.parametrize("name", ["course.widgets", "course.assets", *MODULES])
def test_docstring_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
