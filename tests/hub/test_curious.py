"""What a curious student tries: other people's work, the answers, the gradebook, the hub itself."""

from __future__ import annotations

import json
import logging
import os
import pwd
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from course.server.receipts import Receipt, hash_files
from deploy.__main__ import verify_receipt
from deploy.hub import collect, privileged_ports, submission_time
from deploy.hub.settings import CHECKOUT
from tests.hub.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]


def tries(hub: Site, script: str, name: str = "ada") -> str:
    """Run a shell script as a student's terminal would; return what it prints."""
    return hub.as_student(name, "bash", "-c", f"{{ {script}\n}} 2>&1").stdout


def asks(url: str, token: str, method: str = "GET", body: object = None) -> tuple[int, str]:
    request = urllib.request.Request(
        url,
        method=method,
        headers={"Authorization": f"token {token}"},
        data=None if body is None else json.dumps(body).encode(),
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_student_sees_the_course_and_the_lessons_and_nothing_else(hub: Site) -> None:
    seen = tries(hub, f"ls -A {CHECKOUT} {CHECKOUT}/deploy {hub.settings.state}")
    words = set(seen.split())
    assert {"course", "release", "student", "exchange"} <= words
    forbidden = {"source", "autograder", "tests", ".git", "hub", "grader", "nbgrader_config.py"}
    assert not words & forbidden
    assert "Permission denied" not in seen


@pytest.mark.parametrize("module", ["autograder", "deploy.hub", "tests"])
def test_what_grades_can_not_be_imported(hub: Site, module: str) -> None:
    said = tries(hub, f"python -c 'import course, {module}'")
    assert "No module named" in said


_SECRETS = (
    *("gradebook.db", "intro.md", "feedback.toml", "asked.db", "arrivals.json"),
    *("operator.token", "proxy.token", "badge.key", "cookie_secret", "passwords.txt", "hub.sqlite"),
)


def test_no_gradebook_no_source_no_key_is_anywhere(hub: Site) -> None:
    """A file that she may find shows that the search goes everywhere."""
    settings = hub.settings
    secrets = {path.name for path in settings.state.rglob("*") if path.name in _SECRETS}
    assert len(secrets) >= 6  # they are somewhere, so there is something to find
    planted = {
        hub.home("ada") / "deep" / "down",
        settings.exchange / settings.course / "outbound" / "planted",
    }
    tries(hub, f"mkdir -p {hub.home('ada')}/deep/down")
    for folder in planted:
        folder.mkdir(exist_ok=True)
        (folder / "intro.md").touch()
    names = " -o ".join(f"-name {name}" for name in _SECRETS)
    script = f"find / \\( -path /proc -o -path /sys \\) -prune -o \\( {names} \\) -print"
    try:
        found = {line for line in tries(hub, script).splitlines() if line.startswith("/")}
        found = {line for line in found if "/site-packages/nbgrader/tests/" not in line}
        assert found == {str(folder / "intro.md") for folder in planted}
    finally:
        for folder in planted:
            (folder / "intro.md").unlink()
            folder.rmdir()


def test_other_homes_are_not_there(hub: Site) -> None:
    tries(hub, "echo mine > secret.txt", name="ben")
    assert (hub.home("ben") / "secret.txt").read_text() == "mine\n"
    said = tries(hub, f"ls {hub.settings.homes}; cat {hub.home('ben')}/secret.txt")
    assert hub.account("ada") in said
    assert "mine" not in said
    assert hub.account("ben") not in said.split()


def test_there_is_no_way_to_become_another(hub: Site) -> None:
    word = hub.passwords[hub.account("ben")]
    said = tries(hub, f"echo {word} | su {hub.account('ben')} -c id; id -u; cat /etc/shadow")
    assert str(hub.home("ben").stat().st_uid) not in said
    assert "root:" not in said


def test_other_processes_are_not_there(hub: Site) -> None:
    said = tries(hub, "ls /proc | grep '^[0-9]*$'; ps -e -o args")
    assert "jupyterhub" not in said
    assert len([line for line in said.splitlines() if line.isdecimal()]) < 10


_LISTEN = """
import errno, socket, sys
for place in sys.argv[1:]:
    address, port = place.split(":")
    try:
        socket.create_server((address, int(port)))
        print(place, "is mine")
    except OSError as error:
        print(place, errno.errorcode[error.errno])
"""


def test_nobody_can_be_taken_for_the_hub_or_for_another(hub: Site) -> None:
    """Ben waits for a port to be free; he may not have it even then, so it need not be free."""
    port = hub.settings.hub_port
    ports = [privileged_ports.port_of(hub.settings.address), *range(port, port + 4)]
    ada = privileged_ports.loopback_address(pwd.getpwnam(hub.account("ada")).pw_uid)
    places = [*(f"127.0.0.1:{port}" for port in ports), f"{ada[0]}:{ada[1]}"]
    said = hub.as_student("ben", "python", "-c", _LISTEN, *places, "127.0.0.1:0").stdout
    assert said.splitlines() == [*(f"{place} EACCES" for place in places), "127.0.0.1:0 is mine"]
    token = hub.token("ada")
    (server,) = hub.servers("ada")
    assert asks(f"http://{ada[0]}:{ada[1]}/user/{hub.account('ada')}/api/status", token)[0] == 200
    given = Path(f"/proc/{server}/environ").read_text().split("\0")
    sent = dict(line.partition("=")[::2] for line in given)
    assert sent["COURSE_FEEDBACK_URL"] == f"http://127.0.0.1:{port + 3}/services/feedback"
    # What is sent there is good for nothing else.
    mine = sent["COURSE_FEEDBACK_TOKEN"]
    assert asks(f"http://127.0.0.1:{port}/hub/api/user", mine)[0] == 403
    assert asks(f"{hub.settings.address}/user/{hub.account('ada')}/api/contents", mine)[0] == 403
    status, said = asks(f"{sent['COURSE_FEEDBACK_URL']}/check", mine, "POST", {})
    assert (status, "path must be text" in said) == (400, True)
    assert asks(f"{sent['COURSE_FEEDBACK_URL']}/check", token, "POST", {})[0] == 403


class TestExchange:
    """Anybody may put a folder in; that is all they may."""

    def test_submissions_can_not_be_listed_read_or_removed(self, hub: Site) -> None:
        inbound = hub.settings.exchange / hub.settings.course / "inbound"
        name = f"{hub.account('ben')}+02-x+2026-01-01 00:00:00 UTC+random"
        made = tries(hub, f"mkdir '{inbound}/{name}' && echo ok", name="ben")
        assert made == "ok\n"
        said = tries(
            hub, f"ls {inbound}; rmdir '{inbound}/{name}'; mv '{inbound}/{name}' {inbound}/x"
        )
        assert (inbound / name).is_dir()
        assert "cannot open directory" in said
        assert name not in said.replace(f"'{inbound}/{name}'", "")

    def test_lessons_and_feedback_can_not_be_changed(self, hub: Site) -> None:
        root = hub.settings.exchange
        course = root / hub.settings.course
        tries(hub, f"mv {course} {root}/gone; rm -rf {course}/outbound; touch {course}/outbound/x")
        tries(hub, f"touch {course}/feedback/x; ls {course}/feedback")
        assert {path.name for path in course.iterdir()} == {"outbound", "inbound", "feedback"}
        assert not (course / "outbound" / "x").exists()
        assert not (course / "feedback" / "x").exists()
        assert "Permission denied" in tries(hub, f"ls {course}/feedback")

    def test_nobody_hands_in_for_another_or_stops_the_collecting(
        self, hub: Site, caplog: pytest.LogCaptureFixture
    ) -> None:
        inbound = hub.settings.exchange / hub.settings.course / "inbound"
        ada, ben = hub.account("ada"), hub.account("ben")
        names = {
            "forged": f"{ben}+09-forged+2026-01-02 00:00:00 UTC+x",
            "broken": f"{ada}+09-forged+whenever+x",
            "future": f"{ada}+09-forged+2999-01-01 00:00:00 UTC+x",
            "fair": f"{ada}+09-forged+2026-01-01 00:00:00 UTC+x",
        }
        for name in names.values():
            tries(hub, f"mkdir '{inbound}/{name}'")
        collector = collect.CollectOwned()
        collector.log = logging.getLogger("collector")
        found = {
            kind: collector._path_to_record(str(inbound / name))["username"]
            for kind, name in names.items()
        }
        cluster = inbound / names["forged"]  # where accounts have numbers and no names
        os.chown(cluster, collect.cluster_uid(ben), -1)
        assert collector._path_to_record(str(cluster))["username"] == ben
        assert found == {"forged": "", "broken": "", "future": "", "fair": ada}
        # It counts, but not as early as its name says; and the instructor hears of it.
        fair = inbound / names["fair"]
        assert f"{names['fair']} was added or changed on" in caplog.text
        came = submission_time.newest_change(fair).replace(tzinfo=None)
        assert collector._path_to_record(str(fair))["timestamp"] == came
        for name in names.values():
            (inbound / name).rmdir()


class TestHub:
    """The hub's own API, with the token that a student's server has."""

    @pytest.fixture
    def api(self, hub: Site) -> str:
        return f"http://127.0.0.1:{hub.settings.hub_port}/hub/api"

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("GET", "users", None),
            ("GET", "users/{ben}", None),
            ("GET", "groups", None),
            ("GET", "proxy", None),
            ("POST", "users/{ben}/server", None),
            ("DELETE", "users/{ben}/server", None),
            ("POST", "users/{ben}/tokens", {}),
            ("POST", "users/{ada}/tokens", {"scopes": ["admin:users"]}),
            ("POST", "groups/formgrade-autoencoders/users", {"users": ["{ada}"]}),
            ("PATCH", "users/{ada}", {"admin": True}),
            ("POST", "shutdown", {}),
        ],
    )
    def test_a_students_token_opens_nothing(
        self, hub: Site, api: str, method: str, path: str, body: object
    ) -> None:
        names = {"ada": hub.account("ada"), "ben": hub.account("ben")}
        sent = json.loads(json.dumps(body).replace("{ada}", names["ada"]))
        token = hub.token("ada")
        assert asks(f"{api}/user", token)[0] == 200
        status, said = asks(f"{api}/{path.format(**names)}", token, method, sent)
        assert status in {400, 403, 404}, said

    def test_the_list_of_services_holds_no_secret(self, hub: Site, api: str) -> None:
        status, said = asks(f"{api}/services", hub.token("ada"))
        assert status == 200
        assert hub.settings.course in json.loads(said)
        secret = (hub.settings.hub / "operator.token").read_text()
        assert secret not in said
        assert "api_token" not in said

    def test_formgrader_and_other_servers_stay_closed(self, hub: Site) -> None:
        token = hub.token("ada")
        site, port = hub.settings.address, hub.settings.hub_port
        course = f"services/{hub.settings.course}"
        closed = [
            f"{site}/{course}/formgrader/api/assignments",
            f"http://127.0.0.1:{port + 2}/{course}/api/contents",
            f"http://127.0.0.1:{port + 1}/api/routes",
        ]
        for name in ("ben", "ines"):
            tries(hub, "touch my-own.txt", name=name)
            home = f"user/{hub.account(name)}"
            status, said = asks(f"{site}/{home}/api/contents", hub.token(name))
            assert (status, "my-own.txt" in said) == (200, True)
            address, own = privileged_ports.loopback_address(pwd.getpwnam(hub.account(name)).pw_uid)
            paths = ("api/contents", "files/my-own.txt", "lab", "api/kernels", "api/terminals")
            closed += [f"{site}/{home}/{path}" for path in paths]
            closed.append(f"http://{address}:{own}/{home}/api/contents")
        for url in closed:
            status, said = asks(url, token)
            assert status in {403, 404}, (url, status)
            assert "01-intro" not in said
            assert "my-own.txt" not in said.replace("%2F", "/").replace("/files/my-own.txt", "")

    def test_an_instructors_own_server_has_no_formgrader_either(self, hub: Site) -> None:
        """Formgrader belongs to the course and not to a person."""
        token = hub.token("ines")
        site = hub.settings.address
        own = f"{site}/user/{hub.account('ines')}/formgrader/api/assignments"
        assert asks(own, token)[0] == 404
        status, said = asks(f"{site}/user/{hub.account('ines')}/formgraders", token)
        (course,) = json.loads(said)["value"]  # what her course list shows
        assert (status, course["course_id"]) == (200, hub.settings.course)
        assert f"/services/{hub.settings.course}" in course["url"]
        assert asks(f"{site}/user/{hub.account('ada')}/api/contents", token)[0] in {403, 404}


