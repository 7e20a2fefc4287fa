"""One hub and one Chromium for all tests in this folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import lab
from tests.browser.install import NO_CHROMIUM, chromium
from tests.hub import install
from tests.hub.page_objects import WAIT_TIMEOUT_MS
from tests.hub.running_hub import RunningHub, run_hub


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need the hub, so that ``-m`` can select them."""
    for item in items:
        is_here = item.path.is_relative_to(Path(__file__).parent)
        if is_here and "hub" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.hub)


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A hub with three students and an instructor."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("a hub starts servers under their owners' accounts; this needs root on Linux")
    missing = install.missing()
    if missing:  # root can install it, so this is an error and no reason to skip
        pytest.fail(f"{missing}; install it: python -m tests.hub.install")
    outdated = install.outdated_extension_files()
    if outdated:
        pytest.fail(f"JupyterLab's extension is outdated ({outdated}); run make install")
    with run_hub(tmp_path_factory.mktemp("hub")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for one module: its event loop would disturb other tests."""
    if chromium() is None:
        pytest.skip(NO_CHROMIUM)
    with sync_playwright() as playwright:
        chrome = lab.launch(playwright)
        expect.set_options(timeout=WAIT_TIMEOUT_MS)
        yield chrome
        chrome.close()
