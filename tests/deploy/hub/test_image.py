"""The student image: what it is built from, and that it holds no answers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from course import quiz
from deploy.hub import image
from deploy.hub.settings import CHECKOUT


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("image")
    image.build_context(folder)
    return folder


def test_it_holds_only_the_listed_files(context: Path) -> None:
    expected = {*image.CONTENTS, "environment.yml", "student", "postBuild"}
    assert {path.name for path in context.iterdir()} == expected
    files = {path.relative_to(context).as_posix() for path in context.rglob("*") if path.is_file()}
    tracked = set(
        subprocess.check_output(["git", "ls-files", "course", "release"], cwd=CHECKOUT, text=True)
        .replace(".gitkeep", "")
        .split()
    )
    assert tracked <= files
    for part in ("source/", "autograder", "gradebook", ".token", "keys.json", "tests/", ".git/"):
        assert not [name for name in files if part in name]


def test_its_environment_lacks_the_graders_packages(context: Path) -> None:
    full, student = (
        set((folder / "environment.yml").read_text(encoding="utf-8").splitlines())
        for folder in (CHECKOUT, context)
    )
    removed = {re.split(r"[ >]+", line.strip("- "))[0] for line in full - student}
    cryptography = {"cryptography", "pyjwt", "requests"}  # for grades over LTI
    assert removed == {"jupytext", "latex2mathml", "nh3", "python-dateutil"} | cryptography
    assert student < full
    assert any("tensorflow-cpu" in line for line in student)


def test_its_lessons_hold_no_answers(context: Path) -> None:
    lessons = sorted(context.glob("release/*/*.ipynb"))
    assert len(lessons) == len(list((CHECKOUT / "source").glob("*/*.md")))
    for path in lessons:
        text = path.read_text(encoding="utf-8")
        assert "BEGIN SOLUTION" not in text
        assert "HIDDEN TESTS" not in text
        assert not re.search(r"- \[x\]", text)


def test_no_file_holds_the_explanation_of_an_answer(context: Path) -> None:
    explanations = {
        option.explanation.splitlines()[0]
        for path in sorted((CHECKOUT / "source").glob("*/*.md"))
        for option in quiz.parse(path.read_text(encoding="utf-8")).options
        if len(option.explanation) > 30
    }
    assert len(explanations) > 20
    text = "\n".join(
        path.read_text(encoding="utf-8", errors="replace")
        for path in context.rglob("*")
        if path.is_file() and path.suffix in {".py", ".md", ".ipynb", ".js", ".json", ".yml"}
    )
    assert [explanation for explanation in explanations if explanation in text] == []


def test_it_installs_the_locked_version_of_jupyterhub(context: Path) -> None:
    script = (context / "postBuild").read_text()
    assert re.search(r'"jupyterhub==\d+\.\d+\.\d+"', script)
    assert os.access(context / "postBuild", os.X_OK)
    assert subprocess.run(["sh", "-n", str(context / "postBuild")], check=False).returncode == 0


def test_its_wheel_installs_the_course(context: Path, tmp_path: Path) -> None:
    """The wheel that pip builds from the folder works without this checkout."""
    folder, wheels, site = (tmp_path / name for name in ("folder", "wheels", "site"))
    shutil.copytree(context, folder)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(build, cwd=folder, check=True, capture_output=True)
    (wheel,) = wheels.iterdir()
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        opened.extractall(site)
    shared = [name.partition(".data/data/")[2] for name in names if ".data/data/" in name]
    assert "etc/jupyter/jupyter_server_config.d/autoencoder-course.json" in shared
    assert "share/jupyter/labextensions/autoencoder-course/package.json" in shared
    packages = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert packages == {"course", wheel.name.removesuffix("-py3-none-any.whl") + ".data"}
    script = "import course, course.quiz, course.server.keys as keys; print(course.__file__)"
    module = subprocess.check_output(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        text=True,
    )
    assert module.strip() == str(site / "course" / "__init__.py")


def test_a_folder_with_files_is_refused(context: Path) -> None:
    with pytest.raises(FileExistsError, match="is not empty"):
        image.build_context(context)
