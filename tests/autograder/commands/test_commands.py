"""Each command is a module that bears its name and loads nothing before it runs."""

from __future__ import annotations

import ast
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from autograder import commands
from autograder.__main__ import COMMANDS, make_parser
from book.reference import subcommands

MODULES = sorted(info.name for info in pkgutil.iter_modules(commands.__path__))


def test_every_module_is_a_command_of_its_name() -> None:
    offered = [name for name, _ in subcommands(make_parser()) if " " not in name]
    assert sorted([*offered, "arguments"]) == MODULES
    assert offered == [module.__name__.rpartition(".")[2] for module in COMMANDS]


@pytest.mark.parametrize("name", MODULES)
def test_a_command_imports_what_it_runs_only_when_it_runs(name: str) -> None:
    path = Path(commands.__path__[0], f"{name}.py")
    early: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            early |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            early.add(str(node.module))
    assert {name for name in early if name.split(".")[0] not in sys.stdlib_module_names} <= {
        "autograder.commands",
        "course.wording",
    }


@pytest.mark.parametrize("module", COMMANDS, ids=lambda module: module.__name__)
def test_a_summary_is_one_phrase(module: ModuleType) -> None:
    assert module.SUMMARY[0].islower()
    assert not module.SUMMARY.endswith(".")
