"""Add students to the class: to its list, this machine, the gradebook and the running hub."""

from __future__ import annotations

import shutil

from deploy.hub import accounts, class_list, grader, hub_api, prepare, roles
from deploy.hub.class_list import ClassListError, ListedStudent
from deploy.hub.settings import HubSettings


def add_students(
    settings: HubSettings, listed: list[ListedStudent], *, import_them: bool = True
) -> dict[str, str]:
    """Add students to the class list, this machine, the gradebook, and the running hub.

    Existing students stay unchanged; nobody is removed.

    Args:
        settings: The hub's settings.
        listed: Whom to add.
        import_them: Whether the gradebook gets them now, which takes seconds; grading adds them,
            too.

    Returns:
        The passwords of the new accounts.

    Raises:
        ClassListError: A login is an account that belongs to someone else; nobody was added.
    """
    check_logins(settings, [student.id for student in listed])
    earlier = read_listed(settings)
    known = {student.id for student in earlier}
    new = [student for student in listed if student.id not in known]
    class_list.write_class_list(settings.class_list, [*earlier, *new])
    passwords = prepare.create_accounts(settings)
    if import_them:
        update_gradebook(settings)
    if hub_api.is_running(settings):
        names = [student.id for student in listed]
        hub_api.add_users(settings, names)
        group = roles.students_group(settings)
        hub_api.request(settings, "POST", f"groups/{group}/users", {"users": names})
    return passwords


def check_logins(settings: HubSettings, names: list[str]) -> None:
    """Refuse logins that are existing accounts of this machine.

    Raises:
        ClassListError: With the login and the problem.
    """
    for name in names:
        allow_existing = settings.has_passwords or name in settings.people
        reason = accounts.why_unusable(name, allow_existing=allow_existing)
        if name == settings.grader:
            reason = f"{name!r} is the grader's account, which nobody logs in with"
        if reason:
            raise ClassListError(f"{reason}; give this student another name in the column id")


def update_gradebook(settings: HubSettings) -> None:
    """Import the class into the gradebook."""
    export = settings.course_folder / "students.csv"
    class_list.write_class_list(export, read_listed(settings))
    shutil.chown(export, settings.grader, settings.grader)
    grader.run_nbgrader(settings, "db", "student", "import", str(export))


def read_listed(settings: HubSettings) -> list[ListedStudent]:
    """Return the students of the class list; those named in the settings aren't in it."""
    file = settings.class_list
    return class_list.read_class_list(file) if file.exists() else []
