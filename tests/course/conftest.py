"""Fixtures for tests of the deployments."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from course import deployment


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with deployment.start() as server, httpx.Client(base_url=server.url, timeout=120) as found:
        yield found
