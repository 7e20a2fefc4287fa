"""Submitting: the receipt is true, every copy is kept, and a full disk leaves nothing half done."""

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
from pathlib import Path
from typing import ClassVar

import pytest
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError
from traitlets.config import Config

from course.server import submit
from course.server.receipts import Receipt, hash_files
from course.server.submit import SubmitWithReceipt

TIME = "2026-11-24 02:10:11.000001 UTC"


class Desk:
    """A student with a fetched lesson, and an exchange."""

    def __init__(self, folder: Path) -> None:
        self.home, self.exchange = folder / "home", folder / "exchange"
        course = self.exchange / "autoencoders"
        for place in (course / "inbound", course / "outbound" / "01-intro", self.home / "01-intro"):
            place.mkdir(parents=True)
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
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_receipt_holds_time_and_content(desk: Desk) -> None:
    desk.submit()
    (receipt,) = desk.receipts
    (copy,) = desk.inbound
    number = re.search(r"SHA-256 (\w{64})", receipt)
    assert number
    assert f"Time      {TIME}" in receipt
    command = [
        sys.executable,
        "-m",
        "course.server.receipts",
        str(copy),
        str(desk.home / "01-intro"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [line.split("  ")[0] for line in done.stdout.splitlines()] == [number[1]] * 2


def test_everybody_can_compute_the_number(desk: Desk) -> None:
    script = "find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum"
    said = subprocess.check_output(["sh", "-c", script], cwd=desk.home / "01-intro", text=True)
    assert Receipt("", "", "", "", hash_files(desk.home / "01-intro")).content == said.split()[0]


def test_links_are_no_content(desk: Desk) -> None:
    (desk.home / "01-intro" / "link").symlink_to("/etc/passwd")
    assert set(hash_files(desk.home / "01-intro")) == {"intro.ipynb", "picture/a.txt"}


def test_two_in_the_same_moment_are_both_kept(desk: Desk) -> None:
    desk.submit()
    desk.work.write_text("my second thoughts")
    desk.submit()
    assert len(desk.inbound) == len(desk.cached) == len(desk.receipts) == 2
    work = hashlib.sha256(b"my second thoughts").hexdigest()
    assert work in desk.receipts[1]
    assert [copy.joinpath("intro.ipynb").read_text() for copy in desk.inbound] == [
        "my work",
        "my second thoughts",
    ]
    for copies in (desk.inbound, desk.cached):  # as nbgrader needs them to give feedback back
        assert len({copy.joinpath("timestamp.txt").read_text() for copy in copies}) == 2
        assert all(
            len(copy.joinpath("submission_secret.txt").read_text()) == 128 for copy in copies
        )


def test_the_copies_belong_together(desk: Desk) -> None:
    desk.submit()
    (sent,), (kept,) = desk.inbound, desk.cached
    assert sent.name.rsplit("+", 1)[0] == kept.name == f"ada+01-intro+{TIME}"
    for name in ("timestamp.txt", "submission_secret.txt"):
        assert (sent / name).read_text() == (kept / name).read_text()
    assert sent.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("place", ["inbound", "cache"])
def test_what_can_not_be_kept_is_not_submitted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    copy = SubmitWithReceipt.do_copy

    def full(self: SubmitWithReceipt, src: str, dest: str) -> None:
        copy(self, src, dest)
        if f"/{place}/" in dest:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(SubmitWithReceipt, "do_copy", full)
    with pytest.raises(ExchangeError, match="Nothing was submitted: No space left on device"):
        desk.submit()
    assert (desk.inbound, desk.cached, desk.receipts) == ([], [], [])


@pytest.mark.parametrize("error", [PermissionError(1, "Not yours"), KeyError("odd")])
def test_no_failure_leaves_a_submission_in_one_place_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **_options: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(SubmitWithReceipt, "set_perms", fail)
        with pytest.raises((ExchangeError, KeyError)):
            desk.submit()
    assert (desk.inbound, desk.cached, desk.receipts) == ([], [], [])
    rename = Path.rename

    def fail_in_the_exchange(self: Path, target: Path) -> Path:
        if "/inbound/" in str(target):
            raise error
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail_in_the_exchange)
        with pytest.raises((ExchangeError, KeyError)):
            desk.submit()
    assert (desk.inbound, desk.cached, desk.receipts) == ([], [], [])
    desk.submit()
    assert len(desk.inbound) == len(desk.cached) == len(desk.receipts) == 1


def test_a_receipt_that_can_not_be_kept_denies_no_submission(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rename = Path.rename
    told: list[Path | None] = []

    def fail(self: Path, target: Path) -> Path:
        if Path(target).parent.name == "receipts":
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        return rename(self, target)

    def announced(_server: object, _receipt: Receipt, file: Path | None) -> None:
        told.append(file)
        raise RuntimeError("no page")

    monkeypatch.setattr(Path, "rename", fail)
    monkeypatch.setattr(submit, "announce", announced)
    monkeypatch.setattr("course.server.submit.ServerApp.initialized", lambda: True)
    desk.submit()
    assert len(desk.inbound) == len(desk.cached) == 1
    assert (desk.receipts, told) == ([], [None])
    assert "Submitted, but the receipt can't be saved" in caplog.text
    assert "Submitted, but the page can't show the receipt" in caplog.text


class Confirms(http.server.BaseHTTPRequestHandler):
    """The class's server, as far as a submission asks it."""

    asked: ClassVar[list[tuple[str, str, dict[str, str]]]] = []
    reply = b'{"time": "2026-11-24T02:10:12+00:00", "mark": "abc"}'

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, self.headers["Authorization"], json.loads(body)))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.reply)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Confirms]]:
    with http.server.HTTPServer(("127.0.0.1", 0), Confirms) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("COURSE_FEEDBACK_URL", f"http://127.0.0.1:{server.server_port}/f")
        monkeypatch.setenv("COURSE_FEEDBACK_TOKEN", "a badge")
        monkeypatch.setattr(Confirms, "asked", [])
        yield Confirms
        server.shutdown()


