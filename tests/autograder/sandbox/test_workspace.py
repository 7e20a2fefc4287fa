from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

from autograder.sandbox.limits import MB
from autograder.sandbox.workspace import pack


def test_archive_holds_plain_files_and_no_notebooks(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (folder := tmp_path / "folder").mkdir()
    (folder / "lesson.IPYNB").write_text("{}")
    (folder / "data.csv").write_text("1,2")
    (folder / "large.bin").write_bytes(bytes(3 * MB))
    (folder / "link").symlink_to(secret)
    (folder / "-rf ~ \n\x1b[31m").write_text("an awkward name")
    (folder / "deep").mkdir()
    (folder / "deep" / "helper.py").write_text("x = 1")
    (folder / "deep" / "other.ipynb").write_text("{}")
    os.mkfifo(folder / "pipe")
    file = io.BytesIO()
    assert pack(folder, file, max_bytes=MB) == ["./large.bin"]
    with tarfile.open(fileobj=file) as archive:
        assert sorted(archive.getnames()) == [
            *("./-rf ~ \n\x1b[31m", "./data.csv", "./deep", "./deep/helper.py", "./link"),
        ]
        assert archive.getmember("./link").issym()
    assert b"secret" not in file.getvalue().replace(str(secret).encode(), b"")
