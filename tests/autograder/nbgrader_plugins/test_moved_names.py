"""A configuration with a module's old name is told the new one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from traitlets.utils.importstring import import_item

import autograder


@pytest.mark.parametrize(
    ("name", "moved_to"),
    [
        ("autograder.links.CollectFiles", "nbgrader_plugins.collect"),
        ("autograder.export.ExportGrades", "nbgrader_plugins.export"),
        ("autograder.preprocessors.Grade", "nbgrader_plugins.autograde"),
        ("autograder.publish.gate.ReleaseAssignment", "nbgrader_plugins.release"),
        ("autograder.publish.answers.STUB", "publish.answer_leaks"),
    ],
)
def test_a_dotted_name_in_a_setting_fails_with_the_new_name(name: str, moved_to: str) -> None:
    module = name.rpartition(".")[0]
    with pytest.raises(ImportError, match=f"^{module} is now autograder.{moved_to}"):
        import_item(name)


@pytest.mark.parametrize("old", autograder._MOVED)
def test_an_import_statement_fails_with_the_new_name(old: str) -> None:
    package, _, module = f"autograder.{old}".rpartition(".")
    for code in (
        f"from {package} import {module}; {module}.NAME",
        f"from {package}.{module} import NAME",
    ):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert f"ImportError: autograder.{old} is now autograder." in done.stderr
