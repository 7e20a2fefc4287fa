"""Check an installation: what works on this computer, and what is missing.

Example:
    >>> [check.name for check in run_checks(root=Path.cwd())][:3]
    ['Python', 'lessons', 'answers']
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from course import locate, tensorflow_install


@dataclass(frozen=True)
class InstallationCheck:
    """The result of one check.

    Attributes:
        name: What was checked.
        finding: What was found, and what to do if it is not enough.
        passed: False if a lesson can't work like this.
    """

    name: str
    finding: str
    passed: bool = True

    def __str__(self) -> str:
        """One line for the terminal."""
        return f"{'ok' if self.passed else 'FAILED':6} {self.name}: {self.finding}"


def run_checks(root: Path) -> Iterator[InstallationCheck]:
    """Yield what works with the course's files in ``root`` or with the installed ones."""
    yield InstallationCheck("Python", f"{platform.python_version()} on {platform.system()}")
    for name, check in (
        ("lessons", lambda: _lessons(root)),
        ("answers", lambda: _answers(root)),
        ("digits", _digits),
        ("digit canvas", _digit_canvas),
        ("JupyterLab", _lab_extension),
        ("TensorFlow", _tensorflow),
    ):
        yield _run_check(name, check)


def _run_check(name: str, check: Callable[[], str]) -> InstallationCheck:
    try:
        return InstallationCheck(name, check())
    except Exception as error:  # noqa: BLE001  (whatever is wrong here is what the command reports)
        return InstallationCheck(name, f"{type(error).__name__}: {error}", passed=False)


def _lessons(root: Path) -> str:
    folder = locate.lessons(root)
    return f"{len(list(folder.glob('*/*.ipynb')))} notebooks in {folder}"


def _answers(root: Path) -> str:
    folder = locate.answers(root)
    if folder is None:
        return (
            "not installed; questions save what you choose, but can't be checked. "
            "For self-study, install autoencoder-course[self-study]"
        )
    return f"in {folder}"


def _digits() -> str:
    from course import data

    digits = data.digits("bundled")
    return f"{len(digits.x_train):,} for training and {len(digits.x_test):,} for tests"


def _digit_canvas() -> str:
    from course import drawing
    from course.deployment import scoring

    names = [str(digit) for digit in range(10)]
    read = [
        str(scoring.read_digits(drawing.preprocess(drawing.stored()[name].rgba).vector)[0].digit)
        for name in names
    ]
    if read != names:
        raise RuntimeError(f"the drawings {', '.join(names)} are read as {', '.join(read)}")
    return "reads its ten stored drawings"


def _lab_extension() -> str:
    import jupyterlab
    from jupyter_core.paths import jupyter_path

    folders = [Path(folder) for folder in jupyter_path("labextensions", "autoencoder-course")]
    if not any((folder / "package.json").is_file() for folder in folders):
        raise RuntimeError("the course's extension is missing; install the course again")
    return f"{jupyterlab.__version__} with the course's extension"


def _tensorflow() -> str:
    if tensorflow_install.is_importable():
        return "installed"
    if not tensorflow_install.is_available():
        return f"not installed. {tensorflow_install.UNAVAILABLE}"
    return (
        "not installed yet; cells that train networks need it. `autoencoders lab` installs it "
        f"in the background, `{tensorflow_install.COMMAND}` at once"
    )


def main(root: Path) -> int:
    """Print each check; return the command's exit code."""
    passed = True
    for check in run_checks(root):
        print(check)
        sys.stdout.flush()
        passed &= check.passed
    return 0 if passed else 1
