"""What can be set about a hub, in one TOML file, and where its files lie."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from deploy.hub import accounts

CHECKOUT: Final = Path(__file__).resolve().parents[2]
VARIABLE: Final = "COURSE_HUB"  # names the settings file for the hub and all that it starts
DEFAULT: Final = CHECKOUT / "deploy" / "hub.toml"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,30}")  # what Debian's useradd takes


class SettingsError(ValueError):
    """The settings file says something that can't be done."""


@dataclass(frozen=True)
class HubSettings:
    """A hub on one machine.

    Example:
        >>> Settings(state=Path("/srv/autoencoders")).exchange
        PosixPath('/srv/autoencoders/exchange')

    Attributes:
        state: The folder of all that the hub keeps; only root writes here.
        address: Where the proxy listens for browsers. Its port must be below 1024: root alone can
            listen there, and no student can be taken for the hub while it is away.
        hub_port: The hub's own port on loopback, and the three after it, which go to the proxy and
            the two services; below 1024, too.
        course: The course's name for nbgrader.
        authenticator: ``pam`` (accounts and passwords of this machine) or any JupyterHub
            authenticator, such as ``oauthenticator.google.GoogleOAuthenticator``.
        instructors: Who may open formgrader.
        students: Who is in the class, besides those in ``state/class.csv``.
        grader: The account that owns the course folder and runs formgrader.
        homes: Where home folders are made.
        gradebook: ``sqlite``, or an SQLAlchemy address such as ``postgresql+psycopg://...``.
        memory: GiB of memory for each student's server.
        processors: Processors for each student's server.
        processes: Processes for each student's server.
        idle_minutes: After so long without use a kernel, then a server, is stopped.
        data: A folder with the real data sets, as in ``COURSE_DATA``; may be empty.
        keep_servers: Whether people's servers outlive the hub and its restart.
        feedback: Whether the Check button says right or wrong at once; see `feedback/policy.py`.
    """

    state: Path = Path("/srv/autoencoders")
    address: str = "http://127.0.0.1:810"
    hub_port: int = 811
    course: str = "autoencoders"
    authenticator: str = "pam"
    instructors: tuple[str, ...] = ()
    students: tuple[str, ...] = ()
    grader: str = "grader"
    homes: Path = Path("/home")
    gradebook: str = "sqlite"
    memory: float = 2.0
    processors: float = 2.0
    processes: int = 512
    idle_minutes: float = 60.0
    data: str = ""
    keep_servers: bool = True
    feedback: bool = True
    file: Path = field(default=DEFAULT, compare=False)

    @property
    def hub(self) -> Path:
        """The hub's own secrets and database; for root alone."""
        return self.state / "hub"

    @property
    def exchange(self) -> Path:
        """Where nbgrader hands out and takes in."""
        return self.state / "exchange"

    @property
    def course_folder(self) -> Path:
        """The instructor's course: sources, gradebook, submissions; for the grader alone."""
        return self.state / "course"

    @property
    def feedback_folder(self) -> Path:
        """What the feedback service records; for the grader alone."""
        return self.state / "feedback"

    @property
    def class_list(self) -> Path:
        """The class as the LMS exported it, kept by ``python -m deploy students``."""
        return self.state / "class.csv"

    @property
    def gradebook_address(self) -> str:
        """The gradebook's SQLAlchemy address."""
        if self.gradebook == "sqlite":
            return f"sqlite:///{self.course_folder / 'gradebook.db'}"
        return self.gradebook

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who logs in: instructors, then students."""
        return (*self.instructors, *self.students)


def load(path: Path | None = None) -> HubSettings:
    """Read a settings file.

    Args:
        path: The file; if None, what the variable ``COURSE_HUB`` names, or ``deploy/hub.toml``.

    Raises:
        SettingsError: With the name of the setting, what is wrong, and what would be right.
    """
    path = path or Path(os.environ.get(VARIABLE) or DEFAULT)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error
    kinds = {item.name: item.default for item in fields(HubSettings) if item.name != "file"}
    given: dict[str, Any] = {}
    for name, value in table.items():
        if name not in kinds:
            raise SettingsError(
                f"{path}: there is no setting {name!r}; there are {', '.join(kinds)}"
            )
        given[name] = _fitting(name, value, kinds[name])
    settings = HubSettings(**given, file=path.resolve())
    for person in (*settings.people, settings.grader):
        if not _NAME.fullmatch(person):
            raise SettingsError(
                f"{path}: {person!r} can't be an account; small letters, digits, - and _, please"
            )
    for person in settings.people:
        reason = accounts.unfit(person)
        if person == settings.grader:
            reason = f"{person!r} is the grader, which runs formgrader and is nobody's login"
        if reason:
            raise SettingsError(f"{path}: {reason}; name people's own accounts")
    return settings


def _fitting(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, Path) and isinstance(value, str):
        return Path(value).absolute()
    if isinstance(default, tuple) and isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return tuple(value)
    elif isinstance(default, bool) or isinstance(value, bool):
        if isinstance(default, bool) and isinstance(value, bool):
            return value
    elif isinstance(default, float) and isinstance(value, int | float):
        return float(value)
    elif isinstance(default, int | str) and isinstance(value, type(default)):
        return value
    right = "a list of names" if isinstance(default, tuple) else f"such as {default!s}"
    raise SettingsError(f"{name} = {value!r} won't do; it must be {right}")
