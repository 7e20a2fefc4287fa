"""The wheel and the source archive hold the course, and nothing of the instructor's rooms."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.publish import answer_leaks, wheel_check

COURSE = Path(__file__).resolve().parents[3]
EXPLANATION = "It draws its hidden units by chance, again and again."
KEPT = [answer_leaks.Secret(answer_leaks.EXPLANATION, EXPLANATION, "dice")]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("dist")
    for target in ("wheel", "sdist"):
        command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
        subprocess.run(command, cwd=COURSE, check=True, capture_output=True)
    (wheel,), (archive,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": archive}


def lessons() -> list[answer_leaks.Secret]:
    read = [
        nbformat.read(path, as_version=nbformat.NO_CONVERT)
        for path in sorted(COURSE.glob("source/*/*.ipynb"))
    ]
    return [secret for source in read for secret in answer_leaks.secrets(source)]


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_the_package_holds_nothing_but_the_course(built: dict[str, Path], kind: str) -> None:
    kept = lessons()
    assert {secret.kind for secret in kept} == {
        answer_leaks.EXPLANATION,
        answer_leaks.HIDDEN_TEST,
        answer_leaks.KEY,
        answer_leaks.RIGHT_OPTION,
        answer_leaks.SOLUTION,
    }
    assert wheel_check.check_package(built[kind], kept) == []


def test_the_wheel_brings_what_the_browser_and_the_server_need(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["wheel"]) as file:
        names = "\n".join(file.namelist())
    assert "share/jupyter/labextensions/autoencoder-course/package.json" in names
    assert "etc/jupyter/jupyter_server_config.d/autoencoder-course.json" in names
    assert "course/quiz/text.py" in names


def planted(package: Path, folder: Path, name: str, content: bytes) -> Path:
    """A copy of the package with one more file in it."""
    copy = folder / package.name
    if package.suffix == ".whl":
        shutil.copyfile(package, copy)
        with zipfile.ZipFile(copy, "a") as wheel:
            wheel.writestr(name, content)
        return copy
    with tarfile.open(package) as old, tarfile.open(copy, "w:gz") as new:
        for entry in old:
            new.addfile(entry, old.extractfile(entry))
        entry = tarfile.TarInfo(f"{package.name.removesuffix('.tar.gz')}/{name}")
        entry.size = len(content)
        new.addfile(entry, io.BytesIO(content))
    return copy


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.parametrize(
    "name",
    [
        "source/01-intro/intro.md",
        "release/01-intro/intro.ipynb",
        "autograder/publish/release_check.py",
        "tests/autograder/publish/test_release_check.py",
        "gradebook.db",
        "nbgrader_config.py",
        "course/key.md",
        "course/intro.ipynb",
        "course/assets/held_out.npz",
        "course/assets/held_out.npy",
        "course/.env",
        "course/.ipynb_checkpoints/rbm.py",
        "course/__pycache__/rbm.cpython-311.pyc",
        "course/../source/key.py",
        "/etc/key.py",
        "autoencoder_course-0.1.0.data/data/etc/jupyter/jupyter_server_config.d/other.json",
        "autoencoder_course-0.1.0.data/scripts/run",
        "autoencoder_course-0.1.0.dist-info/other.txt",
    ],
)
def test_a_file_that_is_not_listed_is_named(
    built: dict[str, Path], tmp_path: Path, kind: str, name: str
) -> None:
    package = planted(built[kind], tmp_path, name, b"x")
    (reason,) = wheel_check.check_package(package, [])
    assert reason == f"{name!r} is not on the list of what the package may hold"


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"# {EXPLANATION}\n".encode(), "holds an explanation of 'dice'"),
        (b"### BEGIN HIDDEN TESTS\n", "holds the mark 'BEGIN HIDDEN TESTS'"),
        (bytes(wheel_check.LARGEST_FILE + 1), "has 1,048,577 bytes; 1,048,576 are allowed"),
    ],
    ids=["explanation", "hidden tests", "size"],
)
def test_what_a_listed_file_may_not_hold_is_named(
    built: dict[str, Path], tmp_path: Path, kind: str, content: bytes, reason: str
) -> None:
    package = planted(built[kind], tmp_path, "course/more.py", content)
    (found,) = wheel_check.check_package(package, KEPT)
    assert found.startswith("'course/more.py' ")
    assert reason in found


def test_other_entry_points_are_named(built: dict[str, Path], tmp_path: Path) -> None:
    name = "autoencoder_course-0.1.0.dist-info/entry_points.txt"
    package = tmp_path / built["wheel"].name
    with zipfile.ZipFile(built["wheel"]) as old, zipfile.ZipFile(package, "w") as new:
        for entry in old.namelist():
            more = b"[console_scripts]\nrun = course.key:main\n" if entry == name else b""
            new.writestr(entry, old.read(entry) + more)
    (reason,) = wheel_check.check_package(package, [])
    assert reason == f"{name!r} starts something else than the digit page"


def test_a_link_in_the_archive_is_named(built: dict[str, Path], tmp_path: Path) -> None:
    package = planted(built["sdist"], tmp_path, "course/more.py", b"")
    top = package.name.removesuffix(".tar.gz")
    with tarfile.open(tmp_path / "other.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo(f"{top}/course/link.py")
        entry.type, entry.linkname = tarfile.SYMTYPE, "../../source/key.py"
        archive.addfile(entry)
    other = (tmp_path / "other.tar.gz").replace(package)
    assert wheel_check.check_package(other, []) == ["'course/link.py' is no plain file"]


def test_a_name_twice_and_a_package_too_large_are_named(tmp_path: Path) -> None:
    package = tmp_path / "autoencoder_course-0.1.0.tar.gz"
    with tarfile.open(package, "w:gz") as archive:
        for _ in range(13):
            entry = tarfile.TarInfo("autoencoder_course-0.1.0/course/large.py")
            entry.size = wheel_check.LARGEST_FILE
            archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    assert wheel_check.check_package(package, []) == [
        "'course/large.py' stands there 13 times",
        f"{package.name} unpacks to 13,631,488 bytes; 12,582,912 are allowed",
    ]


def test_only_packages_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"the course comes as \.whl or as \.tar\.gz"):
        wheel_check.check_package(tmp_path / "course.zip", [])