def test_the_classs_server_confirms_it(desk: Desk, service: type[Confirms]) -> None:
    desk.submit()
    (receipt,), (copy,) = desk.receipts, desk.inbound
    ((path, token, told),) = service.asked
    assert (path, token) == ("/f/receipt", "token a badge")
    content = Receipt("", "", "", "", hash_files(copy)).content
    assert told == {"assignment": "01-intro", "time": TIME, "content": content}
    assert "Confirmed 2026-11-24T02:10:12+00:00 abc" in receipt


@pytest.mark.parametrize("reply", [b"", b"[]", b"{}", b'{"time": 1}'])
def test_a_server_that_does_not_confirm_denies_nothing(
    desk: Desk, service: type[Confirms], monkeypatch: pytest.MonkeyPatch, reply: bytes
) -> None:
    monkeypatch.setattr(service, "reply", reply)
    desk.submit()
    (receipt,) = desk.receipts
    assert len(desk.inbound) == len(service.asked) == 1
    assert "Confirmed" not in receipt
    monkeypatch.setenv("COURSE_FEEDBACK_URL", "http://127.0.0.1:9/nobody")
    desk.submit()
    assert len(desk.inbound) == len(desk.receipts) == 2


@pytest.fixture
def small_disk(desk: Desk) -> Iterator[Path]:
    """A file system of 256 kB where submissions go."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("mounting a small file system takes root on Linux")
    place = desk.exchange / "autoencoders" / "inbound"
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not possible here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_keeps_what_is_there_and_says_so(desk: Desk, small_disk: Path) -> None:
    desk.submit()
    desk.work.write_bytes(os.urandom(400_000))
    with pytest.raises(ExchangeError, match=r"Nothing was submitted: .*No space left"):
        desk.submit()
    assert len(desk.inbound) == len(desk.cached) == len(desk.receipts) == 1
    assert not [path for path in small_disk.iterdir() if path.name.startswith(".")]
    desk.work.write_text("smaller")
    desk.submit()
    assert len(desk.inbound) == 2
