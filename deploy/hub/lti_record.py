"""What the hub has learned from logins by LTI: who is who, and where the course's services are.

It is a file that only root can write and only the grader can read.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from course import atomic_write
from deploy.hub.settings import HubSettings


class LaunchRecord(BaseModel):
    """What is remembered.

    Attributes:
        users: Account names by the LMS's user ids; the first login decides.
        line_items_url: Where the course's grades go.
        memberships_url: Where its roster is.
    """

    model_config = ConfigDict(frozen=True)

    users: dict[str, str] = {}
    line_items_url: str = ""
    memberships_url: str = ""


def record_path(settings: HubSettings) -> Path:
    """Return the file."""
    return settings.lti_folder / "launches.json"


def read(settings: HubSettings) -> LaunchRecord:
    """Return the record; an empty one before the first login.

    Raises:
        RuntimeError: The file is damaged. Nobody may log in then: accounts could be mixed up.
    """
    path = record_path(settings)
    try:
        return LaunchRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return LaunchRecord()
    except ValidationError as error:
        raise RuntimeError(f"{path} is damaged; restore it from a backup") from error


def write(settings: HubSettings, record: LaunchRecord) -> None:
    """Replace the record."""
    with atomic_write.replacing(record_path(settings)) as temporary:
        temporary.write_text(record.model_dump_json(indent=1), encoding="utf-8")
        os.chown(temporary, 0, pwd.getpwnam(settings.grader).pw_gid)
        temporary.chmod(0o640)


def grader_settings(settings: HubSettings) -> dict[str, Any]:
    """Return the traits of `autograder.lti.platform.LtiPlatform`; empty without ``[lti]``."""
    lti = settings.lti
    if lti is None:
        return {}
    record = read(settings)
    return {
        "client_id": lti.client_id,
        "token_url": lti.token_url,
        "audience": lti.audience,
        "hosts": list(lti.hosts),
        "username": lti.username,
        "line_items_url": record.line_items_url,
        "memberships_url": record.memberships_url,
        "users": record.users,
    }
