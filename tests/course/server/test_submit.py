"""Submitting: true receipts, no lost copies, and nothing half-done on a full disk."""

from __future__ import annotations

import errno
import hashlib
import http.server
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError
from traitlets.config import Config

from course.deadlines import FILE, DueDate, LateRule, write_public
from course.server import submit
from course.server.receipts import Receipt, hash_files
from course.server.submit import SubmitWithReceipt

TIME = "2026-11-24 02:10:11.000001 UTC"


class StudentFolder:
    """A student with a fetched lesson, and an exchange."""

    def __init__(self, folder: Path) -> None:
        self.home, self.exchange = folder / "home", folder / "exchange"
        course = self.exchange / "autoencoders"
        (course / "inbound").mkdir(parents=True)
        for lesson in (course / "outbound" / "01-intro", self.home / "01-intro"):
            lesson.mkdir(parents=True)
        self.exchange.chmod(0o777)
        (course / "outbound" / "01-intro" / "intro.ipynb").write_text("{}")
        self.work = self.home / "01-intro" / "intro.ipynb"
        self.work.write_text("my work")
        (self.home / "01-intro" / "picture").mkdir()
        (self.home / "01-intro" / "picture" / "a.txt").write_text("a picture")

    def submit(self, time: str = TIME) -> None:
        config = Config()
        config.Exchange.root = str(self.exchange)
        config.Exchange.cache = str(self.home / "cache")
        config.Exchange.assignment_dir = str(self.home)
        config.CourseDirectory.course_id = "autoencoders"
        config.CourseDirectory.assignment_id = "01-intro"
        config.CourseDirectory.student_id = "ada"
        config.CourseDirectory.root = str(self.home)
        coursedir = CourseDirectory(config=config)
        app = SubmitWithReceipt(
            coursedir=coursedir, authenticator=Authenticator(config=config), config=config
        )
        app.set_timestamp = lambda: setattr(app, "timestamp", time)
        app.start()

    @property
    def inbound(self) -> list[Path]:
        return sorted((self.exchange / "autoencoders" / "inbound").iterdir())

    @property
    def cached(self) -> list[Path]:
        cache = self.home / "cache" / "autoencoders"
        return sorted(cache.iterdir()) if cache.exists() else []

    @property
    def receipts(self) -> list[str]:
        return [path.read_text() for path in sorted((self.home / "receipts").iterdir())]


@pytest.fixture
def student(tmp_path: Path) -> StudentFolder:
    return StudentFolder(tmp_path)


