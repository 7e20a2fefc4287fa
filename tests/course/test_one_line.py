"""The wheels alone, installed into a folder with a space: no clone, no make, no git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = shutil.which("uv") or shutil.which(ROOT / ".tools" / "bin" / "uv")
pytestmark = pytest.mark.slow
IMPORT_ALL = """
import builtins, importlib, pkgutil, sys
BLOCKED = set(sys.argv[1].split(","))
find = builtins.__import__
def find_unless_blocked(name, globals=None, locals=None, fromlist=(), level=0):
    importer = (globals or {}).get("__name__", "")
    if name.partition(".")[0] in BLOCKED and importer.startswith("course"):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return find(name, globals, locals, fromlist, level)
builtins.__import__ = find_unless_blocked
import course
names = [module.name for module in pkgutil.walk_packages(course.__path__, "course.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names))
"""


class Installed(NamedTuple):
    command: Path
    python: Path


def build(folder: Path, dist: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
    before = set(dist.iterdir())
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (wheel,) = set(dist.iterdir()) - before
    return wheel


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    dist = tmp_path_factory.mktemp("dist")
    return [build(ROOT, dist), build(ROOT / "selfstudy", dist)]


@pytest.fixture(scope="module")
def installed(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The course in an environment that takes its dependencies from this one."""
    if UV is None:
        pytest.skip("uv is missing; `make` fetches it")
    folder = tmp_path_factory.mktemp("any place") / "with a space"
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, folder], check=True)
    python = next(folder.glob("bin/python"))
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    install: list[str | Path] = [UV, "pip", "install", "-q", "--offline", "--no-deps"]
    subprocess.run([*install, "--python", python, *wheels], check=True)
    return Installed(folder / "bin" / "autoencoders", python)


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=environment | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_answers_are_notebooks_of_their_own_wheel(wheels: list[Path]) -> None:
    lessons = sorted(path.relative_to(ROOT / "source") for path in ROOT.glob("source/*/*.ipynb"))
    with zipfile.ZipFile(wheels[1]) as file:
        answers = [name for name in file.namelist() if ".dist-info/" not in name]
    prefix = f"{wheels[1].name.split('-py3')[0]}.data/data/share/jupyter/autoencoder-course/answers"
    assert sorted(answers) == [f"{prefix}/{lesson.as_posix()}" for lesson in lessons]


def test_the_command_checks_an_installation_without_a_clone(
    installed: Installed, tmp_path: Path
) -> None:
    folder = tmp_path / "an empty folder"
    folder.mkdir()
    report = run(installed.command, "test", cwd=folder)
    assert "FAILED" not in report.replace("FAILED JupyterLab", "")
    count = len(list((ROOT / "source").glob("*/*.md")))
    assert f"ok     lessons: {count} notebooks" in report
    assert "with a space/share/jupyter/autoencoder-course/answers" in report
    assert list(folder.iterdir()) == []


def test_lab_copies_the_lessons_and_knows_the_answers(installed: Installed, tmp_path: Path) -> None:
    folder = tmp_path / "an empty folder"
    folder.mkdir()
    output = run(installed.command, "lab", "--show-config-json", cwd=folder)
    config = json.loads(output)
    assert config["ServerApp"]["root_dir"] == str(folder / "work")
    answers = Path(config["AnswerKeys"]["source"])
    assert (answers / "01-intro" / "intro.ipynb").is_file()
    assert (folder / "work" / "06-digit-canvas" / "digit-canvas.ipynb").is_file()


@pytest.mark.parametrize(
    "missing",
    ["fcntl,resource,pwd,grp,termios,pty", "tensorflow,keras"],
    ids=["posix", "tensorflow"],
)
def test_every_module_imports_without(installed: Installed, tmp_path: Path, missing: str) -> None:
    assert int(run(installed.python, "-c", IMPORT_ALL, missing, cwd=tmp_path)) > 100


def test_without_tensorflow_only_building_and_training_fail_and_say_so(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
from course import autoencoder
from course.autoencoder import frozen
print(frozen.digits().code_size)
try:
    autoencoder.build(784, 32, 4)
except ModuleNotFoundError as error:
    print(error)
"""
    code_size, message = run(sys.executable, "-c", code, cwd=tmp_path).splitlines()
    assert code_size == "30"
    assert message == (
        "TensorFlow is not installed, so networks can't be built or trained here. Everything else "
        "in the course works without it. To install it, run this in a terminal: "
        "autoencoders tensorflow"
    )
