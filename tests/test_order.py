"""Parallel runs: what runs first, and what runs in the same process."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests import conftest


def item(name: str, *marks: str) -> Any:
    return SimpleNamespace(name=name, iter_markers=lambda: [SimpleNamespace(name=m) for m in marks])


def test_fast_tests_come_last_in_parallel_runs_only() -> None:
    items = [
        item("fast"),
        item("slow", "slow"),
        item("another fast one", "xdist_group"),
        item("a class", "classroom", "slow", "xdist_group"),
        item("hub", "slow", "hub"),
        item("browser", "browser", "slow"),
    ]
    names = [test.name for test in items]
    config: Any = SimpleNamespace()
    conftest.pytest_collection_modifyitems(config, items)
    assert [test.name for test in items] == names
    config.workerinput = {}
    conftest.pytest_collection_modifyitems(config, items)
    assert [test.name for test in items] == [
        *("browser", "hub", "a class", "slow", "fast", "another fast one")
    ]


def test_a_file_or_a_group_runs_in_one_process() -> None:
    options = {"dist": "loadgroup", "tx": ["popen"]}
    config: Any = SimpleNamespace(getvalue=options.get)
    scheduler = conftest.pytest_xdist_make_scheduler(config, None)
    assert scheduler is not None
    scopes = {
        "a/test_a.py::test_b[x@y]": "a/test_a.py",
        "a/test_a.py::TestA::test_c": "a/test_a.py",
        "a/test_a.py::test_d@hub": "hub",
        "course/a.py::course.a.b": "course/a.py",
    }
    assert {nodeid: scheduler._split_scope(nodeid) for nodeid in scopes} == scopes
    options["dist"] = "load"
    assert conftest.pytest_xdist_make_scheduler(config, None) is None
