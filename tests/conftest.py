"""Work around a defect of pytest 9.1 for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    # A test file named after tests of a folder below makes pytest 9.1 collect that folder twice,
    # and the second time without the fixtures of its conftest.py. So such files come first.
    config.args.sort(key=lambda argument: len(Path(argument.partition("::")[0]).absolute().parts))
