r"""Write the reference's pages from the code: commands, settings, and what lessons import.

Example:
    >>> sorted(lesson_modules("from course import data\nfrom course.tables import Table\n"))
    ['course.data', 'course.tables']
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import importlib
import importlib.util
import inspect
import pkgutil
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import nbformat
from traitlets.config import Configurable

from autograder import __main__ as instructor
from book import __main__ as book
from course import __main__ as learner
from deploy import __main__ as administrator
from deploy.feedback.policy import Rule
from deploy.hub.settings import HubSettings, LtiSettings

_PROGRAMS: Final = {
    "For learners": learner,
    "For instructors": instructor,
    "For administrators": administrator,
    "For authors": book,
}
_CONFIGURABLE: Final = (
    *("autograder.lti", "autograder.nbgrader_plugins", "autograder.reports"),
    "course.server",
)
_HEAD: Final = ("| setting | default | meaning |", "|---|---|---|")
_ATTRIBUTE: Final = re.compile(r"(?m)^ {4}(\w+): (.+(?:\n {8}.+)*)")


def write(root: Path, folder: Path) -> None:
    """Write all pages into a new folder."""
    folder.mkdir()
    pages = {"commands": commands_page(root), "settings": settings_page()}
    modules = sorted(set[str]().union(*map(lesson_modules, _lesson_code(root))))
    packages = sorted({".".join(name.split(".")[:2]) for name in modules})
    for package in packages:
        pages[package] = _module_page(package, [m for m in modules if m.startswith(f"{package}.")])
    pages["course"] = "\n".join(
        ["# What lessons import", "", "```{toctree}", ":maxdepth: 1", "", *packages, "```", ""]
    )
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def commands_page(root: Path) -> str:
    """Return the page of the commands, from their own help and from the Makefile."""
    lines = ["# Commands", ""]
    for audience, module in _PROGRAMS.items():
        parser = module.make_parser()
        lines += [f"## {audience}: `{parser.prog}`", ""]
        lines += _command(parser, heading=None)
        for name, command in subcommands(parser):
            lines += _command(command, heading=f"### `{name}`")
    lines += ["## `make`", "", "| command | does |", "|---|---|"]
    for line in (root / "Makefile").read_text(encoding="utf-8").splitlines():
        if entry := re.fullmatch(r"# (make [\w-]+) +(.+)", line):
            lines.append(_row(f"`{entry[1]}`", entry[2]))
    return "\n".join([*lines, ""])


def _command(parser: argparse.ArgumentParser, heading: str | None) -> Iterator[str]:
    if heading:
        yield from (heading, "")
    yield from (" ".join((parser.description or "").split()).replace("``", "`"), "")
    yield from ("```text", parser.format_usage().removeprefix("usage: ").rstrip(), "```", "")
    options = [action for action in _actions(parser) if _is_documented(action)]
    if options:
        yield from ("| option | meaning |", "|---|---|")
        for action in options:
            yield _row(f"`{_signature(action)}`", (action.help or "") % vars(action))
        yield ""
    if parser.epilog:
        yield from (parser.epilog, "")


def subcommands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield the names and the parsers of a program's commands, and of commands below them."""
    for action in _actions(parser):
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  (argparse has no other name)
            for name, command in action.choices.items():
                yield name, command
                for below, nested in subcommands(command):
                    yield f"{name} {below}", nested


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return parser._actions  # noqa: SLF001  (argparse offers no list of its options)


def _is_documented(action: argparse.Action) -> bool:
    return bool(action.help) and not isinstance(action, argparse._HelpAction)  # noqa: SLF001  (as above)


def _signature(action: argparse.Action) -> str:
    value = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
    names = ", ".join(action.option_strings)
    return f"{names} {value}".strip()


def settings_page() -> str:
    """Return the page of the settings, from the classes that read them."""
    lines = ["# Settings", "", "## `nbgrader_config.py` and Jupyter's configuration", ""]
    for configurable in sorted(_configurables(), key=lambda found: found.__name__):
        lines += [f"### `c.{configurable.__name__}`", "", _summary(configurable), "", *_HEAD]
        for name, trait in sorted(configurable.class_own_traits(config=True).items()):
            default = f"`{trait.default_value_repr()}`"
            lines.append(_row(f"`{name}`", default, trait.help))
        lines.append("")
    lines += ["## `hub.toml`", "", _summary(HubSettings), "", *_HEAD]
    lines += _attribute_rows(
        HubSettings, {f.name: f.default for f in dataclasses.fields(HubSettings)}
    )
    lines += ["", "### The table `[lti]`", "", _summary(LtiSettings), "", *_HEAD]
    required = dataclasses.MISSING
    defaults = {
        f.name: "" if f.default is required else f.default for f in dataclasses.fields(LtiSettings)
    }
    lines += _attribute_rows(LtiSettings, defaults)
    scope = "These hold for all assignments, and below `[assignments.NAME]` for one."
    lines += [
        "",
        "## `feedback.toml`",
        "",
        scope,
        "",
        *_HEAD,
    ]
    lines += _attribute_rows(Rule, {name: f.default for name, f in Rule.model_fields.items()})
    return "\n".join([*lines, ""])


def _configurables() -> set[type[Configurable]]:
    found = set()
    for package in map(importlib.import_module, _CONFIGURABLE):
        for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(info.name)
            found |= {
                member
                for _, member in inspect.getmembers(module, inspect.isclass)
                if issubclass(member, Configurable)
                and member.__module__ == info.name
                and member.class_own_traits(config=True)
            }
    return found


def _attribute_rows(documented: type, defaults: dict[str, Any]) -> Iterator[str]:
    for name, text in _ATTRIBUTE.findall(_docstring(documented)):
        default = defaults[name]
        value = list(default) if isinstance(default, tuple) else default
        shown = f'"{value}"' if isinstance(value, str | Path) else str(value)
        yield _row(f"`{name}`", f"`{shown.lower() if isinstance(value, bool) else shown}`", text)


def _summary(documented: type) -> str:
    return _docstring(documented).partition("\n\n")[0].replace("``", "`")


def _docstring(documented: type) -> str:
    return inspect.getdoc(documented) or ""


def _row(*cells: str) -> str:
    texts = (" ".join(cell.split()).replace("``", "`").replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(texts)} |"


def lesson_modules(code: str) -> set[str]:
    """Return the modules of the course that a lesson's code imports."""
    modules = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "course":
            for name in (f"{node.module}.{alias.name}" for alias in node.names):
                modules.add(name if _is_module(name) else str(node.module))
    return modules


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is a module, not a package
        return False


def _lesson_code(root: Path) -> Iterator[str]:
    for path in sorted(root.glob("release/*/*.ipynb")):
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        for cell in notebook.cells:
            if cell.cell_type == "code" and "course" in cell.source:
                try:
                    ast.parse(cell.source)
                except SyntaxError:  # a magic
                    continue
                yield cell.source


def _module_page(package: str, modules: Iterable[str]) -> str:
    lines = [f"# `{package}`", "", *_automodule(package)]
    for module in modules:
        lines += [f"## `{module}`", "", *_automodule(module)]
    return "\n".join(lines)


def _automodule(name: str) -> tuple[str, ...]:
    options = [":members:"]
    if hasattr(importlib.import_module(name), "__all__"):
        options.append(":imported-members:")  # of those, the listed ones
    return (
        "```{eval-rst}",
        f".. automodule:: {name}",
        *(f"  {option}" for option in options),
        "```",
        "",
    )
