"""Downloads from a server on loopback, good and bad, and the course's own cache."""

from __future__ import annotations

import io
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
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from course import data
from course.data import sources
from course.data.dataset import Dataset
from course.data.download import fetch, save
from course.data.locations import cache_folder
from course.data.sources import FallbackData, OriginalData
from course.data.validation import check_array, check_content, read_npz

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray


def npz(**arrays: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=True, **arrays)
    return file.getvalue()


def dataset(source: str) -> Dataset:
    x, y = np.zeros((2, 784), np.float32), np.array([0, 1])
    return Dataset("toy", x, y, x, y, ("a", "b"), source=source, note=f"the {source} toy")


def read_toy(content: bytes) -> Dataset:
    """A reader like those of the real data, for a file of a hundred bytes."""
    check_array("x", read_npz(content, ("x",), limit=1000)["x"], (3,), "i")
    check_content("x", [read_npz(content, ("x",), limit=1000)["x"].tobytes()], TOY_SHA256)
    return dataset("real")


TOY = npz(x=np.arange(3))
TOY_SHA256 = "ab25350e3e65efebe24584461683ecda68725576e825e550038b90e7b1479946"
WRONG = npz(x=np.arange(1, 4))


REAL_DATA = Path(os.environ.get("COURSE_DATA", ""))
real = pytest.mark.skipif(
    not (REAL_DATA / "mnist.npz").is_file(), reason="COURSE_DATA names no folder with mnist.npz"
)


class Answers(BaseHTTPRequestHandler):
    """Answers by the name that is asked for."""

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
    """Hands out the files of a folder."""

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
    with serving(Answers) as address:
        yield address


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A computer with nothing on it."""
    for variable in ("COURSE_DATA", "COURSE_DATA_URL", "KERAS_HOME", "SCIKIT_LEARN_DATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    sources.clear_memory()
    yield tmp_path
    sources.clear_memory()


def toy(
    source: str | None = None,
    *,
    address: str = "",
    cached: Path | None = None,
    download: bool = False,
) -> Dataset:
    original = OriginalData(
        "TOY",
        "real",
        read_toy,
        "toys/toy.npz",
        address,
        (lambda: cached) if cached else None,
        "Lib",
    )
    embedded = FallbackData("spare", lambda: dataset("spare"))
    return sources.load("toy", original, embedded, source, download=download)


def own_cache() -> Path:
    return cache_folder() / "real.bin"


def files_below(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_download_is_checked_kept_and_found_again(
    server: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = toy(address=f"{server}/toy.npz", download=True)
    assert found.note == f"the real toy, downloaded from {server}/toy.npz"
    out, err = capsys.readouterr()
    assert "TOY" in out  # the progress bar
    assert "100%" in out
    assert err == ""
    assert own_cache().read_bytes() == TOY
    assert files_below(home / "cache") == ["real.bin"]
    assert toy(address=f"{server}/gone", download=True) is found  # there is no second download
    sources.clear_memory()
    assert toy().note == "the real toy, from the course's own cache"


def test_without_being_asked_nothing_is_downloaded(
    monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise AssertionError("no download was asked for")

    monkeypatch.setattr(sources, "fetch", fail)
    assert toy(address=f"{server}/toy.npz").source == "spare"


def test_a_mirror_is_asked_in_the_layout_of_course_data(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_DATA_URL", f"{server}/mirror/")
    found = toy(address="http://example.invalid/toy.npz", download=True)
    assert found.note == f"the real toy, downloaded from {server}/mirror/toys/toy.npz"


BAD_ANSWERS = {
    "gone": "the server says 404 Not Found",
    "page": "a web page came, not the file",
    "half": "the download broke off after",
    "half_without_length": "damaged",
    "wrong": "x is not the original",
    "huge": "10,000,000,000 bytes are offered; 64,000,000 at most are right",
    "nothing": "the connection failed",
    "gibberish": "the connection failed",
    "elsewhere": "the server says 302",
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_a_failed_download_gives_the_default_and_one_line_and_leaves_nothing(
    name: str, server: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"{server}/{name}.npz"
    found = toy(address=address, download=True)
    assert found.source == "spare"
    assert f"Why not TOY: {address}: " in found.note
    assert BAD_ANSWERS[name] in found.note
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == found.note
    assert err == ""
    assert files_below(home) == []
    with pytest.raises(data.DataError, match=f"TOY cannot be had: {re.escape(address)}"):
        toy("real", address=address, download=True)


def test_offline_is_said_in_one_line() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as closed:
        address = f"http://127.0.0.1:{closed.server_port}/toy.npz"
    found = toy(address=address, download=True)
    assert f"{address}: cannot be reached (Connection refused)" in found.note


def test_a_bad_own_copy_is_replaced_by_the_next_download(server: str) -> None:
    save(own_cache(), TOY[:50])
    assert toy().source == "spare"
    assert toy(address=f"{server}/toy.npz", download=True).source == "real"
    sources.clear_memory()
    assert toy().note == "the real toy, from the course's own cache"


def test_an_unwritable_cache_does_not_lose_the_download(
    server: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "blocked").write_text("a file where a folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "blocked"))
    found = toy(address=f"{server}/toy.npz", download=True)
    assert found.source == "real"
    assert "downloaded, but not kept: " in found.note
    assert "cannot be written (" in found.note
    assert capsys.readouterr().out.splitlines()[-1] == found.note
    assert np.shares_memory(toy("real").x_train, found.x_train)  # in memory it stays


def test_a_full_disk_leaves_no_half_written_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(home / "kept.bin", b"before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(data.DataError, match=r"kept.bin: cannot be written \(No space left"):
        save(home / "kept.bin", b"after")
    assert (home / "kept.bin").read_bytes() == b"before"
    assert files_below(home) == ["kept.bin"]


def test_a_folder_without_write_permission_says_so(home: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("the administrator may write everywhere")
    (home / "shut").mkdir()
    (home / "shut").chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(data.DataError, match="Permission denied"):
        save(home / "shut" / "file.bin", b"x")


def test_fetch_takes_files_of_unknown_length_up_to_its_limit(server: str) -> None:
    assert fetch(f"{server}/without_length", limit=1000) == TOY
    with pytest.raises(data.DataError, match="more than 1,000 bytes"):
        fetch(f"{server}/endless", limit=1000)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "mnist.npz", "http://", "http://a b/c"])
def test_fetch_refuses_what_is_no_web_address(address: str) -> None:
    with pytest.raises(data.DataError, match=r"must begin with http|connection failed|be reached"):
        fetch(address, limit=1000)


def test_an_interrupted_download_leaves_nothing(
    server: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("course.data.download._read", stop)
    with pytest.raises(KeyboardInterrupt):
        toy(address=f"{server}/toy.npz", download=True)
    assert files_below(home) == []


@real
@pytest.mark.parametrize("load", [data.digits, data.faces, data.news])
def test_the_real_functions_download_from_a_mirror(
    load: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = partial(Files, directory=str(REAL_DATA))
    with serving(handler) as address:
        monkeypatch.setenv("COURSE_DATA_URL", address)
        found = load(download=True)
    assert f"downloaded from {address}/" in found.note
    sources.clear_memory()
    assert load().note.endswith("from the course's own cache")
