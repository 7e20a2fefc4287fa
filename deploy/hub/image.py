"""The build context of the student image: a folder for repo2docker without answers.

Only what is listed here gets into the image. ``python -m deploy image FOLDER`` fills
the folder; ``repo2docker --image-name autoencoders-student FOLDER`` builds the image.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path
from typing import Final

from deploy.hub.settings import CHECKOUT

CONTENTS: Final = ("pyproject.toml", "README.md", "LICENSE", "course", "release")
_IGNORED: Final = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".*", "*.egg-info")
_POST_BUILD: Final = """\
#!/bin/sh
# repo2docker runs this last: install the hub's version and the settings of students.
set -eu
pip install --no-cache-dir "jupyterhub=={hub}"
mkdir -p "$NB_PYTHON_PREFIX/etc/jupyter"
cp -r student/. "$NB_PYTHON_PREFIX/etc/jupyter/"
"""


def build_context(folder: Path) -> None:
    """Fill an empty or new folder with everything the student image needs.

    Raises:
        FileExistsError: The folder isn't empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; choose a new folder for the image")
    folder.mkdir(parents=True, exist_ok=True)
    for name in CONTENTS:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=_IGNORED)
        else:
            shutil.copyfile(source, folder / name)
    (folder / "environment.yml").write_text(_student_environment(), encoding="utf-8")
    student = CHECKOUT / "deploy" / "student"
    shutil.copytree(student, folder / "student", ignore=_IGNORED)
    script = folder / "postBuild"
    script.write_text(_POST_BUILD.format(hub=_locked_version("jupyterhub")), encoding="utf-8")
    script.chmod(0o755)


def _student_environment() -> str:
    """Return ``environment.yml`` without the packages that only a grader needs."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["grader"]
    names = {re.split(r"[\[<>=]", requirement)[0] for requirement in extra}
    excluded = tuple(f"- {name}" for name in names)
    lines = (CHECKOUT / "environment.yml").read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip().startswith(excluded))


def _locked_version(package: str) -> str:
    lock = (CHECKOUT / "requirements.txt").read_text(encoding="utf-8")
    match = re.search(rf"(?m)^{re.escape(package)}(?:\[[^\]]*\])?==([\w.]+)", lock)
    if not match:
        raise LookupError(f"{package} is not in requirements.txt; run make lock")
    return match[1]
