"""One hub and one Chromium for all tests of this room."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import lab as labs
from tests.browser.install import NO_CHROMIUM, chromium
from tests.hub import install
from tests.hub.site import Site, site

_ROOT = "a hub starts servers under their owners' accounts; that takes root on Linux"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the hub, so that it can be run, or left out, by name."""
    for item in items:
        mine = item.path.is_relative_to(Path(__file__).parent)
        if mine and "hub" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.hub)


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A hub with three students and an instructor."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip(_ROOT)
    lacking = install.missing()
    if lacking:  # root can install it, so without it nothing was tested
        pytest.fail(f"{lacking}; `python -m tests.hub.install` installs it, and says what fails")
    folder = tmp_path_factory.mktemp("hub")
    with site(folder) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for one module: its event loop would be in the way of other tests."""
    if chromium() is None:
        pytest.skip(NO_CHROMIUM)
    expect.set_options(timeout=labs.TIMEOUT_MS)
    with sync_playwright() as playwright:
        found = labs.launch(playwright)
        yield found
        found.close()
