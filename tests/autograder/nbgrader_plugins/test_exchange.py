"""Collecting from an exchange in which students may have put anything under any name."""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc

from autograder import untrusted_folders
from autograder.nbgrader_plugins.collect import TIMESTAMP, CollectFiles
from tests.autograder.nbgrader_plugins.test_collect import names
from tests.hostile.corpus import make_nested_folders

SUBMITTED_AT = "2026-03-01 12:00:00.000000 UTC"


@pytest.fixture(scope="module")
def empty_gradebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty gradebook, copied by each test because creating one takes seconds."""
    path = tmp_path_factory.mktemp("book") / "gradebook.db"
    programs = Path(sys.executable).parent  # nbgrader runs alembic by name
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        Gradebook(f"sqlite:///{path}", "course").close()
    return path


class TestCollectFiles:
    """Collecting from an exchange that students can write to."""

    @pytest.fixture
    def inbound(self, tmp_path: Path) -> Path:
        (folder := tmp_path / "exchange" / "course" / "inbound").mkdir(parents=True)
        return folder

    @pytest.fixture
    def collector(self, tmp_path: Path, empty_gradebook: Path) -> CollectFiles:
        shutil.copy(empty_gradebook, tmp_path)
        course = CourseDirectory(
            root=str(tmp_path / "teacher"),
            course_id="course",
            assignment_id="01-intro",
            db_url=f"sqlite:///{tmp_path}/gradebook.db",
        )
        course.max_file_size = 1  # a thousand bytes
        collector = CollectFiles(
            coursedir=course, root=str(tmp_path / "exchange"), check_owner=False
        )
        collector.update = True
        return collector

    @staticmethod
    def submit(inbound: Path, student: str, timestamp: str = SUBMITTED_AT) -> Path:
        (folder := inbound / f"{student}+01-intro+{timestamp}+x").mkdir()
        (folder / "intro.ipynb").write_text("{}")
        (folder / TIMESTAMP).write_text(timestamp)
        return folder

    def collect(self, collector: CollectFiles) -> dict[str, list[str]]:
        collector.init_src()
        collector.init_dest()
        collector.copy_files()
        root = Path(collector.coursedir.root, "submitted")
        return {path.name: names(path / "01-intro") for path in root.iterdir()}

    def test_links_deep_folders_and_large_files_are_left_out(
        self, inbound: Path, collector: CollectFiles, tmp_path: Path
    ) -> None:
        self.submit(inbound, "ada")
        eve = self.submit(inbound, "eve")
        (eve / "all").symlink_to(tmp_path)
        os.mkfifo(eve / "pipe")
        make_nested_folders(eve, 600)
        (eve / "large").write_bytes(bytes(1001))
        (eve / "run.sh").write_text("true")
        (eve / "run.sh").chmod(0o700)
        collected = self.collect(collector)
        assert collected["ada"] == ["intro.ipynb", TIMESTAMP]
        files = [name for name in collected["eve"] if not name.startswith("d")]
        assert files == ["intro.ipynb", "run.sh", TIMESTAMP]
        script = Path(collector.coursedir.root, "submitted/eve/01-intro/run.sh")
        assert script.stat().st_mode & 0o100

    @pytest.mark.parametrize("content", ["2020-01-01 00:00:00 UTC", "garbage"])
    def test_the_time_comes_from_the_exchange_not_from_the_file(
        self, inbound: Path, collector: CollectFiles, content: str
    ) -> None:
        collector.check_time = False
        (self.submit(inbound, "eve") / TIMESTAMP).write_text(content)
        self.collect(collector)
        assert self.time(collector, "eve") == SUBMITTED_AT

    @staticmethod
    def time(collector: CollectFiles, student: str) -> str:
        return Path(
            collector.coursedir.root, "submitted", student, "01-intro", TIMESTAMP
        ).read_text()

    def test_a_time_before_the_last_change_does_not_count(
        self, inbound: Path, collector: CollectFiles, caplog: pytest.LogCaptureFixture
    ) -> None:
        collector.log = logging.getLogger("collector")
        before = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=1)
        self.submit(inbound, "eve")
        self.collect(collector)
        assert parse_utc(self.time(collector, "eve")) > before
        assert "that time counts, not the one in its name" in caplog.text

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to other accounts")
    def test_another_account_can_not_submit_in_a_students_name(
        self, inbound: Path, collector: CollectFiles, caplog: pytest.LogCaptureFixture
    ) -> None:
        collector.log = logging.getLogger("collector")
        collector.check_owner = True
        ada = self.submit(inbound, "daemon")
        os.chown(ada, pwd.getpwnam("daemon").pw_uid, -1)
        forged = self.submit(inbound, "daemon", "2026-03-02 12:00:00 UTC")
        (forged / "intro.ipynb").write_text("forged")
        os.chown(forged, pwd.getpwnam("nobody").pw_uid, -1)
        os.chown(self.submit(inbound, "ghost"), 54_321, -1)
        self.submit(inbound, "cleo")  # belongs to the account that collects
        assert set(self.collect(collector)) == {"daemon", "cleo"}
        work = Path(collector.coursedir.root, "submitted", "daemon", "01-intro", "intro.ipynb")
        assert work.read_text() == "{}"
        assert "it belongs to nobody; if student ids are not the names of accounts" in caplog.text
        assert "it belongs to a deleted account" in caplog.text
        assert "1 submissions belong to the account that collects them" in caplog.text
        collector.check_owner = False
        assert set(self.collect(collector)) == {"daemon", "cleo", "ghost"}

    def test_times_in_the_future_are_refused(self, inbound: Path, collector: CollectFiles) -> None:
        self.submit(inbound, "ada")
        self.submit(inbound, "ada", "2999-03-01 12:00:00.000000 UTC")
        self.submit(inbound, "ben", "2999-03-01 12:00:00.000000 UTC")
        assert set(self.collect(collector)) == {"ada"}

    @pytest.mark.parametrize(
        ("name", "zone", "time"),
        [
            ("ada+01-intro+2026-07-01 11:50:00.000000 CEST+x", "Europe/Berlin", "09:50"),
            ("ada+01-intro+2026-07-01 11:50:00.000000 CEST+x", "UTC", "09:50"),
            ("ada+01-intro+2026-07-01 12:50:00.000000 +03+x-_9", "Europe/Istanbul", "09:50"),
            ("ada+01-intro+2026-07-01 12:50:00.000000 +03", "Europe/Istanbul", "09:50"),
            ("ada+01-intro+2026-07-01 11:50:00", "Europe/Berlin", "09:50"),
            ("ada+01-intro+2026-07-01 11:50:00+0200+x", "UTC", "09:50"),
            ("a+d+a+01-intro+2026-07-01 09:50:00 UTC+x", "UTC", "09:50"),
        ],
    )
    def test_names_hold_times_in_any_zone(
        self, inbound: Path, collector: CollectFiles, name: str, zone: str, time: str
    ) -> None:
        collector.timezone, collector.check_time = zone, False
        (inbound / name).mkdir()
        self.collect(collector)
        student = name.partition("+01-intro+")[0]
        assert self.time(collector, student) == f"2026-07-01 {time}:00.000000 UTC"

    def test_an_ambiguous_time_is_replaced_by_that_of_the_last_change(
        self, inbound: Path, collector: CollectFiles, caplog: pytest.LogCaptureFixture
    ) -> None:
        collector.log = logging.getLogger("collector")
        before = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=1)
        self.submit(inbound, "ada", "2026-07-01 11:50:00 IST")
        self.collect(collector)
        assert parse_utc(self.time(collector, "ada")) > before
        assert "is ambiguous" in caplog.text
        assert "The time of its last change counts." in caplog.text

    @pytest.mark.parametrize(
        "student",
        [
            "*",
            "?",
            "[abc]",
            "-2",
            "a*",
            "eve\n",
            "a\x1b[2J",
            "a\udcff",
            "~",
            "a;b",
            ".a",
            "a ",
            "a" * 129,
        ],
    )
    def test_only_names_are_student_ids(
        self, inbound: Path, collector: CollectFiles, student: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        collector.log = logging.getLogger("collector")
        self.submit(inbound, student)
        for name in (
            "o'neil@uni.example",
            "李小龙",
            "josé",
            "cafe\u0301",
            "100%",
            "007",
            "A-b_c.d",
        ):
            self.submit(inbound, name)
        assert set(self.collect(collector)) == {
            *("o'neil@uni.example", "李小龙", "josé", "cafe\u0301", "100%", "007", "A-b_c.d")
        }
        assert caplog.text.replace("\n", "").isprintable()

    def test_entries_that_are_not_submissions_are_ignored(
        self, inbound: Path, collector: CollectFiles, tmp_path: Path
    ) -> None:
        self.submit(inbound, "ada")
        for name in (
            "eve+01-intro+whenever+x",
            f"..+01-intro+{SUBMITTED_AT}+x",
            f"+01-intro+{SUBMITTED_AT}+x",
        ):
            (inbound / name).mkdir()
        (inbound / f"link+01-intro+{SUBMITTED_AT}+x").symlink_to(tmp_path)
        (inbound / f"file+01-intro+{SUBMITTED_AT}+x").write_text("")
        assert set(self.collect(collector)) == {"ada"}
        assert not Path(collector.coursedir.root, "01-intro").exists()

    def test_a_failed_copy_does_not_stop_the_others(
        self, inbound: Path, collector: CollectFiles, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copy = untrusted_folders.copy_regular_files

        def fail_for_ben(folder: Path, *arguments: Any) -> list[str]:
            if folder.name.startswith("ben"):
                raise OSError("No space left on device")
            return copy(folder, *arguments)

        monkeypatch.setattr(untrusted_folders, "copy_regular_files", fail_for_ben)
        for student in ("ada", "ben", "cleo"):
            self.submit(inbound, student)
        complete = ["intro.ipynb", TIMESTAMP]
        assert self.collect(collector) == {"ada": complete, "cleo": complete, "ben": []}

    def test_a_newer_submission_replaces_whatever_was_collected(
        self, inbound: Path, collector: CollectFiles
    ) -> None:
        previous = Path(collector.coursedir.root, "submitted", "eve", "01-intro")
        previous.mkdir(parents=True)
        (previous / TIMESTAMP).write_text("garbage")
        make_nested_folders(previous, 1500)
        self.submit(inbound, "eve")
        assert self.collect(collector) == {"eve": ["intro.ipynb", TIMESTAMP]}
