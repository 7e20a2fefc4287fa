"""The seed of the order in which a student sees the options of a question."""

from __future__ import annotations

import re

import pytest

from course.server.student_seed import student_seed


def test_the_seed_is_that_of_the_hubs_user(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = set()
    for name, secret in [("jane", b"1"), ("june", b"1"), ("", b"1"), ("", b"2")]:
        monkeypatch.setenv("JUPYTERHUB_USER", name)
        seeds.add(student_seed(secret))
    assert len(seeds) == 4
    assert all(re.fullmatch("[0-9a-f]{16}", seed) for seed in seeds)
    monkeypatch.setenv("JUPYTERHUB_USER", "jane")
    assert student_seed(b"another server of hers") in seeds
