"""When a submission came, and archives of folders in which people work; without a hub."""

from __future__ import annotations

import io
import logging
import os
import shutil
import sys
import tarfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from deploy.hub import collect, submission_time
from deploy.hub.tar_writer import TarWriter

FORMAT = "%Y-%m-%d %H:%M:%S.%f UTC"


class Collector:
    """The collector of a class without a due date, and its exchange."""

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

    def __call__(self, *, update: bool = False) -> None:
        coursedir = CourseDirectory(config=self._config)
        app = collect.CollectOwned(coursedir=coursedir, config=self._config)
        app.check_owner, app.update = False, update
        app.log = logging.getLogger("collector")
        app.start()

    def hand_in(self, student: str, when: datetime, work: str = "work") -> Path:
        beside = self.inbound / f".{student}.new"
        beside.mkdir()
        (beside / "intro.ipynb").write_text(work)
        (beside / "timestamp.txt").write_text("2001-01-01 00:00:00 UTC")  # a lie
        return beside.rename(self.inbound / f"{student}+01-intro+{when.strftime(FORMAT)}+x")

    def time(self, student: str) -> datetime:
        told = self.course / "submitted" / student / "01-intro" / "timestamp.txt"
        return datetime.strptime(told.read_text(), FORMAT).replace(tzinfo=UTC)


@pytest.fixture
def collector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collector:
    monkeypatch.setattr(collect, "_MAX_CLOCK_SKEW", timedelta(0))
    # nbgrader makes its gradebook by a command that lies beside Python.
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.prefix, "bin")), os.environ["PATH"]]))
    return Collector(tmp_path)


def test_the_name_tells_the_time_and_no_file_does(collector: Collector) -> None:
    when = datetime.now(UTC) + timedelta(seconds=1)
    collector.hand_in("ada", when)
    time.sleep(1.1)  # what is still to come is refused
    collector()
    assert collector.time("ada") == when


def test_work_that_is_changed_later_came_later(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    when = datetime.now(UTC) + timedelta(seconds=1)
    folder = collector.hand_in("ada", when)
    time.sleep(1.1)
    folder_mark = folder.stat().st_ctime
    (folder / "intro.ipynb").write_text("better")  # which leaves the folder's own mark as it was
    assert folder.stat().st_ctime == folder_mark
    os.utime(folder / "intro.ipynb", (0, 0))  # times that can be chosen count for nothing
    collector()
    assert collector.time("ada") > when
    assert "was added or changed on" in caplog.text


def test_an_older_name_does_not_make_newer_work_older(collector: Collector) -> None:
    now = datetime.now(UTC)
    collector.hand_in("ada", now - timedelta(hours=1))
    collector()
    first = collector.time("ada")
    assert first > now - timedelta(minutes=1)
    collector.hand_in("ada", now - timedelta(minutes=30), "second thoughts")
    collector(update=True)
    work = collector.course / "submitted" / "ada" / "01-intro" / "intro.ipynb"
    assert work.read_text() == "second thoughts"
    assert collector.time("ada") > first


class Archive:
    """An archive in memory."""

    def __init__(self, folder: Path, wanted: object = lambda _: True) -> None:
        self.file = io.BytesIO()
        with tarfile.open(fileobj=self.file, mode="w") as archive:
            self.writer = TarWriter(archive, wanted)  # type: ignore[arg-type]  # a test's own
            self.writer.folder(folder, "exchange")

    def open(self) -> tarfile.TarFile:
        self.file.seek(0)
        return tarfile.open(fileobj=self.file)


def test_links_are_kept_as_links_and_never_followed(tmp_path: Path) -> None:
    folder = tmp_path / "exchange"
    folder.mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("42")
    (folder / "place").symlink_to(tmp_path / "secret")
    (folder / "key").symlink_to(tmp_path / "secret" / "key")
    os.mkfifo(folder / "pipe")
    found = Archive(folder)
    assert found.writer.digests == {}
    with found.open() as archive:
        assert archive.getnames() == ["exchange", "exchange/key", "exchange/place"]
        assert archive.getmember("exchange/place").issym()
        assert archive.getmember("exchange/key").linkname == str(tmp_path / "secret" / "key")


@pytest.mark.parametrize("what", ["file", "folder", "link instead"])
def test_what_vanishes_is_left_out(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "exchange"
    (folder / "b").mkdir(parents=True)
    (folder / "a").write_text("here")
    (folder / "b" / "c").write_text("not for long")
    (folder / "d").write_text("here, too")

    def wanted(name: str) -> bool:  # it was listed, and is gone when it is opened
        if what == "folder" and name == "exchange/b":
            shutil.rmtree(folder / "b")
        if what != "folder" and name == "exchange/b/c":
            (folder / "b" / "c").unlink()
            if what == "link instead":
                (folder / "b" / "c").symlink_to("/etc/passwd")
        return True

    found = Archive(folder, wanted)
    assert set(found.writer.digests) == {"exchange/a", "exchange/d"}
    with found.open() as archive:
        assert {name for name in archive.getnames() if archive.getmember(name).isfile()} == set(
            found.writer.digests
        )


def test_a_submission_has_the_mark_of_its_newest_part(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("1")
    first = submission_time.newest_change(tmp_path / "a")
    time.sleep(0.02)  # longer than a tick of the file system's clock
    (tmp_path / "a" / "b" / "c").write_text("2")
    assert submission_time.newest_change(tmp_path / "a") > first
