"""For all tests: their order, what runs in which process, and what saves time."""

from __future__ import annotations

import functools
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import autograder.batch.fast_imports  # noqa: F401  (before anything that imports jsonschema)

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadGroupScheduling

# The marks of what runs first, what runs next, and so on.
ORDER: tuple[set[str], ...] = ({"browser"}, {"hub"}, {"slow", "xdist_group"}, {"slow"}, set())


def pytest_configure(config: pytest.Config) -> None:
    # A test file named after tests of a folder below makes pytest 9.1 collect that folder twice,
    # and the second time without the fixtures of its conftest.py. So such files come first.
    config.args.sort(key=lambda argument: len(Path(argument.partition("::")[0]).absolute().parts))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In parallel runs, begin with what takes long, so that all processes end together."""

    def rank(item: pytest.Item) -> int:
        names = {mark.name for mark in item.iter_markers()}
        return next(place for place, marks in enumerate(ORDER) if marks <= names)

    if hasattr(config, "workerinput"):
        items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer | None
) -> LoadGroupScheduling | None:
    """Keep the tests of a file together, with their fixtures, if they are in no other group."""
    from xdist.scheduler import LoadGroupScheduling

    class GroupOrFile(LoadGroupScheduling):  # type: ignore[misc]  # its base class is untyped
        def _split_scope(self, nodeid: str) -> str:
            group: str = super()._split_scope(nodeid)
            return nodeid.partition("::")[0] if group == nodeid else group

    return GroupOrFile(config, log) if config.getvalue("dist") == "loadgroup" else None


@functools.cache
def exempt_from_garbage_collection(_: str) -> None:
    """Exempt everything that is loaded now: each `autoencoder.train` searches the rest."""
    gc.collect()
    gc.freeze()


def pytest_collection_finish() -> None:
    exempt_from_garbage_collection("tests")


def pytest_runtest_setup() -> None:
    if "tensorflow" in sys.modules:
        exempt_from_garbage_collection("tensorflow")


@pytest.fixture(scope="session", autouse=True)
def quick_gradebooks() -> None:
    """Create gradebooks without ``alembic``, unless none of the collected tests uses any."""
    if "nbgrader.api" in sys.modules:
        from tests import gradebook_version

        gradebook_version.use_without_alembic()
