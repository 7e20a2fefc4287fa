"""Collecting: the name of a submission gives its time, unless its files changed later."""

from __future__ import annotations

import logging
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.nbgrader_plugins import collect as plain_collect
from autograder.nbgrader_plugins import timestamps
from deploy.hub import collect

FORMAT = "%Y-%m-%d %H:%M:%S.%f UTC"


class Collector:
    """Collects from its own exchange, for an assignment without a due date."""

    def __init__(self, folder: Path) -> None:
        self.inbound = folder / "exchange" / "c" / "inbound"
        self.inbound.mkdir(parents=True)
        self.course = folder / "course"
        self.course.mkdir()
        config = Config()
        config.Exchange.root = str(folder / "exchange")
        config.CourseDirectory.root = str(self.course)
        config.CourseDirectory.course_id = "c"
        config.CourseDirectory.assignment_id = "01-intro"
        self._config = config

    def collect(self, *, update: bool = False) -> None:
        coursedir = CourseDirectory(config=self._config)
        app = collect.CollectOwned(coursedir=coursedir, config=self._config)
        app.check_owner, app.update = False, update
        app.log = logging.getLogger("collector")
        app.start()

    def submit(self, student: str, when: datetime, work: str = "work") -> Path:
        temporary = self.inbound / f".{student}.new"
        temporary.mkdir()
        (temporary / "intro.ipynb").write_text(work)
        (temporary / "timestamp.txt").write_text("2001-01-01 00:00:00 UTC")  # forged
        return temporary.rename(self.inbound / f"{student}+01-intro+{when.strftime(FORMAT)}+x")

    def recorded_time(self, student: str) -> datetime:
        path = self.course / "submitted" / student / "01-intro" / "timestamp.txt"
        return datetime.strptime(path.read_text(), FORMAT).replace(tzinfo=UTC)


@pytest.fixture
def collector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collector:
    monkeypatch.setattr(plain_collect, "MAX_CLOCK_SKEW", timedelta(0))
    # nbgrader creates its gradebook with a command that is installed next to Python.
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.prefix, "bin")), os.environ["PATH"]]))
    return Collector(tmp_path)


def wait_until_past(when: datetime) -> None:
    while datetime.now(UTC) <= when + timedelta(milliseconds=100):
        time.sleep(0.05)


def test_the_time_comes_from_the_name_and_not_from_files(collector: Collector) -> None:
    when = datetime.now(UTC) + timedelta(seconds=1)
    collector.submit("ada", when)
    wait_until_past(when)  # times in the future are refused
    collector.collect()
    assert collector.recorded_time("ada") == when


def test_a_later_change_makes_a_submission_later(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    when = datetime.now(UTC) + timedelta(seconds=1)
    folder = collector.submit("ada", when)
    wait_until_past(when)
    folder_ctime = folder.stat().st_ctime
    (folder / "intro.ipynb").write_text("better")  # changes only the file's ctime
    assert folder.stat().st_ctime == folder_ctime
    os.utime(folder / "intro.ipynb", (0, 0))  # times that can be chosen don't count
    collector.collect()
    assert collector.recorded_time("ada") > when
    assert "was added or changed on" in caplog.text


def test_an_old_time_in_the_name_does_not_count(collector: Collector) -> None:
    now = datetime.now(UTC)
    collector.submit("ada", now - timedelta(hours=1))
    collector.collect()
    first = collector.recorded_time("ada")
    assert first > now - timedelta(minutes=1)
    collector.submit("ada", now - timedelta(minutes=30), "second thoughts")
    collector.collect(update=True)
    work = collector.course / "submitted" / "ada" / "01-intro" / "intro.ipynb"
    assert work.read_text() == "second thoughts"
    assert collector.recorded_time("ada") > first


def test_a_submission_is_as_new_as_its_newest_file(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("1")
    first = timestamps.newest_change(tmp_path / "a")
    time.sleep(0.02)  # longer than a tick of the file system's clock
    (tmp_path / "a" / "b" / "c").write_text("2")
    assert timestamps.newest_change(tmp_path / "a") > first
