"""A home folder without any data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from course.data import sources


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for variable in ("COURSE_DATA", "COURSE_DATA_URL", "KERAS_HOME", "SCIKIT_LEARN_DATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    sources.clear_memory()
    yield tmp_path
    sources.clear_memory()
