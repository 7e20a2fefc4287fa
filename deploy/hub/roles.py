"""Who may log in, and what each group may do: JupyterHub's roles, groups and scopes."""

from __future__ import annotations

import csv
from typing import Any

from deploy.hub.settings import HubSettings

FEEDBACK_SERVICE = "feedback"


def students_group(settings: HubSettings) -> str:
    """Return the class's group; nbgrader's plug-in expects this name."""
    return f"nbgrader-{settings.course}"


def instructors_group(settings: HubSettings) -> str:
    """Return the instructors' group; nbgrader's plug-in expects this name."""
    return f"formgrade-{settings.course}"


def students(settings: HubSettings) -> list[str]:
    """Return all students of the settings and the class list, without duplicates."""
    listed: list[str] = []
    if settings.class_list.is_file():
        with settings.class_list.open(newline="", encoding="utf-8") as file:
            listed = [row["id"] for row in csv.DictReader(file) if row.get("id")]
    return list(dict.fromkeys((*settings.students, *listed)))


def roles(settings: HubSettings) -> list[dict[str, Any]]:
    """Return what each role may do, besides managing its own server."""
    course = settings.course
    # nbgrader's course list needs the courses and the user's groups.
    listing = ["list:services", "read:services"]
    if settings.feedback:
        listing.append(f"access:services!service={FEEDBACK_SERVICE}")
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
            "description": "Adds students to the class and removes them.",
            "scopes": [
                f"groups!group={students_group(settings)}",
                f"list:groups!group={students_group(settings)}",
                f"read:users:groups!group={students_group(settings)}",
            ],
            "services": [course],
        },
        {
            "name": "operator",
            "description": "Used by `python -m deploy` while the hub is running.",
            "scopes": ["admin:users", "admin:servers", "admin:groups"],
            "services": ["operator"],
        },
    ]


def configure(c: Any, settings: HubSettings) -> None:
    """Set users, groups and roles in the hub's configuration."""
    class_ = students(settings)
    if settings.lti is None:
        c.JupyterHub.authenticator_class = settings.authenticator
    c.Authenticator.allowed_users = {*class_, *settings.instructors}
    c.JupyterHub.load_groups = {
        students_group(settings): {"users": class_},
        instructors_group(settings): {"users": list(settings.instructors)},
    }
    c.JupyterHub.load_roles = roles(settings)
