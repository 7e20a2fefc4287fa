"""Archives of folders that change meanwhile."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.hub.tar_writer import TarWriter


def archive_in_memory(
    folder: Path, wanted: Callable[[str], bool] = lambda _: True
) -> tuple[TarWriter, tarfile.TarFile]:
    """Archive a folder as ``exchange``; return the writer and the archive, opened for reading."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        writer = TarWriter(archive, wanted)
        writer.folder(folder, "exchange")
    file.seek(0)
    return writer, tarfile.open(fileobj=file)


def test_links_are_archived_as_links_and_never_followed(tmp_path: Path) -> None:
    folder = tmp_path / "exchange"
    folder.mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("42")
    (folder / "folder").symlink_to(tmp_path / "secret")
    (folder / "key").symlink_to(tmp_path / "secret" / "key")
    os.mkfifo(folder / "pipe")
    writer, archive = archive_in_memory(folder)
    assert writer.digests == {}
    with archive:
        assert archive.getnames() == ["exchange", "exchange/folder", "exchange/key"]
        assert archive.getmember("exchange/folder").issym()
        assert archive.getmember("exchange/key").linkname == str(tmp_path / "secret" / "key")


@pytest.mark.parametrize("change", ["remove file", "remove folder", "replace by link"])
def test_what_vanishes_meanwhile_is_skipped(tmp_path: Path, change: str) -> None:
    folder = tmp_path / "exchange"
    (folder / "b").mkdir(parents=True)
    (folder / "a").write_text("stays")
    (folder / "b" / "c").write_text("vanishes")
    (folder / "d").write_text("stays")

    def wanted(name: str) -> bool:  # called after listing and before opening
        if change == "remove folder" and name == "exchange/b":
            shutil.rmtree(folder / "b")
        if change != "remove folder" and name == "exchange/b/c":
            (folder / "b" / "c").unlink()
            if change == "replace by link":
                (folder / "b" / "c").symlink_to("/etc/passwd")
        return True

    writer, archive = archive_in_memory(folder, wanted)
    assert set(writer.digests) == {"exchange/a", "exchange/d"}
    with archive:
        files = {member.name for member in archive.getmembers() if member.isfile()}
    assert files == set(writer.digests)
