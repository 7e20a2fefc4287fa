"""Log in from a learning management system by LTI 1.3, and join the class with the role there.

jupyterhub-ltiauthenticator checks the message: its signature, issuer, audience, age, state and
nonce. Here it is decided whether it comes from this course, and who that is on this machine.
"""

from __future__ import annotations

import asyncio
import urllib.error
from http import HTTPStatus
from typing import Any, Final

from ltiauthenticator.lti13.auth import LTI13Authenticator
from pydantic import ValidationError
from tornado import web

from autograder.lti.people import INSTRUCTOR, LEARNER, Member, context_roles, student_id
from deploy.hub import accounts, hub_api, lti_handlers, lti_record, roles, students
from deploy.hub.class_list import ClassListError, ListedStudent
from deploy.hub.settings import HubSettings, LtiSettings, load

_CLAIM: Final = "https://purl.imsglobal.org/spec/lti/claim"
_LINE_ITEMS: Final = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
_MEMBERSHIPS: Final = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
_MAX_CHARS: Final = 2000  # of an address
_LOGIN_PAGE: Final = (
    "<p>Open the course in your learning management system, and follow its link to this hub.</p>"
)


class LaunchRefusedError(Exception):
    """Somebody may not log in; the message says why.

    Args:
        message: For the person.
        hint: For the hub's log.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class CourseLtiAuthenticator(LTI13Authenticator):  # type: ignore[misc]  # untyped
    """Lets in the learners and instructors of one course of the LMS.

    Example:
        ``c.JupyterHub.authenticator_class = "deploy.hub.lti_login.CourseLtiAuthenticator"``
    """

    login_handler = lti_handlers.CrossSiteLoginHandler
    callback_handler = lti_handlers.LaunchHandler
    custom_html = _LOGIN_PAGE
    _lock = asyncio.Lock()  # one person after the other joins the class

    async def authenticate(
        self,
        handler: lti_handlers.LaunchHandler,  # noqa: ARG002  (JupyterHub's)
        data: dict[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """Return the account of the person whom the LMS has sent, after creating it if needed."""
        settings = load()
        if settings.lti is None or not data:
            return None
        try:
            member = read_launch(settings.lti, data)
            async with self._lock:
                name = await asyncio.to_thread(join_class, settings, member, data)
        except LaunchRefusedError as error:
            self.log.warning("A login by LTI was refused: %s", error.hint or error)
            raise web.HTTPError(HTTPStatus.FORBIDDEN, str(error)) from None
        self.allowed_users.add(name)
        return {"name": name}


def read_launch(lti: LtiSettings, claims: dict[str, Any]) -> Member:
    """Return the person, if the LMS has sent them from the hub's own course.

    Args:
        lti: The table ``[lti]`` of the settings.
        claims: The message, whose signature has been checked.

    Raises:
        LaunchRefusedError: They come from elsewhere, or have no role in the course.
    """
    deployment = claims.get(f"{_CLAIM}/deployment_id")
    context = _part(claims, f"{_CLAIM}/context").get("id")
    if not (lti.deployment_id and lti.context) or (deployment, context) != (
        lti.deployment_id,
        lti.context,
    ):
        raise LaunchRefusedError(
            "This hub belongs to another course of the learning management system.",
            f"it came from deployment {deployment!a:.200}, course {context!a:.200}; if they are"
            " yours, set deployment_id and context in [lti]",
        )
    try:
        member = Member.model_validate(
            {
                "user_id": claims.get("sub"),
                "roles": claims.get(f"{_CLAIM}/roles"),
                **{name: claims.get(name) for name in ("given_name", "family_name", "email")},
                "ext_user_username": _part(claims, f"{_CLAIM}/ext").get("user_username"),
                "lis_person_sourcedid": _part(claims, f"{_CLAIM}/lis").get("person_sourcedid"),
            }
        )
    except ValidationError:
        raise LaunchRefusedError(
            "The learning management system doesn't say who you are."
        ) from None
    if not context_roles(member.roles) & {LEARNER, INSTRUCTOR}:
        raise LaunchRefusedError(
            "In the learning management system you are neither a learner nor an instructor of this"
            " course."
        )
    return member


def join_class(settings: HubSettings, member: Member, claims: dict[str, Any]) -> str:
    """Return the account of a person, after creating it and adding it to the class.

    Raises:
        LaunchRefusedError: The account belongs to somebody else.
    """
    record = lti_record.read(settings)
    is_instructor = INSTRUCTOR in context_roles(member.roles)
    name = record.users.get(member.user_id)
    if name is None:
        name = _new_name(settings, member, record, is_instructor=is_instructor)
    if is_instructor:
        accounts.create_account(name, settings.homes)
    elif name not in roles.students(settings):
        student = ListedStudent(name, member.given_name, member.family_name, member.email)
        students.add_students(settings, [student], import_them=False)
    _join_group(settings, name, is_instructor=is_instructor)
    found = lti_record.LaunchRecord(
        users=record.users | {member.user_id: name},
        line_items_url=_address(claims, _LINE_ITEMS, "lineitems") or record.line_items_url,
        memberships_url=_address(claims, _MEMBERSHIPS, "context_memberships_url")
        or record.memberships_url,
    )
    if found != record:
        lti_record.write(settings, found)
    return name


def _new_name(
    settings: HubSettings, member: Member, record: lti_record.LaunchRecord, *, is_instructor: bool
) -> str:
    """Return the account for somebody who logs in for the first time.

    Names in the LMS may be chosen freely there, so one that looks like somebody else's is refused.
    """
    lti = settings.lti
    name = student_id(member, lti.username) if lti else ""
    if not name:
        raise LaunchRefusedError(
            "The learning management system doesn't tell this hub your name.",
            f"it sent no {lti.username if lti else 'name'}",
        )
    taken = f"The account {name} belongs to somebody else. Please ask your instructor."
    if name in record.users.values():
        raise LaunchRefusedError(taken)
    if name in settings.instructors and not is_instructor:
        raise LaunchRefusedError(taken)
    listed = {one.id: one.email for one in students.read_listed(settings)}
    emails = {listed.get(name, "").casefold(), member.email.casefold()} - {""}
    if len(emails) > 1:
        raise LaunchRefusedError(taken)
    try:
        students.check_logins(settings, [name])
    except ClassListError as error:
        raise LaunchRefusedError(taken, str(error)) from None
    return name


def _join_group(settings: HubSettings, name: str, *, is_instructor: bool) -> None:
    """Put somebody into the group of their role; a former instructor leaves the other."""
    try:
        groups = hub_api.request(settings, "GET", f"users/{name}")["groups"]
    except urllib.error.HTTPError as error:
        with error:
            if error.code != HTTPStatus.NOT_FOUND:
                raise
        hub_api.request(settings, "POST", f"users/{name}")
        groups = []
    instructors = roles.instructors_group(settings)
    group = instructors if is_instructor else roles.students_group(settings)
    if group not in groups:
        hub_api.request(settings, "POST", f"groups/{group}/users", {"users": [name]})
    if not is_instructor and instructors in groups and name not in settings.instructors:
        hub_api.request(settings, "DELETE", f"groups/{instructors}/users", {"users": [name]})


def _part(claims: dict[str, Any], name: str) -> dict[str, Any]:
    value = claims.get(name)
    return value if isinstance(value, dict) else {}


def _address(claims: dict[str, Any], claim: str, name: str) -> str:
    """Return an address of a service; the grader checks its host before each request."""
    value = _part(claims, claim).get(name)
    return value if isinstance(value, str) and len(value) <= _MAX_CHARS else ""


def configure(c: Any, lti: LtiSettings) -> None:
    """Set the authenticator in the hub's configuration."""
    c.JupyterHub.authenticator_class = CourseLtiAuthenticator
    c.LTI13Authenticator.issuer = lti.issuer
    c.LTI13Authenticator.client_id = {lti.client_id}
    c.LTI13Authenticator.authorize_url = lti.authorize_url
    c.LTI13Authenticator.jwks_endpoint = lti.jwks_url