def test_the_receipt_holds_time_and_content(student: StudentFolder) -> None:
    student.submit()
    (receipt,) = student.receipts
    (copy,) = student.inbound
    content_hash = re.search(r"SHA-256 (\w{64})", receipt)
    assert content_hash
    assert f"Time      {TIME}" in receipt
    folders = [str(copy), str(student.home / "01-intro")]
    command = [sys.executable, "-m", "course.server.receipts", *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [line.split("  ")[0] for line in done.stdout.splitlines()] == [content_hash[1]] * 2


def test_the_receipt_says_when_it_was_due_and_what_lateness_costs(student: StudentFolder) -> None:
    due = datetime(2026, 11, 24, 0, 10, 11, tzinfo=UTC)
    deadline = DueDate(due=due, rule=LateRule(penalty=10))
    write_public(student.exchange / "autoencoders", {"01-intro": deadline})
    student.submit()
    (receipt,) = student.receipts
    assert "Due       2026-11-24 00:10 UTC\nLate      2 h late: −10%\n" in receipt
    student.submit("2026-11-24 00:10:11.000000 UTC")
    assert "Late" not in student.receipts[0]


@pytest.mark.parametrize("content", ["", "[]", '{"assignments": {"01-intro": 5}}'])
def test_damaged_deadlines_stop_no_submission(student: StudentFolder, content: str) -> None:
    (student.exchange / "autoencoders" / FILE).write_text(content)
    student.submit()
    assert "Due" not in student.receipts[0]


def test_the_hash_can_be_computed_in_a_shell(student: StudentFolder) -> None:
    script = "find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum"
    lesson = student.home / "01-intro"
    output = subprocess.check_output(["sh", "-c", script], cwd=lesson, text=True)
    assert Receipt("", "", "", "", hash_files(lesson)).content == output.split()[0]


def test_links_are_not_hashed(student: StudentFolder) -> None:
    (student.home / "01-intro" / "link").symlink_to("/etc/passwd")
    assert set(hash_files(student.home / "01-intro")) == {"intro.ipynb", "picture/a.txt"}


def test_submissions_with_the_same_time_are_both_kept(student: StudentFolder) -> None:
    student.submit()
    student.work.write_text("my second thoughts")
    student.submit()
    assert len(student.inbound) == len(student.cached) == len(student.receipts) == 2
    work = hashlib.sha256(b"my second thoughts").hexdigest()
    assert work in student.receipts[1]
    assert [copy.joinpath("intro.ipynb").read_text() for copy in student.inbound] == [
        "my work",
        "my second thoughts",
    ]
    for copies in (student.inbound, student.cached):  # nbgrader needs them to return feedback
        assert len({copy.joinpath("timestamp.txt").read_text() for copy in copies}) == 2
        assert all(
            len(copy.joinpath("submission_secret.txt").read_text()) == 128 for copy in copies
        )


def test_the_copies_in_exchange_and_cache_match(student: StudentFolder) -> None:
    student.submit()
    (submitted,), (cached,) = student.inbound, student.cached
    assert submitted.name.rsplit("+", 1)[0] == cached.name == f"ada+01-intro+{TIME}"
    for name in ("timestamp.txt", "submission_secret.txt"):
        assert (submitted / name).read_text() == (cached / name).read_text()
    assert submitted.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("folder", ["inbound", "cache"])
def test_if_a_copy_fails_nothing_is_submitted(
    student: StudentFolder, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    copy = SubmitWithReceipt.do_copy

    def full(self: SubmitWithReceipt, src: str, dest: str) -> None:
        copy(self, src, dest)
        if f"/{folder}/" in dest:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(SubmitWithReceipt, "do_copy", full)
    with pytest.raises(ExchangeError, match="Nothing was submitted: No space left on device"):
        student.submit()
    assert (student.inbound, student.cached, student.receipts) == ([], [], [])


@pytest.mark.parametrize("error", [PermissionError(1, "Not yours"), KeyError("odd")])
def test_no_failure_leaves_only_one_of_the_copies(
    student: StudentFolder, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **_options: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(SubmitWithReceipt, "set_perms", fail)
        with pytest.raises((ExchangeError, KeyError)):
            student.submit()
    assert (student.inbound, student.cached, student.receipts) == ([], [], [])
    rename = Path.rename

    def fail_in_the_exchange(self: Path, target: Path) -> Path:
        if "/inbound/" in str(target):
            raise error
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail_in_the_exchange)
        with pytest.raises((ExchangeError, KeyError)):
            student.submit()
    assert (student.inbound, student.cached, student.receipts) == ([], [], [])
    student.submit()
    assert len(student.inbound) == len(student.cached) == len(student.receipts) == 1


def test_a_submission_succeeds_if_its_receipt_can_not_be_saved(
    student: StudentFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rename = Path.rename
    announced: list[Path | None] = []

    def fail(self: Path, target: Path) -> Path:
        if Path(target).parent.name == "receipts":
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        return rename(self, target)

    def announce(_server: object, _receipt: Receipt, file: Path | None) -> None:
        announced.append(file)
        raise RuntimeError("no page")

    monkeypatch.setattr(Path, "rename", fail)
    monkeypatch.setattr(submit, "announce", announce)
    monkeypatch.setattr("course.server.submit.ServerApp.initialized", lambda: True)
    student.submit()
    assert len(student.inbound) == len(student.cached) == 1
    assert (student.receipts, announced) == ([], [None])
    assert "Submitted, but the receipt can't be saved" in caplog.text
    assert "Submitted, but the page can't show the receipt" in caplog.text


class ConfirmationHandler(http.server.BaseHTTPRequestHandler):
    """The feedback service's route for receipts."""

    requests: ClassVar[list[tuple[str, str, dict[str, str]]]] = []
    reply = b'{"time": "2026-11-24T02:10:12+00:00", "mark": "abc"}'

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append((self.path, self.headers["Authorization"], json.loads(body)))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.reply)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[ConfirmationHandler]]:
    with http.server.HTTPServer(("127.0.0.1", 0), ConfirmationHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("COURSE_FEEDBACK_URL", f"http://127.0.0.1:{server.server_port}/f")
        monkeypatch.setenv("COURSE_FEEDBACK_TOKEN", "signed")
        monkeypatch.setattr(ConfirmationHandler, "requests", [])
        yield ConfirmationHandler
        server.shutdown()


def test_the_feedback_service_confirms_the_receipt(
    student: StudentFolder, service: type[ConfirmationHandler]
) -> None:
    student.submit()
    (receipt,), (copy,) = student.receipts, student.inbound
    ((path, token, notice),) = service.requests
    assert (path, token) == ("/f/receipt", "token signed")
    content = Receipt("", "", "", "", hash_files(copy)).content
    assert notice == {"assignment": "01-intro", "time": TIME, "content": content}
    assert "Confirmed 2026-11-24T02:10:12+00:00 abc" in receipt


@pytest.mark.parametrize("reply", [b"", b"[]", b"{}", b'{"time": 1}'])
def test_a_submission_succeeds_without_confirmation(
    student: StudentFolder,
    service: type[ConfirmationHandler],
    monkeypatch: pytest.MonkeyPatch,
    reply: bytes,
) -> None:
    monkeypatch.setattr(service, "reply", reply)
    student.submit()
    (receipt,) = student.receipts
    assert len(student.inbound) == len(service.requests) == 1
    assert "Confirmed" not in receipt
    monkeypatch.setenv("COURSE_FEEDBACK_URL", "http://127.0.0.1:9/nobody")
    student.submit()
    assert len(student.inbound) == len(student.receipts) == 2


@pytest.fixture
def small_disk(student: StudentFolder) -> Iterator[Path]:
    """A file system of 256 KiB for submissions."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("mounting a small file system takes root on Linux")
    inbound = student.exchange / "autoencoders" / "inbound"
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(inbound)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not possible here: {done.stderr.strip()}")
    yield inbound
    subprocess.run(["umount", str(inbound)], check=True)


def test_a_full_disk_is_reported_and_keeps_earlier_submissions(
    student: StudentFolder, small_disk: Path
) -> None:
    student.submit()
    student.work.write_bytes(os.urandom(400_000))
    with pytest.raises(ExchangeError, match=r"Nothing was submitted: .*No space left"):
        student.submit()
    assert len(student.inbound) == len(student.cached) == len(student.receipts) == 1
    assert not [path for path in small_disk.iterdir() if path.name.startswith(".")]
    student.work.write_text("smaller")
    student.submit()
    assert len(student.inbound) == 2
