"""One hub and one Chromium for all tests of this room."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import lab as labs
from tests.browser.install import MISSING, chromium
from tests.hub import install
from tests.hub.site import Site, site


def _why_not() -> str:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "a hub starts servers under their owners' accounts; that takes root on Linux"
    return install.missing()


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A hub with three students and an instructor."""
    reason = _why_not()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("hub")
    with site(folder) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for one module: its event loop would be in the way of other tests."""
    if chromium() is None:
        pytest.skip(MISSING)
    expect.set_options(timeout=labs.PATIENCE)
    with sync_playwright() as playwright:
        found = labs.launch(playwright)
        yield found
        found.close()
