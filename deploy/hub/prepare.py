"""Everything that must lie on the machine before the hub starts; done again, it changes nothing."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Final

from deploy.hub import accounts, mount_view, network
from deploy.hub.roles import students
from deploy.hub.settings import CHECKOUT, HubSettings

PROGRAMS: Final = {"bwrap": "bubblewrap", "node": "nodejs", "npm": "npm"}  # on Debian
PASSWORDS: Final = "passwords.txt"
_OWN: Final = '''"""Your changes to nbgrader's settings; the hub's own come first.

What can be set: nbgrader_config.py in the course's checkout.
"""

c = get_config()
'''


def programs() -> None:
    """Install the Debian packages that are missing.

    Raises:
        RuntimeError: They are missing and can't be installed.
    """
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise RuntimeError(f"please install {', '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    for command in (["apt-get", "update", "-qq"], install):
        _quietly(command, environment=environment)


def proxy() -> None:
    """Install configurable-http-proxy, as locked with hashes in ``deploy/proxy``."""
    lock = CHECKOUT / "deploy" / "proxy" / "package-lock.json"
    installed = network.PROXY / "installed-lock.json"
    if network.PROGRAM.exists() and installed.exists():
        if installed.read_bytes() == lock.read_bytes():
            return
        shutil.rmtree(network.PROXY)
    network.PROXY.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(lock.with_name(name), network.PROXY / name)
    _quietly(["npm", "ci", "--no-audit", "--no-fund", "--omit=dev"], folder=network.PROXY)
    shutil.copyfile(lock, installed)


def folders(settings: HubSettings) -> None:
    """Make the hub's folders, each with the rights that keep it from who should not enter."""
    grader = pwd.getpwnam(settings.grader)

    def folder(path: Path, mode: int, owner: int = 0, group: int = 0) -> None:
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, owner, group)
        path.chmod(mode)

    own = (grader.pw_uid, grader.pw_gid)
    folder(settings.state, 0o755)
    folder(settings.hub, 0o700)
    folder(settings.course_folder, 0o700, *own)
    folder(settings.feedback_folder, 0o700, *own)
    # The sticky bit: who may write here can still not rename or remove what is another's.
    folder(settings.exchange, 0o1777)
    course = settings.exchange / settings.course
    folder(course, 0o755, *own)
    folder(course / "outbound", 0o755, *own)
    folder(course / "inbound", 0o3733, *own)  # put in, but not look in
    folder(course / "feedback", 0o711, *own)  # read what you know the name of


def course(settings: HubSettings) -> None:
    """Give the instructor a course folder; what already lies in it stays as it is.

    Only the sources: what students get is generated from them, and the gradebook learns of an
    assignment by that.
    """
    source = settings.course_folder / "source"
    if not source.exists():
        unwanted = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")
        shutil.copytree(CHECKOUT / "source", source, ignore=unwanted)
        _hand_over(source, settings.grader)
    own = settings.course_folder / "nbgrader_config.py"
    if not own.exists():
        own.write_text(_OWN, encoding="utf-8")
        _hand_over(own, settings.grader)


def people(settings: HubSettings) -> dict[str, str]:
    """Make the accounts of the class; return the new ones' passwords.

    The passwords also stay in a file that only root can read.
    """
    accounts.make(settings.grader, settings.homes)
    new = [
        name for name in (*settings.instructors, *students(settings)) if not accounts.exists(name)
    ]
    passwords = {}
    for name in new:
        accounts.make(name, settings.homes)
        if settings.authenticator == "pam":
            passwords[name] = accounts.set_password(name)
    if passwords:
        settings.hub.mkdir(parents=True, exist_ok=True)
        path = settings.hub / PASSWORDS
        path.touch(mode=0o600)
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"{name} {word}\n" for name, word in passwords.items())
    return passwords


def places(settings: HubSettings, checkout: Path = CHECKOUT) -> None:
    """Refuse places that every server would see.

    Raises:
        RuntimeError: With the place, and what would be right.
    """
    for path in (checkout, settings.state, settings.file):
        for seen in mount_view.SYSTEM:
            if path.is_relative_to(seen):
                raise RuntimeError(
                    f"{path} lies in {seen}, which students see; /opt or /srv is right"
                )


def everything(settings: HubSettings) -> dict[str, str]:
    """Do it all; return the new accounts' passwords."""
    places(settings)
    programs()
    proxy()
    accounts.make(settings.grader, settings.homes)
    folders(settings)
    passwords = people(settings)
    course(settings)
    return passwords


def _hand_over(path: Path, account: str) -> None:
    person = pwd.getpwnam(account)
    for item in (path, *path.rglob("*")):
        os.chown(item, person.pw_uid, person.pw_gid, follow_symlinks=False)


def _quietly(
    command: list[str], *, folder: Path | None = None, environment: dict[str, str] | None = None
) -> None:
    done = subprocess.run(  # noqa: S603  (our own words)
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise RuntimeError(f"{' '.join(command[:2])} failed:\n" + "\n".join(said))