def test_feedback_for_others_stays_theirs(hub: Site) -> None:
    """Feedback lies under names that only the owner of a submission can compute."""
    folder = hub.settings.exchange / hub.settings.course / "feedback"
    secret = folder / "0123456789abcdef.html"
    secret.write_text("<p>Ben has 3 of 7 points.</p>")
    try:
        assert "Ben has" in tries(hub, f"cat {secret}")  # who knows the name may read it
        said = tries(hub, f"ls {folder}; cat {folder}/*; find {folder}; grep -r . {folder}")
        assert "Ben has" not in said
        assert secret.name not in said
    finally:
        secret.unlink()


def test_a_receipt_is_worth_what_the_hub_has_signed(
    hub: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ada hands in, and is told so by the class's server; a receipt that she alters is void."""
    hub.token("ada")
    (server,) = hub.servers("ada")
    given = Path(f"/proc/{server}/environ").read_text().split("\0")
    badge = dict(line.partition("=")[::2] for line in given)["COURSE_FEEDBACK_TOKEN"]
    inbound = hub.settings.exchange / hub.settings.course / "inbound"
    name = f"{hub.account('ada')}+07-signed+2026-01-01 00:00:00 UTC+x"
    tries(hub, f"mkdir '{inbound}/{name}'; echo work > '{inbound}/{name}/a'")
    receipt = Receipt(
        hub.settings.course,
        "07-signed",
        hub.account("ada"),
        "2026-01-01 00:00:00.000000 UTC",
        hash_files(inbound / name),
    )
    told = {key: getattr(receipt, key) for key in ("assignment", "time", "content")}
    url = f"http://127.0.0.1:{hub.settings.hub_port + 3}/services/feedback/receipt"
    status, said = asks(url, badge, "POST", told)
    assert status == 200
    reply = json.loads(said)
    receipt = replace(receipt, confirmed=(reply["time"], reply["mark"]))
    path = tmp_path / "receipt.txt"
    path.write_text(receipt.text())
    verify_receipt(hub.settings, path)
    shown = capsys.readouterr().out
    assert (
        f"Confirmed: {hub.account('ada')} reported submitting 07-signed at {reply['time']}" in shown
    )
    assert "The submission has existed since" in shown
    (inbound / name / "a").write_text("better")
    verify_receipt(hub.settings, path)
    assert "or was changed there" in capsys.readouterr().out
    path.write_text(receipt.text().replace("07-signed", "08-signed"))
    with pytest.raises(RuntimeError, match="this receipt was altered"):
        verify_receipt(hub.settings, path)


def test_the_proxys_token_is_for_root_alone(hub: Site) -> None:
    for name in ("proxy.token", "operator.token", "cookie_secret", "badge.key"):
        path: Path = hub.settings.hub / name
        assert (path.stat().st_mode & 0o077, path.stat().st_uid) == (0, 0)
