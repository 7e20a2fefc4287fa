"""Logging in by LTI 1.3: a real hub, with the platform that tests run, and without the servers."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from autograder.lti import key
from autograder.lti.platform import LtiPlatform
from deploy.hub import accounts, grader, hub_api, lti_record, prepare, students
from deploy.hub.settings import CHECKOUT, SETTINGS_VARIABLE, HubSettings, load
from tests.hub import install
from tests.hub.running_hub import (
    ACCOUNT_PREFIX,
    WAIT_TIMEOUT_S,
    _free_privileged_ports,
    processes_of,
    wait_until,
)
from tests.lti_platform import (
    CLAIM,
    CLIENT_ID,
    CONTEXT,
    DEPLOYMENT,
    ROLE,
    Platform,
    member,
    run_platform,
)

pytestmark = [pytest.mark.hub, pytest.mark.slow, pytest.mark.xdist_group("hub")]

PREFIX = f"{ACCOUNT_PREFIX}lti-"  # the other hub of these tests may be running
INSTRUCTOR = [f"{ROLE}Instructor"]
# The hub's own configuration, without the services and the proxy: a login needs neither.
CONFIG = """
from jupyterhub.proxy import Proxy
from deploy.hub import lti_handlers, lti_login, network, roles, services, settings

class NoProxy(Proxy):
    async def get_all_routes(self): return {}
    async def add_route(self, *_): pass
    async def delete_route(self, *_): pass

lti_handlers.KEYS_TIMEOUT_S = 120  # on a busy machine
c = get_config()
chosen = settings.load()
network.configure(c, chosen)
roles.configure(c, chosen)
lti_login.configure(c, chosen.lti)
c.JupyterHub.log_level = "DEBUG"
c.JupyterHub.proxy_class = NoProxy
c.Proxy.should_start = False
c.JupyterHub.bind_url = c.JupyterHub.hub_bind_url
c.JupyterHub.services = [{"name": "operator", "api_token": services.operator_token(chosen)}]
c.JupyterHub.load_roles = [one for one in roles.roles(chosen) if one["name"] == "operator"]
c.JupyterHub.load_roles += [{"name": "user", "scopes": ["self"]}]
"""


@dataclass
class LtiHub:
    """A hub, and the platform that its users come from."""

    settings: HubSettings
    platform: Platform
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.hub_port}"

    def log_in(self, user: str) -> tuple[requests.Session, requests.Response]:
        """Do what a browser does after a click on the course's link."""
        session = requests.Session()
        page = session.get(self.platform.login_url(self.url, user), timeout=60)
        assert page.ok, page.text
        return session, self.submit(session, page.text)

    def submit(self, session: requests.Session, form: str) -> requests.Response:
        (target,) = re.findall(r'action="([^"]*)"', form)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        return session.post(urljoin(self.url, target), fields, timeout=120, allow_redirects=False)

    def name_of(self, session: requests.Session) -> str:
        reply = session.get(f"{self.url}/hub/api/user", timeout=60)
        return str(reply.json()["name"]) if reply.ok else ""

    def groups(self, name: str) -> set[str]:
        user = hub_api.request(self.settings, "GET", f"users/{PREFIX}{name}")
        return set(user["groups"])


def person(number: str, name: str, **more: Any) -> dict[str, Any]:
    return member(number, name.title(), f"{PREFIX}{name}@uni.example", **more)


