"""The hub's settings: one TOML file, and the folders that follow from it."""

from __future__ import annotations

import os
import tomllib
from dataclasses import field, fields
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from deploy.hub import accounts

CHECKOUT: Final = Path(__file__).resolve().parents[2]
SETTINGS_VARIABLE: Final = "COURSE_HUB"  # names the settings file for the hub and its children
DEFAULT_FILE: Final = CHECKOUT / "deploy" / "hub.toml"

# TOML has neither paths nor tuples, so these two accept what it has.
Folder = Annotated[Path, Field(strict=False), AfterValidator(Path.absolute)]
Names = Annotated[tuple[str, ...], Field(strict=False)]


def _check_url(url: str) -> str:
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise ValueError("it must start with https://")
    return url


SafeUrl = Annotated[str, AfterValidator(_check_url)]  # nobody can read or change what goes there


class SettingsError(ValueError):
    """The settings file is invalid."""


@dataclass(frozen=True, config=ConfigDict(strict=True))
class LtiSettings:
    """A learning management system from which people log in by LTI 1.3.

    Example:
        >>> addresses = ["https://lms.example/auth", "https://lms.example/keys"]
        >>> LtiSettings("https://lms.example", "7", *addresses, "https://lms.example/t").username
        'email'

    Attributes:
        issuer: Who signs the messages; the LMS shows this and the next four after registration.
        client_id: The hub's id there.
        authorize_url: Where a login is authorized.
        jwks_url: The LMS's public keys.
        token_url: Where it issues access tokens.
        deployment_id: Which registration of the hub may log people in.
        context: Which course of the LMS may; the hub's log has the ids of refused ones.
        username: Which of the LMS's names becomes the account; see `autograder/lti/platform.py`.
        audience: What the LMS expects in requests for tokens, if not ``token_url``.
        hosts: Further hosts of the LMS that grades may be sent to.
    """

    issuer: str
    client_id: str
    authorize_url: SafeUrl
    jwks_url: SafeUrl
    token_url: SafeUrl
    deployment_id: str = ""
    context: str = ""
    username: Literal["email", "username", "sourcedid", "sub"] = "email"
    audience: str = ""
    hosts: Names = ()


@dataclass(frozen=True, config=ConfigDict(strict=True))
class HubSettings:
    """A hub on one machine.

    Example:
        >>> HubSettings(state=Path("/srv/autoencoders")).exchange
        PosixPath('/srv/autoencoders/exchange')

    Attributes:
        state: The folder for everything the hub keeps; only root can write here.
        address: Where the proxy listens for browsers. Its port must be below 1024: only root can
            listen there, so no student can impersonate the hub while it is down.
        hub_port: The hub's port on loopback. The proxy and the two services use the next three. All
            must be below 1024.
        course: The course's name in nbgrader.
        authenticator: ``pam`` (accounts and passwords of this machine) or any JupyterHub
            authenticator, such as ``oauthenticator.google.GoogleOAuthenticator``.
        instructors: Who may open the course page and formgrader.
        students: Who is in the class, in addition to ``state/class.csv``.
        grader: The account that owns the course folder and runs formgrader.
        homes: The folder for home folders.
        gradebook: ``sqlite``, or an SQLAlchemy URL such as ``postgresql+psycopg://...``.
        memory: GiB of memory per student server.
        processors: Processors per student server.
        processes: Processes per student server.
        idle_minutes: Minutes without use after which a kernel, and then a server, is stopped.
        data: A folder with the real data sets, as in ``COURSE_DATA``; may be empty.
        keep_servers: Users' servers keep running while the hub restarts.
        feedback: The Check button gives instant feedback; see `feedback/policy.py`.
        lti: The table ``[lti]``: people log in from a learning management system.
    """

    state: Folder = Path("/srv/autoencoders")
    address: str = "http://127.0.0.1:810"
    hub_port: int = 811
    course: str = "autoencoders"
    authenticator: str = "pam"
    instructors: Names = ()
    students: Names = ()
    grader: str = "grader"
    homes: Folder = Path("/home")
    gradebook: str = "sqlite"
    memory: float = 2.0
    processors: float = 2.0
    processes: int = 512
    idle_minutes: float = 60.0
    data: str = ""
    keep_servers: bool = True
    feedback: bool = True
    lti: LtiSettings | None = None
    file: Path = field(default=DEFAULT_FILE, compare=False)

    @property
    def hub(self) -> Path:
        """The hub's secrets and database; for root only."""
        return self.state / "hub"

    @property
    def exchange(self) -> Path:
        """Nbgrader's exchange."""
        return self.state / "exchange"

    @property
    def course_folder(self) -> Path:
        """The instructor's course: sources, gradebook, submissions; for the grader only."""
        return self.state / "course"

    @property
    def feedback_folder(self) -> Path:
        """The log of the feedback service; for the grader only."""
        return self.state / "feedback"

    @property
    def lti_folder(self) -> Path:
        """Who has logged in by LTI; root writes, and the grader reads."""
        return self.state / "lti"

    @property
    def has_passwords(self) -> bool:
        """Whether people log in with passwords of this machine."""
        return self.authenticator == "pam" and self.lti is None

    @property
    def class_list(self) -> Path:
        """The class as exported by the LMS, maintained by ``python -m deploy students``."""
        return self.state / "class.csv"

    @property
    def gradebook_address(self) -> str:
        """The gradebook's SQLAlchemy URL."""
        if self.gradebook == "sqlite":
            return f"sqlite:///{self.course_folder / 'gradebook.db'}"
        return self.gradebook

    @property
    def people(self) -> tuple[str, ...]:
        """Everyone who logs in: instructors, then students."""
        return (*self.instructors, *self.students)


