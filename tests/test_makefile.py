"""What `make` installs: little for learners, everything for everybody else."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone without an environment."""
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-lab.txt"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "uv").touch()
    return tmp_path


def plan(clone: Path, *targets: str) -> str:
    """Return the commands that `make` would run."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--dry-run", "UV=uv", *targets]
    return subprocess.run(
        command, cwd=clone, env=variables, check=True, capture_output=True, text=True
    ).stdout


def test_lab_installs_only_what_a_learner_needs(clone: Path) -> None:
    commands = plan(clone, "lab")
    assert commands.index("uv venv") < commands.index("--require-hashes -r requirements-lab.txt")
    assert "requirements.txt" not in commands
    assert "--compile-bytecode" not in commands
    assert "-m course lab" in commands


@pytest.mark.parametrize("target", ["install", "build", "style", "hub", "book", "lite"])
def test_other_commands_install_everything(clone: Path, target: str) -> None:
    commands = plan(clone, target)
    assert "--require-hashes -r requirements.txt" in commands
    assert "requirements-lab.txt" not in commands


def test_each_road_finds_what_the_other_has_installed(clone: Path) -> None:
    (clone / ".venv").mkdir()
    (clone / ".venv" / "pyvenv.cfg").touch()
    (clone / ".venv" / "lab-ready").touch()
    assert "pip install" not in plan(clone, "lab")
    assert "-r requirements.txt" in plan(clone, "install")
    assert "touch .venv/ready .venv/lab-ready" in plan(clone, "install")


@pytest.mark.parametrize("has_pip", [True, False])
def test_uv_is_fetched_with_or_without_pip_beside_python(clone: Path, has_pip: bool) -> None:
    pip = clone / "pip"
    pip.write_text(
        '#!/bin/sh\n[ "$1" = --version ] || { mkdir -p .tools/bin; touch .tools/bin/uv; }\n'
    )
    python = clone / "python"
    python.write_text(f"""#!/bin/sh
case "$2" in
    pip) shift 2; {'exec ./pip "$@"' if has_pip else "exit 1"} ;;
    venv) mkdir -p "$3/bin" && cp pip "$3/bin/pip" ;;
esac
""")
    for program in (pip, python):
        program.chmod(0o755)
    command = ["make", "PYTHON=./python", ".tools/bin/uv"]
    subprocess.run(command, cwd=clone, check=True, capture_output=True)
    assert (clone / ".tools" / "bin" / "uv").exists()
    assert (clone / ".tools" / "pip").exists() != has_pip