def remove_accounts() -> None:
    for account in pwd.getpwall():
        if account.pw_name.startswith(PREFIX):
            for pid in processes_of(account.pw_name):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            accounts.remove(account.pw_name)
            shutil.rmtree(account.pw_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def lti(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LtiHub]:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("a hub creates accounts; this needs root on Linux")
    folder = tmp_path_factory.mktemp("lti")
    with run_platform() as platform:
        file = folder / "hub.toml"
        file.write_text(f"""
            state = "{folder / "state"}"
            homes = "{folder / "home"}"
            hub_port = {_free_privileged_ports(5)}
            grader = "{PREFIX}grader"
            instructors = ["{PREFIX}ines"]
            [lti]
            issuer = "{platform.url}"
            client_id = "{CLIENT_ID}"
            authorize_url = "{platform.url}/auth"
            jwks_url = "{platform.url}/jwks"
            token_url = "{platform.url}/token"
            deployment_id = "{DEPLOYMENT}"
            context = "{CONTEXT}"
            """)
        settings = load(file)
        try:
            prepare.create_accounts(settings)
            prepare.create_folders(settings)
            (folder / "config.py").write_text(CONFIG)
            log = folder / "hub.log"
            with log.open("wb") as stream:
                process = subprocess.Popen(
                    [sys.executable, "-m", "jupyterhub", "-f", str(folder / "config.py")],
                    cwd=settings.hub,
                    env=os.environ | {SETTINGS_VARIABLE: str(file), "PYTHONPATH": str(CHECKOUT)},
                    stdout=stream,
                    stderr=stream,
                )
            try:
                wait_until(
                    "the hub answers",
                    lambda: hub_api.is_running(settings) or process.poll() is not None,
                )
                assert process.poll() is None, log.read_text()
                yield LtiHub(settings, platform, log)
            finally:
                process.terminate()
                process.wait(WAIT_TIMEOUT_S)
        finally:
            remove_accounts()


def test_a_learner_joins_the_class(lti: LtiHub) -> None:
    lti.platform.members = [person("u1", "ada", family_name="Lovelace")]
    session, reply = lti.log_in("u1")
    assert reply.status_code == 302, lti.log.read_text()[-3000:]
    name = f"{PREFIX}ada"
    assert lti.name_of(session) == name
    assert lti.groups("ada") == {"nbgrader-autoencoders"}
    assert pwd.getpwnam(name).pw_dir == str(lti.settings.homes / name)
    (listed,) = students.read_listed(lti.settings)
    assert (listed.id, listed.last_name, listed.email) == (
        name,
        "Lovelace",
        f"{name}@uni.example",
    )
    assert not (lti.settings.hub / prepare.CREDENTIALS_FILE).exists()  # nobody has a password
    record = lti_record.read(lti.settings)
    assert record.users["u1"] == name
    assert record.line_items_url == lti.platform.line_items_url
    platform = LtiPlatform(**lti_record.grader_settings(lti.settings))
    platform.check("line_items_url", "memberships_url")
    mode = lti_record.record_path(lti.settings).stat()
    assert (mode.st_uid, mode.st_mode & 0o777) == (0, 0o640)
    lti.platform.members[0]["email"] = "married@uni.example"  # the number decides
    assert lti.name_of(lti.log_in("u1")[0]) == name
    assert len(students.read_listed(lti.settings)) == 1


def test_an_instructor_opens_the_course_page_until_the_role_changes(lti: LtiHub) -> None:
    lti.platform.members = [
        person("t1", "ines", roles=INSTRUCTOR),
        person("t2", "tom", roles=[*INSTRUCTOR, f"{ROLE}Learner"]),
    ]
    for user, name in (("t1", "ines"), ("t2", "tom")):
        session, _ = lti.log_in(user)
        assert lti.name_of(session) == f"{PREFIX}{name}"
        assert lti.groups(name) == {"formgrade-autoencoders"}
    for one in lti.platform.members:
        one["roles"] = [f"{ROLE}Learner"]
        lti.log_in(one["user_id"])
    assert "formgrade-autoencoders" in lti.groups("ines")  # the settings say so
    assert lti.groups("tom") == {"nbgrader-autoencoders"}


@pytest.mark.parametrize(
    ("who", "claims", "reason"),
    [
        (person("x1", "eve"), {f"{CLAIM}context": {"id": "sandbox"}}, "another course"),
        (person("x1", "eve"), {f"{CLAIM}context": None}, "another course"),
        (person("x1", "eve"), {f"{CLAIM}deployment_id": "other"}, "another course"),
        (
            person("x1", "eve", roles=["http://x/institution/person#Instructor"]),
            {},
            "neither a learner nor an instructor",
        ),
        (member("x1", "Eve", ""), {}, "tell this hub your name"),
        (person("x1", "ada"), {}, "belongs to somebody else"),
        (person("x1", "ines"), {}, "belongs to somebody else"),
        (member("x1", "Root", "root@uni.example"), {}, "belongs to somebody else"),
        (person("x1", "grader"), {}, "belongs to somebody else"),
    ],
)
def test_others_do_not_get_in(
    lti: LtiHub, who: dict[str, Any], claims: dict[str, Any], reason: str
) -> None:
    lti.platform.members = [person("u1", "ada")]
    lti.log_in("u1")
    lti.platform.members = [who]
    lti.platform.claims = claims
    before = lti_record.read(lti.settings)
    session, reply = lti.log_in("x1")
    lti.platform.claims = {}
    assert reply.status_code == 403
    assert reason in reply.text
    assert lti.name_of(session) == ""
    assert lti_record.read(lti.settings) == before
    assert not accounts.account_exists(f"{PREFIX}eve")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        lti.groups("eve")


def test_forged_and_replayed_messages_are_refused(lti: LtiHub) -> None:
    lti.platform.members = [person("u1", "ada")]
    real, session = lti.platform.key, requests.Session()
    forms = session.get(lti.platform.login_url(lti.url, "u1"), timeout=60).text
    other = requests.Session()
    assert lti.submit(other, forms).status_code == 400  # another browser
    assert lti.submit(session, forms).status_code == 302
    later = session.get(lti.platform.login_url(lti.url, "u1"), timeout=60).text
    (old,) = re.findall(r'name="id_token" value="([^"]*)"', forms)
    replayed = re.sub(r'(name="id_token" value=")[^"]*', rf"\g<1>{old}", later)
    assert lti.submit(session, replayed).status_code == 400  # the nonce is another
    lti.platform.key = generate_private_key(65537, 2048)
    forged = requests.Session()
    page = forged.get(lti.platform.login_url(lti.url, "u1"), timeout=60).text
    lti.platform.key = real  # the published one
    assert lti.submit(forged, page).status_code == 400
    for change in ({"iss": "https://evil.example"}, {"aud": "other-tool"}, {"exp": 1, "iat": 0}):
        lti.platform.claims = change
        assert lti.log_in("u1")[1].status_code in {400, 401}
    lti.platform.claims = {}


def test_over_https_the_cookies_of_a_login_come_back_from_the_other_site(lti: LtiHub) -> None:
    """The LMS posts the message; only cookies marked for that come with it."""
    url = lti.platform.login_url(lti.url, "u1")
    encrypted = {"X-Forwarded-Proto": "https"}
    reply = requests.get(url, headers=encrypted, timeout=60, allow_redirects=False)
    cookies = reply.raw.headers.getlist("Set-Cookie")
    ours = [cookie for cookie in cookies if cookie.startswith("lti13authenticator")]
    assert len(ours) == 2
    assert all("SameSite=None" in cookie and "Secure" in cookie for cookie in ours)
    assert all("HttpOnly" in cookie for cookie in ours)
    assert not [cookie for cookie in cookies if cookie not in ours and "SameSite=None" in cookie]
    (target,) = parse_qs(urlsplit(reply.headers["Location"]).query)["redirect_uri"]
    assert target.startswith("https://")
    page = requests.get(f"{lti.url}/hub/login", timeout=60).text
    assert "follow its link to this hub" in page
    assert "password" not in page


def test_no_message_is_in_the_log(lti: LtiHub) -> None:
    lti.platform.members = [person("u1", "ada", given_name="\x1b[2J<script>")]
    lti.log_in("u1")
    text = lti.log.read_text()
    assert "eyJ" not in text.replace("eyJzdGF0ZV9pZCI6", "")
    assert "\x1b[2J" not in text
    assert "<script>" not in json.dumps(lti_record.read(lti.settings).model_dump())


def test_the_hub_answers_others_while_it_waits_for_the_platforms_keys(lti: LtiHub) -> None:
    lti.platform.members = [person("u1", "ada")]
    session = requests.Session()
    form = session.get(lti.platform.login_url(lti.url, "u1"), timeout=60).text
    before = len(lti.platform.requests)
    with ThreadPoolExecutor(1) as pool:
        lti.platform.keys_ready.clear()
        try:
            login = pool.submit(lti.submit, session, form)
            wait_until("the keys are asked for", lambda: lti.platform.requests[before:])
            assert requests.get(f"{lti.url}/hub/health", timeout=25).ok
            assert not login.done()
        finally:
            lti.platform.keys_ready.set()
        assert login.result().status_code == 302


def test_the_graders_server_reads_the_roster_with_what_the_hub_has_learned(lti: LtiHub) -> None:
    if install.missing():
        pytest.skip(install.missing())
    lti.platform.members = [person("u1", "ada"), person("u9", "dora")]
    lti.log_in("u1")
    prepare.create_course(lti.settings)
    course = lti.settings.course_folder
    path = LtiPlatform().key_path(course)
    key.create(path)
    for one in (path.parent, path):
        shutil.chown(one, lti.settings.grader, lti.settings.grader)
    lti.platform.tool_key = key.public_jwk(key.load(path))
    command = (sys.executable, "-P", "-m", "autograder", "lms", "roster", f"--root={course}")
    shown = grader.run_as_grader(lti.settings, *command)
    assert f"+ {PREFIX}ada  Ada" in shown
    assert "Students in the gradebook: 0 before, 2 after." in shown
    assert lti.platform.problems == []