def load(path: Path | None = None) -> HubSettings:
    """Read a settings file.

    Args:
        path: The file; if None, the one in the variable ``COURSE_HUB``, or ``deploy/hub.toml``.

    Raises:
        SettingsError: With the setting, the problem, and how to fix it.
    """
    path = path or Path(os.environ.get(SETTINGS_VARIABLE) or DEFAULT_FILE)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    known = [item.name for item in fields(HubSettings) if item.name != "file"]
    for name in table:
        if name not in known:
            raise SettingsError(f"{path}: unknown setting {name!r}; choose from {', '.join(known)}")
    try:
        if "lti" in table:
            table["lti"] = _read_lti(path, table)
        settings = HubSettings(**table, file=path.resolve())
    except ValidationError as error:
        reasons = [f"{e['loc'][0]} = {e['input']!r}: {e['msg']}" for e in error.errors()]
        message = "; ".join(reasons).replace("tuple", "list")  # as TOML calls it
        raise SettingsError(f"{path}: {message}") from error
    _check_people(path, settings)
    return settings


def _read_lti(path: Path, table: dict[str, Any]) -> LtiSettings:
    lti, known = table["lti"], [item.name for item in fields(LtiSettings)]
    if not isinstance(lti, dict):
        raise SettingsError(f"{path}: lti must be a table: [lti]")
    if unknown := [name for name in lti if name not in known]:
        raise SettingsError(
            f"{path}: unknown setting {unknown[0]!r} in [lti]; choose from {', '.join(known)}"
        )
    if table.get("authenticator", "pam") != "pam":
        raise SettingsError(f"{path}: use either authenticator or [lti], not both")
    return LtiSettings(**lti)


def _check_people(path: Path, settings: HubSettings) -> None:
    for person in (*settings.people, settings.grader):
        if not accounts.ACCOUNT_NAME.fullmatch(person):
            raise SettingsError(
                f"{path}: {person!r} can't be an account name; use at most 31 lowercase letters,"
                " digits, - and _, starting with a letter"
            )
    for person in settings.people:
        reason = accounts.why_unusable(person)
        if person == settings.grader:
            reason = f"{person!r} is the grader, which runs formgrader and never logs in"
        if reason:
            raise SettingsError(f"{path}: {reason}; list users' own accounts")
