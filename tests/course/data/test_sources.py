"""Which source the data come from, in which order, and what a bad file leads to."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from course import data
from course.data import sources
from course.data.dataset import Dataset
from course.data.download import save
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


def test_nothing_there_gives_the_embedded_data_and_says_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = toy(address="http://example.invalid/toy.npz")
    assert found.source == "spare"
    assert found.note == (
        'the spare toy. Why not TOY: no copy on this computer; data.toy("real", download=True) '
        "gets one."
    )
    assert "COURSE_DATA" in toy().note  # where there is no address to download from
    assert capsys.readouterr() == ("", "")


def test_course_data_comes_first_then_the_librarys_cache_then_ours(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(own_cache(), TOY)
    assert toy().note == "the real toy, from the course's own cache"
    save(home / "lib" / "toy.npz", TOY)
    assert toy(cached=home / "lib" / "toy.npz").note == "the real toy, from Lib's cache"
    save(home / "mine" / "toys" / "toy.npz", TOY)
    monkeypatch.setenv("COURSE_DATA", str(home / "mine"))
    found = toy(cached=home / "lib" / "toy.npz")
    assert found.note == "the real toy, from the folder COURSE_DATA"


def test_a_second_call_reads_nothing(home: Path) -> None:
    save(own_cache(), TOY)
    first = toy()
    assert toy() is first
    assert toy("real") is first
    status = own_cache().stat()
    own_cache().write_bytes(b"\0" * len(TOY))
    os.utime(own_cache(), ns=(status.st_atime_ns, status.st_mtime_ns))
    assert toy() is first  # same size, same time: not read again
    assert files_below(home / "cache") == ["real.bin"]


def test_a_file_that_arrives_later_is_found() -> None:
    assert toy().source == "spare"
    save(own_cache(), TOY)
    assert toy().source == "real"


def test_embedded_data_can_be_insisted_on() -> None:
    save(own_cache(), TOY)
    found = toy("spare", download=True)
    assert (found.source, found.note) == ("spare", "the spare toy")


@pytest.mark.parametrize("load", [data.digits, data.faces, data.news])
def test_an_unknown_source_names_the_known_ones(load: Callable[[str], Dataset]) -> None:
    with pytest.raises(data.DataError, match=r"there is no 'x'; choose '\w+' or '\w+', or leave"):
        load("x")


def test_insisting_on_what_is_not_there_says_how_to_get_it() -> None:
    with pytest.raises(data.DataError, match=r'MNIST cannot be had: no copy .*"mnist", download'):
        data.digits("mnist")
    with pytest.raises(data.DataError, match=r"put reuters.npz into the folder COURSE_DATA"):
        data.news("reuters")
    with pytest.raises(data.DataError, match=r"no public address .* COURSE_DATA_URL"):
        data.news("reuters", download=True)


def test_the_real_functions_use_the_embedded_data_without_network() -> None:
    assert data.digits().source == "bundled"
    assert data.faces().source == "drawn"
    assert data.news().source == "written"
    assert "Why not MNIST" in data.digits().note


@real
def test_the_real_functions_find_what_keras_and_scikit_learn_have(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".keras" / "datasets").mkdir(parents=True)
    (home / ".keras" / "datasets" / "mnist.npz").symlink_to(REAL_DATA / "mnist.npz")
    assert data.digits().note == "MNIST, from Keras's cache"
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(REAL_DATA / "scikit_learn_data"))
    assert data.faces().note.endswith("from scikit-learn's cache")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged"),
        (b"not a zip", "damaged"),
        (TOY[:-10], "damaged"),
        (TOY[:60] + b"\xff\xff\xff" + TOY[63:], "damaged"),
        (npz(y=np.arange(3)), "holds no x"),
        (npz(x=np.arange(4)), r"x is (4,) of int64; (3,) of kind 'i' is right"),
        (npz(x=np.arange(3.0)), "x is (3,) of float64"),
        (npz(x=np.zeros(10_000)), "unpacks to 80,128 bytes; 1,000 at most"),
        (npz(x=np.array([1, None, 2], dtype=object)), "damaged"),  # a pickle: never opened
        (WRONG, "x is not the original: its SHA-256 differs"),
    ],
)
def test_a_bad_file_gives_the_default_and_one_line(
    content: bytes,
    words: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    save(home / "toys" / "toy.npz", content)
    monkeypatch.setenv("COURSE_DATA", str(home))
    found = toy()
    assert found.source == "spare"
    assert words in found.note
    assert toy() is found
    out, err = capsys.readouterr()
    assert out == f"{found.note}\n"  # one line, once
    assert err == ""
    with pytest.raises(data.DataError) as error:
        toy("real")
    assert words in str(error.value)


def test_a_bad_file_is_passed_over_for_a_good_one(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(home / "toys" / "toy.npz", b"bad")
    monkeypatch.setenv("COURSE_DATA", str(home))
    save(own_cache(), TOY)
    found = toy()
    assert found.source == "real"
    assert "toy.npz: damaged" in found.note
    assert capsys.readouterr().out == f"{found.note}\n"


def test_a_file_that_is_missing_from_course_data_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COURSE_DATA", str(home / "nowhere"))
    found = toy()
    assert f"there is no {home / 'nowhere' / 'toys' / 'toy.npz'}" in found.note
    assert capsys.readouterr().out.count("\n") == 1
    monkeypatch.setenv("COURSE_DATA", "  ")  # empty means not set
    assert "there is no" not in toy().note


def test_a_folder_in_place_of_a_file_is_no_file() -> None:
    own_cache().mkdir(parents=True)
    assert toy().source == "spare"


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_a_file_that_may_not_be_read_says_so() -> None:
    save(own_cache(), TOY)
    own_cache().chmod(0)
    assert "cannot be read (Permission denied)" in toy().note


def test_a_file_that_fails_while_read_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    save(own_cache(), TOY)

    def fail(_: Path) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert "real.bin cannot be read (Input/output error)" in toy().note


def test_a_file_of_absurd_size_is_not_read() -> None:
    save(own_cache(), b"")
    os.truncate(own_cache(), 10**9)
    assert "has 1,000,000,000 bytes; 64,000,000 at most are right" in toy().note


def test_no_flipped_byte_gets_through() -> None:
    lots = np.random.default_rng(0)
    for _ in range(300):
        content = bytearray(TOY)
        content[lots.integers(len(content))] ^= int(lots.integers(1, 256))
        try:
            read_toy(bytes(content))
        except data.DataError:
            continue
        assert np.load(io.BytesIO(content))["x"].tolist() == [0, 1, 2]  # a byte that says nothing
