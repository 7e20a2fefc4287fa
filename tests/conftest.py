"""For all tests: the order of their folders, and quick new gradebooks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    # A test file named after tests of a folder below makes pytest 9.1 collect that folder twice,
    # and the second time without the fixtures of its conftest.py. So such files come first.
    config.args.sort(key=lambda argument: len(Path(argument.partition("::")[0]).absolute().parts))


@pytest.fixture(scope="session", autouse=True)
def quick_gradebooks() -> None:
    """Create gradebooks without ``alembic``, unless none of the collected tests uses any."""
    if "nbgrader.api" in sys.modules:
        from tests import gradebook_version

        gradebook_version.use_without_alembic()
