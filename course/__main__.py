"""The learner's commands.

``autoencoders lab`` opens the start page in JupyterLab, ``autoencoders serve`` starts the digit
canvas, ``autoencoders page`` writes it as static files, ``autoencoders validate NOTEBOOK`` reports
what Validate does, ``autoencoders tensorflow`` installs TensorFlow, and ``autoencoders test``
checks the installation. ``python -m course`` is the same command.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from course import locate, self_test, tensorflow_install, update
from course.deployment import serve
from course.handout import hand_out
from course.wording import to_sentence

LAB_WITH_HOME: Final = "/course/lab"  # see `course.server.home_handlers`


def lab_command(root: Path, work: Path, *, browser: bool, more: list[str]) -> list[str]:
    """Return the command that opens the start page in JupyterLab, with the lessons in ``work``.

    The folder ``source/`` in ``root``, or the installed answers, hold the keys for Check.

    Example:
        >>> lab_command(Path("."), Path("work"), browser=False, more=[])[1:4]
        ['-m', 'jupyterlab', '--no-browser']
    """
    command = [sys.executable, "-m", "jupyterlab"]
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # usually in a container; Jupyter refuses otherwise
    command.append(f"--ServerApp.root_dir={work.resolve()}")
    command.append(f"--LabApp.default_url={LAB_WITH_HOME}")
    # Otherwise each kernel warns in the terminal that its messages aren't encrypted.
    command.append("--KernelManager.transport_encryption=auto")
    command.append("--TensorFlowInstall.enabled=True")
    source = locate.answers(root)
    if source:
        command.append(f"--AnswerKeys.source={source}")
    return command + more


def lab_environment() -> dict[str, str]:
    """Return the environment for JupyterLab on a learner's own machine.

    Example:
        >>> lab_environment()["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
        True

    In its terminal, ``python`` is the one with the course. The tools of instructors, which would
    find no class here, and the news are switched off.
    """
    first = {
        "PATH": str(Path(sys.executable).parent),
        "JUPYTER_CONFIG_PATH": str(Path(__file__).parent / "server" / "learner"),
    }
    return os.environ | {
        name: os.pathsep.join(filter(None, [path, os.environ.get(name)]))
        for name, path in first.items()
    }


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the learner's commands.

    Example:
        >>> make_parser().parse_args(["test"]).command
        'test'
    """
    parser = argparse.ArgumentParser(prog="autoencoders", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=summary, description=to_sentence(summary))

    lab = add("lab", "copy the lessons to `work` and open JupyterLab; accepts its options, too")
    lab.add_argument("--no-browser", action="store_true", help="only print the address")
    lab.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder")
    lab.add_argument("--work", type=Path, help="the learner's folder; default: ROOT/work")
    update.add_options(add("update", "bring lessons up to date and keep the answers in them"))
    serve.add_options(add("serve", "start the server of the digit canvas"))
    page = add("page", "write the digit canvas as static files")
    page.add_argument("folder", type=Path, metavar="FOLDER", help="the folder to write")
    validate = add("validate", "run a notebook and report on its exercises and questions")
    validate.add_argument("notebook", type=Path, metavar="NOTEBOOK", help="the notebook's file")
    validate.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder")
    add("tensorflow", "install TensorFlow, which cells that train networks need")
    test = add("test", "check the installation and say what is missing")
    test.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Run a command; ``lab`` updates the learner's lessons and is then replaced by JupyterLab."""
    parser = make_parser()
    chosen, more = parser.parse_known_args(arguments)
    if chosen.command != "lab" and more:
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    if chosen.command == "serve":
        serve.run(chosen)
    elif chosen.command == "page":
        from course.deployment import static_page

        static_page.write(chosen.folder)
    elif chosen.command == "update":
        update.run(chosen)
    elif chosen.command == "validate":
        from course.server import validate as validation  # imports nbgrader and Jupyter's server

        sys.exit(validation.print_report(chosen.notebook, locate.answers(chosen.root)))
    elif chosen.command == "tensorflow":
        _install_tensorflow()
    elif chosen.command == "test":
        sys.exit(self_test.main(chosen.root))
    else:
        _open_lab(chosen, more)


def _install_tensorflow() -> None:
    if tensorflow_install.is_importable():
        print("TensorFlow is already installed.")
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to end what it has started, too
    try:
        tensorflow_install.install()
    except tensorflow_install.InstallError as error:
        sys.exit(f"TensorFlow was not installed. {error}")
    print("TensorFlow is installed.")


def _open_lab(chosen: argparse.Namespace, more: list[str]) -> None:
    """Update the learner's lessons and become JupyterLab."""
    work = chosen.work or chosen.root / "work"
    try:
        lessons = locate.lessons(chosen.root)
        messages = hand_out(lessons, work)
    except OSError as error:
        sys.exit(f"Couldn't copy the lessons to {work}: {error}")
    for message in messages:
        print(message)
    sys.stdout.flush()
    more = [f"--Updates.lessons={lessons.resolve()}", *more]
    command = lab_command(chosen.root, work, browser=not chosen.no_browser, more=more)
    if os.name == "nt":  # there, `execve` splits arguments at spaces and leaves the terminal
        sys.exit(subprocess.call(command, env=lab_environment()))  # noqa: S603  (our command)
    os.execve(command[0], command, lab_environment())  # noqa: S606  (no shell involved)


if __name__ == "__main__":
    main()
