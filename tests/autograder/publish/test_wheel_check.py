"""The wheel and the source archive hold the course and nothing of the instructor's."""

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

from autograder import student_text
from autograder.publish import answer_leaks, wheel_check

COURSE = Path(__file__).resolve().parents[3]
EXPLANATION = "It draws its hidden units by chance, again and again."
SECRETS = [answer_leaks.Secret(answer_leaks.EXPLANATION, EXPLANATION, "dice")]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("dist")
    for target in ("wheel", "sdist"):
        command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
        subprocess.run(command, cwd=COURSE, check=True, capture_output=True)
    (wheel,), (archive,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": archive}


def course_secrets() -> list[answer_leaks.Secret]:
    notebooks = [
        nbformat.read(path, as_version=nbformat.NO_CONVERT)
        for path in sorted(COURSE.glob("source/*/*.ipynb"))
    ]
    return [secret for nb in notebooks for secret in answer_leaks.find_secrets(nb)]


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_the_package_holds_only_the_course(built: dict[str, Path], kind: str) -> None:
    secrets = course_secrets()
    assert {secret.kind for secret in secrets} == {
        answer_leaks.EXPLANATION,
        answer_leaks.HINT,
        student_text.HIDDEN_TEST,
        answer_leaks.KEY,
        answer_leaks.RIGHT_OPTION,
        student_text.SOLUTION,
    }
    assert wheel_check.check_package(built[kind], secrets) == []


def test_the_wheel_holds_the_lab_extension_and_the_server_extension(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["wheel"]) as file:
        names = "\n".join(file.namelist())
    assert "share/jupyter/labextensions/autoencoder-course/package.json" in names
    assert "etc/jupyter/jupyter_server_config.d/autoencoder-course.json" in names
    assert "course/quiz/text.py" in names
    assert "share/jupyter/autoencoder-course/lessons/01-intro/intro.ipynb" in names
    assert "answers" not in names


def with_file(package: Path, folder: Path, name: str, content: bytes) -> Path:
    """Copy the package and add one file."""
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
        "release/01-intro/intro.md",
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
def test_an_unlisted_file_is_found(
    built: dict[str, Path], tmp_path: Path, kind: str, name: str
) -> None:
    package = with_file(built[kind], tmp_path, name, b"x")
    (problem,) = wheel_check.check_package(package, [])
    assert problem == f"{name!r} is not on the list of allowed files"


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (f"# {EXPLANATION}\n".encode(), "contains an explanation of cell 'dice'"),
        (b"### BEGIN HIDDEN TESTS\n", "contains the marker 'BEGIN HIDDEN TESTS'"),
        (bytes(wheel_check.MAX_FILE_BYTES + 1), "has 1,048,577 bytes, more than 1,048,576"),
    ],
    ids=["explanation", "hidden tests", "size"],
)
def test_forbidden_content_of_a_listed_file_is_found(
    built: dict[str, Path], tmp_path: Path, kind: str, content: bytes, problem: str
) -> None:
    package = with_file(built[kind], tmp_path, "course/more.py", content)
    (message,) = wheel_check.check_package(package, SECRETS)
    assert message.startswith("'course/more.py' ")
    assert problem in message


@pytest.mark.parametrize("name", ["02-new/new.ipynb", "01-intro/intro.ipynb"])
def test_a_lesson_that_is_not_a_copy_of_the_release_is_found(
    built: dict[str, Path], tmp_path: Path, name: str
) -> None:
    package = with_file(built["sdist"], tmp_path, f"release/{name}", b"{}")
    problems = wheel_check.check_package(package, [])
    assert f"'release/{name}' is not a copy of release/{name}" in problems


def test_other_entry_points_are_found(built: dict[str, Path], tmp_path: Path) -> None:
    package = tmp_path / built["wheel"].name
    with zipfile.ZipFile(built["wheel"]) as old, zipfile.ZipFile(package, "w") as new:
        (name,) = [entry for entry in old.namelist() if entry.endswith("/entry_points.txt")]
        for entry in old.namelist():
            more = b"[gui_scripts]\nrun = course.key:main\n" if entry == name else b""
            new.writestr(entry, old.read(entry) + more)
    (problem,) = wheel_check.check_package(package, [])
    assert problem == f"{name!r} has entry points other than the command and the digit page"


def test_a_link_in_the_archive_is_found(built: dict[str, Path], tmp_path: Path) -> None:
    package = with_file(built["sdist"], tmp_path, "course/more.py", b"")
    top = package.name.removesuffix(".tar.gz")
    with tarfile.open(tmp_path / "other.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo(f"{top}/course/link.py")
        entry.type, entry.linkname = tarfile.SYMTYPE, "../../source/key.py"
        archive.addfile(entry)
    other = (tmp_path / "other.tar.gz").replace(package)
    assert wheel_check.check_package(other, []) == ["'course/link.py' is not a regular file"]


def test_a_duplicate_name_and_a_large_package_are_found(tmp_path: Path) -> None:
    package = tmp_path / "autoencoder_course-0.1.0.tar.gz"
    with tarfile.open(package, "w:gz") as archive:
        for _ in range(13):
            entry = tarfile.TarInfo("autoencoder_course-0.1.0/course/large.py")
            entry.size = wheel_check.MAX_FILE_BYTES
            archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    assert wheel_check.check_package(package, []) == [
        "'course/large.py' appears 13 times",
        f"{package.name} unpacks to 13,631,488 bytes, more than 12,582,912",
    ]


def test_other_file_types_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must be a \.whl or \.tar\.gz file, got 'course\.zip'"):
        wheel_check.check_package(tmp_path / "course.zip", [])
