"""Who logs in, and what each group may do: JupyterHub's roles, groups and scopes."""

from __future__ import annotations

import csv
from typing import Any

from deploy.hub.settings import HubSettings

SERVICE = "feedback"


def students_group(settings: HubSettings) -> str:
    """The group of the class; nbgrader's plug-in expects this name."""
    return f"nbgrader-{settings.course}"


def instructors_group(settings: HubSettings) -> str:
    """The group of those who grade; nbgrader's plug-in expects this name."""
    return f"formgrade-{settings.course}"


def students(settings: HubSettings) -> list[str]:
    """Everybody in the class: the settings' and the class list's, each once."""
    listed: list[str] = []
    if settings.class_list.is_file():
        with settings.class_list.open(newline="", encoding="utf-8") as file:
            listed = [row["id"] for row in csv.DictReader(file) if row.get("id")]
    return list(dict.fromkeys((*settings.students, *listed)))


def roles(settings: HubSettings) -> list[dict[str, Any]]:
    """What each of them may do, beyond looking after a server of their own."""
    course = settings.course
    # For nbgrader's course list: which courses there are, and which groups I am in.
    listing = ["list:services", "read:services"]
    if settings.feedback:
        listing.append(f"access:services!service={SERVICE}")
    own = ["users:activity!user", "access:servers!user", "read:users!user"]
    return [
        {"name": "user", "scopes": ["self", *listing]},
        {"name": "server", "scopes": [*own, *listing]},
        {
            "name": "instructor",
            "description": "May open formgrader and see who is in the class.",
            "scopes": [
                f"access:services!service={course}",
                f"read:groups!group={students_group(settings)}",
            ],
            "groups": [instructors_group(settings)],
        },
        {
            "name": "formgrader",
            "description": "Adds students to the class, and removes them.",
            "scopes": [
                f"groups!group={students_group(settings)}",
                f"list:groups!group={students_group(settings)}",
                f"read:users:groups!group={students_group(settings)}",
            ],
            "services": [course],
        },
        {
            "name": "operator",
            "description": "What `python -m deploy` does while the hub runs.",
            "scopes": ["admin:users", "admin:servers", "admin:groups"],
            "services": ["operator"],
        },
    ]


def configure(c: Any, settings: HubSettings) -> None:
    """Write it into the hub's configuration."""
    class_ = students(settings)
    c.JupyterHub.authenticator_class = settings.authenticator
    c.Authenticator.allowed_users = {*class_, *settings.instructors}
    c.JupyterHub.load_groups = {
        students_group(settings): {"users": class_},
        instructors_group(settings): {"users": list(settings.instructors)},
    }
    c.JupyterHub.load_roles = roles(settings)
