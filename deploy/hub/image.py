"""What the student's image is built from: a folder for repo2docker that holds no answers.

An allow-list: what is not named here is not in the image. ``python -m deploy image FOLDER`` fills
the folder; ``repo2docker --image-name autoencoders-student FOLDER`` builds the image.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path
from typing import Final

from deploy.hub.settings import CHECKOUT

HELD: Final = ("pyproject.toml", "README.md", "LICENSE", "course", "release")
STUDENT: Final = "student"  # nbgrader's and Jupyter's settings for a student
_JUNK: Final = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", ".*", "*.egg-info")
_POST_BUILD: Final = """\
#!/bin/sh
# repo2docker runs this when the environment is there: the hub's version, and a student's settings.
set -eu
pip install --no-cache-dir "jupyterhub=={hub}"
mkdir -p "$NB_PYTHON_PREFIX/etc/jupyter"
cp -r student/. "$NB_PYTHON_PREFIX/etc/jupyter/"
"""


def prepare(folder: Path) -> None:
    """Fill a folder with all that a student's image needs.

    Args:
        folder: It must be empty, or not be there.

    Raises:
        FileExistsError: There is something in it.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; name a new folder for the image")
    folder.mkdir(parents=True, exist_ok=True)
    for name in HELD:
        original = CHECKOUT / name
        if original.is_dir():
            shutil.copytree(original, folder / name, ignore=_JUNK)
        else:
            shutil.copyfile(original, folder / name)
    (folder / "environment.yml").write_text(_student_environment(), encoding="utf-8")
    shutil.copytree(CHECKOUT / "deploy" / STUDENT, folder / STUDENT, ignore=_JUNK)
    script = folder / "postBuild"
    script.write_text(_POST_BUILD.format(hub=_locked("jupyterhub")), encoding="utf-8")
    script.chmod(0o755)


def _student_environment() -> str:
    """Return ``environment.yml`` without the packages that only a grader needs."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["grader"]
    names = {re.split(r"[\[<>=]", requirement)[0] for requirement in extra}
    names.add("tinycss2")  # what bleach[css] means
    lines = (CHECKOUT / "environment.yml").read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(
        line for line in lines if not line.lstrip().startswith(tuple(f"- {name}" for name in names))
    )


def _locked(package: str) -> str:
    """The version of a package that the course is locked to."""
    lock = (CHECKOUT / "requirements.txt").read_text(encoding="utf-8")
    found = re.search(rf"(?m)^{re.escape(package)}(?:\[[^\]]*\])?==([\w.]+)", lock)
    if not found:
        raise LookupError(f"{package} is not in requirements.txt; run make lock")
    return found[1]
