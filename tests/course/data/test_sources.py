"""The choice of a data source, and the handling of bad files."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from course import data
from course.data.dataset import Dataset
from course.data.download import save
from tests.course.data.toys import (
    REAL_DATA,
    TOY,
    WRONG,
    files_below,
    load_toy,
    needs_real_data,
    npz,
    own_cache,
    read_toy,
)

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("home")


def test_without_a_copy_the_fallback_is_loaded_with_a_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    loaded = load_toy(url="http://example.invalid/toy.npz")
    assert loaded.source == "spare"
    assert loaded.note == (
        'the spare toy. TOY was not used: no copy on this computer; data.toy("real", '
        "download=True) downloads one."
    )
    assert "COURSE_DATA" in load_toy().note  # without a public download
    assert capsys.readouterr() == ("", "")


def test_course_data_comes_before_the_librarys_cache_and_our_own(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(own_cache(), TOY)
    assert load_toy().note == "the real toy, from the course's own cache"
    save(home / "lib" / "toy.npz", TOY)
    assert load_toy(cached=home / "lib" / "toy.npz").note == "the real toy, from Lib's cache"
    save(home / "mine" / "toys" / "toy.npz", TOY)
    monkeypatch.setenv("COURSE_DATA", str(home / "mine"))
    loaded = load_toy(cached=home / "lib" / "toy.npz")
    assert loaded.note == "the real toy, from the folder COURSE_DATA"


def test_a_second_call_reads_nothing(home: Path) -> None:
    save(own_cache(), TOY)
    first = load_toy()
    assert load_toy() is first
    assert load_toy("real") is first
    status = own_cache().stat()
    own_cache().write_bytes(b"\0" * len(TOY))
    os.utime(own_cache(), ns=(status.st_atime_ns, status.st_mtime_ns))
    assert load_toy() is first  # same size, same time: not read again
    assert files_below(home / "cache") == ["real.bin"]


def test_a_file_added_later_is_used() -> None:
    assert load_toy().source == "spare"
    save(own_cache(), TOY)
    assert load_toy().source == "real"


def test_the_fallback_can_be_required() -> None:
    save(own_cache(), TOY)
    loaded = load_toy("spare", download=True)
    assert (loaded.source, loaded.note) == ("spare", "the spare toy")


@pytest.mark.parametrize("load", [data.digits, data.faces, data.news])
def test_an_unknown_source_names_the_known_ones(load: Callable[[str], Dataset]) -> None:
    with pytest.raises(
        data.DataError, match=r"unknown source 'x'; choose '\w+' or '\w+', or leave"
    ):
        load("x")


def test_requiring_missing_data_says_how_to_get_it() -> None:
    with pytest.raises(
        data.DataError, match=r'MNIST is not available: no copy .*"mnist", download'
    ):
        data.digits("mnist")
    with pytest.raises(data.DataError, match=r"put reuters.npz into the folder COURSE_DATA"):
        data.news("reuters")
    with pytest.raises(data.DataError, match=r"no public download; .* COURSE_DATA_URL"):
        data.news("reuters", download=True)


def test_the_data_functions_use_the_fallbacks_without_a_network() -> None:
    assert data.digits().source == "bundled"
    assert data.faces().source == "drawn"
    assert data.news().source == "written"
    assert "MNIST was not used" in data.digits().note


@needs_real_data
def test_data_functions_find_the_caches_of_keras_and_scikit_learn(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".keras" / "datasets").mkdir(parents=True)
    (home / ".keras" / "datasets" / "mnist.npz").symlink_to(REAL_DATA / "mnist.npz")
    assert data.digits().note == "MNIST, from Keras's cache"
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(REAL_DATA / "scikit_learn_data"))
    assert data.faces().note.endswith("from scikit-learn's cache")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged"),
        (b"not a zip", "damaged"),
        (TOY[:-10], "damaged"),
        (TOY[:60] + b"\xff\xff\xff" + TOY[63:], "damaged"),
        (npz(y=np.arange(3)), "lacks x"),
        (
            npz(x=np.arange(4)),
            "x must have the shape (3,) and a dtype of kind 'i', got (4,) of int64",
        ),
        (npz(x=np.arange(3.0)), "got (3,) of float64"),
        (npz(x=np.zeros(10_000)), "too large when unpacked: 80,128 bytes, at most 1,000"),
        (npz(x=np.array([1, None, 2], dtype=object)), "damaged"),  # a pickle: never opened
        (WRONG, "x is not the original: its SHA-256 differs"),
    ],
)
def test_a_bad_file_leads_to_the_fallback_and_a_one_line_message(
    content: bytes,
    message: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    save(home / "toys" / "toy.npz", content)
    monkeypatch.setenv("COURSE_DATA", str(home))
    loaded = load_toy()
    assert loaded.source == "spare"
    assert message in loaded.note
    assert load_toy() is loaded
    out, err = capsys.readouterr()
    assert out == f"{loaded.note}\n"  # one line, once
    assert err == ""
    with pytest.raises(data.DataError) as error:
        load_toy("real")
    assert message in str(error.value)


def test_a_bad_file_is_skipped_in_favor_of_a_good_one(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(home / "toys" / "toy.npz", b"bad")
    monkeypatch.setenv("COURSE_DATA", str(home))
    save(own_cache(), TOY)
    loaded = load_toy()
    assert loaded.source == "real"
    assert "toy.npz: damaged" in loaded.note
    assert capsys.readouterr().out == f"{loaded.note}\n"


def test_a_file_missing_from_course_data_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COURSE_DATA", str(home / "nowhere"))
    loaded = load_toy()
    assert f"{home / 'nowhere' / 'toys' / 'toy.npz'} does not exist" in loaded.note
    assert capsys.readouterr().out.count("\n") == 1
    monkeypatch.setenv("COURSE_DATA", "  ")  # empty means not set
    assert "does not exist" not in load_toy().note


def test_a_folder_in_place_of_the_file_is_ignored() -> None:
    own_cache().mkdir(parents=True)
    assert load_toy().source == "spare"


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_an_unreadable_file_is_reported() -> None:
    save(own_cache(), TOY)
    own_cache().chmod(0)
    assert "cannot be read (Permission denied)" in load_toy().note


def test_a_failed_read_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    save(own_cache(), TOY)

    def fail(_: Path) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert "real.bin cannot be read (Input/output error)" in load_toy().note


def test_an_absurdly_large_file_is_not_read() -> None:
    save(own_cache(), b"")
    os.truncate(own_cache(), 10**9)
    assert "is too large: 1,000,000,000 bytes, at most 64,000,000" in load_toy().note


def test_every_changed_byte_is_detected() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        content = bytearray(TOY)
        content[rng.integers(len(content))] ^= int(rng.integers(1, 256))
        try:
            read_toy(bytes(content))
        except data.DataError:
            continue
        assert np.load(io.BytesIO(content))["x"].tolist() == [0, 1, 2]  # a byte without meaning
