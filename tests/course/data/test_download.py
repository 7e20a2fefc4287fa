"""Downloads from a local server, good and bad, and the course's own cache."""

from __future__ import annotations

import os
import re
import stat
import threading
from contextlib import contextmanager
from functools import partial
from http.server import (
    BaseHTTPRequestHandler,
    SimpleHTTPRequestHandler,
    ThreadingHTTPServer,
)
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from course import data
from course.data import sources
from course.data.dataset import Dataset
from course.data.download import fetch, save
from tests.course.data.toys import (
    REAL_DATA,
    TOY,
    WRONG,
    files_below,
    load_toy,
    needs_real_data,
    own_cache,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.usefixtures("home")


class ToyServer(BaseHTTPRequestHandler):
    """ToyServer depend on the requested file name."""

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1]
        getattr(self, f"say_{name.split('.')[0]}", self.say_toy)()

    def say(self, content: bytes, length: int | None = None, code: int = 200) -> None:
        self.send_response(code)
        if length != 0:
            self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def say_toy(self) -> None:
        self.say(TOY)

    def say_without_length(self) -> None:
        self.say(TOY, length=0)

    def say_wrong(self) -> None:
        self.say(WRONG)

    def say_page(self) -> None:
        self.say(b"<!doctype html><title>Please log in</title>")

    def say_gone(self) -> None:
        self.say(b"<h1>gone</h1>", code=404)

    def say_half(self) -> None:
        self.say(TOY[: len(TOY) // 2], length=len(TOY))

    def say_half_without_length(self) -> None:
        self.say(TOY[: len(TOY) // 2], length=0)

    def say_huge(self) -> None:
        self.say(b"x", length=10**10)

    def say_endless(self) -> None:
        self.say(b"x" * 200_000, length=0)

    def say_nothing(self) -> None:
        self.close_connection = True

    def say_gibberish(self) -> None:
        self.wfile.write(b"\x00\x01 what?\r\n\r\n")

    def say_elsewhere(self) -> None:
        self.send_response(302)
        self.send_header("Location", "file:///etc/passwd")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""


class Files(SimpleHTTPRequestHandler):
    """Serve the files of a folder."""

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()
            thread.join()


@pytest.fixture
def server() -> Iterator[str]:
    with serving(ToyServer) as url:
        yield url


def test_a_download_is_checked_saved_and_reused(
    server: str,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A terminal's bar, even if an earlier test in this process has imported ipykernel.
    monkeypatch.setattr("course.progress.in_notebook", lambda: False)
    loaded = load_toy(url=f"{server}/toy.npz", download=True)
    assert loaded.note == f"the real toy, downloaded from {server}/toy.npz"
    out, err = capsys.readouterr()
    assert "TOY" in out  # the progress bar
    assert "100%" in out
    assert err == ""
    assert own_cache().read_bytes() == TOY
    assert files_below(home / "cache") == ["real.bin"]
    assert load_toy(url=f"{server}/gone", download=True) is loaded  # no second download
    sources.clear_memory()
    assert load_toy().note == "the real toy, from the course's own cache"


def test_nothing_is_downloaded_unless_asked_for(
    monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise AssertionError("a download nobody asked for")

    monkeypatch.setattr(sources, "fetch", fail)
    assert load_toy(url=f"{server}/toy.npz").source == "spare"


def test_a_mirror_has_the_layout_of_course_data(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_DATA_URL", f"{server}/mirror/")
    loaded = load_toy(url="http://example.invalid/toy.npz", download=True)
    assert loaded.note == f"the real toy, downloaded from {server}/mirror/toys/toy.npz"


ERROR_MESSAGES = {
    "gone": "the server answered 404 Not Found",
    "page": "the server sent a web page, not the file",
    "half": "the download broke off after",
    "half_without_length": "damaged",
    "wrong": "x is not the original",
    "huge": "the file is too large: 10,000,000,000 bytes, at most 64,000,000",
    "nothing": "the connection failed",
    "gibberish": "the connection failed",
    "elsewhere": "the server answered 302",
}


@pytest.mark.parametrize("name", ERROR_MESSAGES)
def test_a_failed_download_leads_to_the_fallback_and_a_one_line_message(
    name: str, server: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"{server}/{name}.npz"
    loaded = load_toy(url=url, download=True)
    assert loaded.source == "spare"
    assert f"TOY was not used: {url}: " in loaded.note
    assert ERROR_MESSAGES[name] in loaded.note
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == loaded.note
    assert err == ""
    assert files_below(home) == []
    with pytest.raises(data.DataError, match=f"TOY is not available: {re.escape(url)}"):
        load_toy("real", url=url, download=True)


def test_a_closed_port_is_reported_in_one_line() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), ToyServer) as closed:
        url = f"http://127.0.0.1:{closed.server_port}/toy.npz"
    loaded = load_toy(url=url, download=True)
    assert f"{url}: cannot be reached (Connection refused)" in loaded.note


def test_a_damaged_cached_copy_is_replaced_by_the_next_download(server: str) -> None:
    save(own_cache(), TOY[:50])
    assert load_toy().source == "spare"
    assert load_toy(url=f"{server}/toy.npz", download=True).source == "real"
    sources.clear_memory()
    assert load_toy().note == "the real toy, from the course's own cache"


def test_an_unwritable_cache_does_not_lose_the_download(
    server: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "blocked").write_text("a file where a folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "blocked"))
    loaded = load_toy(url=f"{server}/toy.npz", download=True)
    assert loaded.source == "real"
    assert "downloaded, but not saved: " in loaded.note
    assert "cannot be written (" in loaded.note
    assert capsys.readouterr().out.splitlines()[-1] == loaded.note
    assert np.shares_memory(load_toy("real").x_train, loaded.x_train)  # cached in memory


def test_a_full_disk_leaves_no_half_written_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(home / "saved.bin", b"before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(data.DataError, match=r"saved.bin: cannot be written \(No space left"):
        save(home / "saved.bin", b"after")
    assert (home / "saved.bin").read_bytes() == b"before"
    assert files_below(home) == ["saved.bin"]


def test_a_folder_without_write_permission_is_reported(home: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root can write everywhere")
    (home / "shut").mkdir()
    (home / "shut").chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(data.DataError, match="Permission denied"):
        save(home / "shut" / "file.bin", b"x")


def test_fetch_accepts_unknown_lengths_up_to_the_limit(server: str) -> None:
    assert fetch(f"{server}/without_length", max_bytes=1000) == TOY
    with pytest.raises(data.DataError, match="the file is too large: more than 1,000 bytes"):
        fetch(f"{server}/endless", max_bytes=1000)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "mnist.npz", "http://", "http://a b/c"])
def test_fetch_rejects_other_addresses(url: str) -> None:
    with pytest.raises(data.DataError, match=r"must start with http|connection failed|be reached"):
        fetch(url, max_bytes=1000)


def test_an_interrupted_download_leaves_no_file(
    server: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("course.data.download._read", stop)
    with pytest.raises(KeyboardInterrupt):
        load_toy(url=f"{server}/toy.npz", download=True)
    assert files_below(home) == []


@needs_real_data
@pytest.mark.parametrize("load", [data.digits, data.faces, data.news])
def test_the_data_functions_download_from_a_mirror(
    load: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = partial(Files, directory=str(REAL_DATA))
    with serving(handler) as url:
        monkeypatch.setenv("COURSE_DATA_URL", url)
        loaded = load(download=True)
    assert f"downloaded from {url}/" in loaded.note
    sources.clear_memory()
    assert load().note.endswith("from the course's own cache")
