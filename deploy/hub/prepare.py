"""Prepare the machine before the hub starts; repeating it changes nothing."""

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

DEBIAN_PACKAGES: Final = {"bwrap": "bubblewrap", "node": "nodejs", "npm": "npm"}  # on Debian
CREDENTIALS_FILE: Final = "passwords.txt"
_CONFIG_TEMPLATE: Final = '''"""Your changes to nbgrader's settings; they override the hub's.

nbgrader_config.py in the course's checkout lists what can be set.
"""

c = get_config()
'''


def install_programs() -> None:
    """Install the Debian packages that are missing.

    Raises:
        RuntimeError: They are missing and can't be installed.
    """
    missing = [package for program, package in DEBIAN_PACKAGES.items() if not shutil.which(program)]
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise RuntimeError(f"these packages are missing, please install them: {', '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    for command in (["apt-get", "update", "-qq"], install):
        _run(command, environment=environment)


def install_proxy() -> None:
    """Install configurable-http-proxy, as locked with hashes in ``deploy/proxy``."""
    lock = CHECKOUT / "deploy" / "proxy" / "package-lock.json"
    installed = network.PROXY_FOLDER / "installed-lock.json"
    if network.PROXY_PROGRAM.exists() and installed.exists():
        if installed.read_bytes() == lock.read_bytes():
            return
        shutil.rmtree(network.PROXY_FOLDER)
    network.PROXY_FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(lock.with_name(name), network.PROXY_FOLDER / name)
    _run(["npm", "ci", "--no-audit", "--no-fund", "--omit=dev"], folder=network.PROXY_FOLDER)
    shutil.copyfile(lock, installed)


def create_folders(settings: HubSettings) -> None:
    """Create the hub's folders, each with the permissions that keep others out."""
    grader = pwd.getpwnam(settings.grader)

    def folder(path: Path, mode: int, owner: int = 0, group: int = 0) -> None:
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, owner, group)
        path.chmod(mode)

    grader_ids = (grader.pw_uid, grader.pw_gid)
    folder(settings.state, 0o755)
    folder(settings.hub, 0o700)
    folder(settings.course_folder, 0o700, *grader_ids)
    folder(settings.feedback_folder, 0o700, *grader_ids)
    folder(settings.lti_folder, 0o750, 0, grader.pw_gid)
    # The sticky bit: nobody can rename or remove what belongs to someone else.
    folder(settings.exchange, 0o1777)
    course = settings.exchange / settings.course
    folder(course, 0o755, *grader_ids)
    folder(course / "outbound", 0o755, *grader_ids)
    folder(course / "inbound", 0o3733, *grader_ids)  # students can add folders but not list them
    folder(course / "feedback", 0o711, *grader_ids)  # only files whose name you know


def create_course(settings: HubSettings) -> None:
    """Fill the instructor's course folder; existing files stay unchanged.

    Copies only the sources: generating an assignment from them also adds it to the gradebook.
    """
    source = settings.course_folder / "source"
    if not source.exists():
        ignored = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")
        shutil.copytree(CHECKOUT / "source", source, ignore=ignored)
        _chown_tree(source, settings.grader)
    config = settings.course_folder / "nbgrader_config.py"
    if not config.exists():
        config.write_text(_CONFIG_TEMPLATE, encoding="utf-8")
        _chown_tree(config, settings.grader)


def create_accounts(settings: HubSettings) -> dict[str, str]:
    """Create the missing accounts of the class; return their passwords.

    The passwords are also kept in a file that only root can read.
    """
    accounts.create_account(settings.grader, settings.homes)
    passwords = {}
    for name in (*settings.instructors, *students(settings)):
        if not accounts.account_exists(name):
            accounts.create_account(name, settings.homes)
            if settings.has_passwords:
                passwords[name] = accounts.set_password(name)
    if passwords:
        settings.hub.mkdir(parents=True, exist_ok=True)
        path = settings.hub / CREDENTIALS_FILE
        path.touch(mode=0o600)
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"{name} {password}\n" for name, password in passwords.items())
    return passwords


def check_locations(settings: HubSettings, checkout: Path = CHECKOUT) -> None:
    """Refuse folders that every server would see.

    Raises:
        RuntimeError: With the folder and a better place.
    """
    for path in (checkout, settings.state, settings.file):
        for visible in mount_view.SYSTEM_FOLDERS:
            if path.is_relative_to(visible):
                raise RuntimeError(
                    f"{path} is in {visible}, which students can see; use /opt or /srv instead"
                )


def prepare_machine(settings: HubSettings) -> dict[str, str]:
    """Do everything above; return the passwords of new accounts."""
    check_locations(settings)
    install_programs()
    install_proxy()
    accounts.create_account(settings.grader, settings.homes)
    create_folders(settings)
    passwords = create_accounts(settings)
    create_course(settings)
    return passwords


def _chown_tree(path: Path, account: str) -> None:
    owner = pwd.getpwnam(account)
    for item in (path, *path.rglob("*")):
        os.chown(item, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def _run(
    command: list[str], *, folder: Path | None = None, environment: dict[str, str] | None = None
) -> None:
    done = subprocess.run(  # noqa: S603  (no user input)
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise RuntimeError(f"{' '.join(command[:2])} failed:\n" + "\n".join(lines))
