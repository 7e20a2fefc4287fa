"""Students can't reach others' work, the answers, the gradebook, or the hub's own files."""

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

from autograder.nbgrader_plugins import timestamps
from course.deadlines import write_public
from course.server.receipts import Receipt, hash_files
from deploy.__main__ import verify_receipt
from deploy.hub import collect, privileged_ports
from deploy.hub.settings import CHECKOUT
from tests.hub.running_hub import WAIT_TIMEOUT_S, RunningHub

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]


def run_shell(hub: RunningHub, script: str, name: str = "ada") -> str:
    """Run a shell script as a student's terminal would; return what it prints."""
    return hub.run_as(name, "bash", "-c", f"{{ {script}\n}} 2>&1").stdout


def request(url: str, token: str, method: str = "GET", body: object = None) -> tuple[int, str]:
    """Send a request; return the status and the text of the reply."""
    http_request = urllib.request.Request(
        url,
        method=method,
        headers={"Authorization": f"token {token}"},
        data=None if body is None else json.dumps(body).encode(),
    )
    try:
        with urllib.request.urlopen(http_request, timeout=WAIT_TIMEOUT_S) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_students_see_only_the_course_and_the_lessons(hub: RunningHub) -> None:
    output = run_shell(hub, f"ls -A {CHECKOUT} {CHECKOUT}/deploy {hub.settings.state}")
    names = set(output.split())
    assert {"course", "release", "student", "exchange"} <= names
    hidden = {"source", "autograder", "tests", ".git", "hub", "grader", "nbgrader_config.py"}
    assert not names & hidden
    assert "Permission denied" not in output


@pytest.mark.parametrize("module", ["autograder", "deploy.hub", "tests"])
def test_grading_code_can_not_be_imported(hub: RunningHub, module: str) -> None:
    assert "No module named" in run_shell(hub, f"python -c 'import course, {module}'")


_SECRETS = (
    *("gradebook.db", "intro.md", "feedback.toml", "asked.db", "arrivals.json"),
    *("operator.token", "proxy.token", "badge.key", "cookie_secret", "passwords.txt", "hub.sqlite"),
)


def test_no_gradebook_source_or_key_can_be_found(hub: RunningHub) -> None:
    """Files planted where students can read show that the search reaches everything."""
    settings = hub.settings
    secrets = {path.name for path in settings.state.rglob("*") if path.name in _SECRETS}
    assert len(secrets) >= 6  # the machine has secrets that could be found
    planted = {
        hub.home("ada") / "deep" / "down",
        settings.exchange / settings.course / "outbound" / "planted",
    }
    run_shell(hub, f"mkdir -p {hub.home('ada')}/deep/down")
    for folder in planted:
        folder.mkdir(exist_ok=True)
        (folder / "intro.md").touch()
    names = " -o ".join(f"-name {name}" for name in _SECRETS)
    script = f"find / \\( -path /proc -o -path /sys \\) -prune -o \\( {names} \\) -print"
    try:
        paths = {line for line in run_shell(hub, script).splitlines() if line.startswith("/")}
        paths = {path for path in paths if "/site-packages/nbgrader/tests/" not in path}
        assert paths == {str(folder / "intro.md") for folder in planted}
    finally:
        for folder in planted:
            (folder / "intro.md").unlink()
            folder.rmdir()


def test_other_homes_are_hidden(hub: RunningHub) -> None:
    run_shell(hub, "echo mine > secret.txt", name="ben")
    assert (hub.home("ben") / "secret.txt").read_text() == "mine\n"
    output = run_shell(hub, f"ls {hub.settings.homes}; cat {hub.home('ben')}/secret.txt")
    assert hub.account("ada") in output
    assert "mine" not in output
    assert hub.account("ben") not in output.split()


def test_nobody_can_become_another_user(hub: RunningHub) -> None:
    ben, password = hub.account("ben"), hub.passwords[hub.account("ben")]
    output = run_shell(hub, f"echo {password} | su {ben} -c id; id -u; cat /etc/shadow")
    assert str(hub.home("ben").stat().st_uid) not in output
    assert "root:" not in output


def test_other_processes_are_hidden(hub: RunningHub) -> None:
    output = run_shell(hub, "ls /proc | grep '^[0-9]*$'; ps -e -o args")
    assert "jupyterhub" not in output
    assert len([line for line in output.splitlines() if line.isdecimal()]) < 10


_LISTEN = """
import errno, socket, sys
for address in sys.argv[1:]:
    host, port = address.split(":")
    try:
        socket.create_server((host, int(port)))
        print(address, "opened")
    except OSError as error:
        print(address, errno.errorcode[error.errno])
"""


def test_nobody_can_impersonate_the_hub_or_another_server(hub: RunningHub) -> None:
    """Ben may not listen on reserved ports, whether or not they are in use."""
    port = hub.settings.hub_port
    ports = [privileged_ports.port_of(hub.settings.address), *range(port, port + 4)]
    ada = privileged_ports.loopback_address(pwd.getpwnam(hub.account("ada")).pw_uid)
    reserved = [*(f"127.0.0.1:{port}" for port in ports), f"{ada[0]}:{ada[1]}"]
    output = hub.run_as("ben", "python", "-c", _LISTEN, *reserved, "127.0.0.1:0").stdout
    expected = [*(f"{address} EACCES" for address in reserved), "127.0.0.1:0 opened"]
    assert output.splitlines() == expected
    environment = hub.server_environment("ada")
    token = environment["JUPYTERHUB_API_TOKEN"]
    assert (
        request(f"http://{ada[0]}:{ada[1]}/user/{hub.account('ada')}/api/status", token)[0] == 200
    )
    service = f"http://127.0.0.1:{port + 3}/services/feedback"
    assert environment["COURSE_FEEDBACK_URL"] == service
    # The token for the feedback service is valid nowhere else.
    feedback_token = environment["COURSE_FEEDBACK_TOKEN"]
    contents = f"{hub.settings.address}/user/{hub.account('ada')}/api/contents"
    assert request(f"http://127.0.0.1:{port}/hub/api/user", feedback_token)[0] == 403
    assert request(contents, feedback_token)[0] == 403
    status, text = request(f"{service}/check", feedback_token, "POST", {})
    assert (status, "path must be a string" in text) == (400, True)
    assert request(f"{service}/check", token, "POST", {})[0] == 403


class TestExchange:
    """Students may add folders to the exchange, and nothing else."""

    def test_submissions_can_not_be_listed_read_or_removed(self, hub: RunningHub) -> None:
        inbound = hub.inbound
        name = f"{hub.account('ben')}+02-x+2026-01-01 00:00:00 UTC+random"
        assert run_shell(hub, f"mkdir '{inbound}/{name}' && echo ok", name="ben") == "ok\n"
        output = run_shell(
            hub, f"ls {inbound}; rmdir '{inbound}/{name}'; mv '{inbound}/{name}' {inbound}/x"
        )
        assert (inbound / name).is_dir()
        assert "cannot open directory" in output
        assert name not in output.replace(f"'{inbound}/{name}'", "")

    def test_lessons_and_feedback_can_not_be_changed(self, hub: RunningHub) -> None:
        root = hub.settings.exchange
        course = root / hub.settings.course
        run_shell(
            hub, f"mv {course} {root}/gone; rm -rf {course}/outbound; touch {course}/outbound/x"
        )
        run_shell(hub, f"touch {course}/feedback/x; ls {course}/feedback")
        if not (course / "deadlines.json").exists():
            write_public(course, {})
        run_shell(hub, f"echo x > {course}/deadlines.json; rm -f {course}/deadlines.json")
        names = {"outbound", "inbound", "feedback", "deadlines.json"}
        assert {path.name for path in course.iterdir()} == names
        assert "x" not in (course / "deadlines.json").read_text(encoding="utf-8").split()
        assert not (course / "outbound" / "x").exists()
        assert not (course / "feedback" / "x").exists()
        assert "Permission denied" in run_shell(hub, f"ls {course}/feedback")

    def test_nobody_can_submit_for_another_or_stop_the_collection(
        self, hub: RunningHub, caplog: pytest.LogCaptureFixture
    ) -> None:
        inbound = hub.inbound
        ada, ben = hub.account("ada"), hub.account("ben")
        names = {
            "forged": f"{ben}+09-forged+2026-01-02 00:00:00 UTC+x",
            "broken": f"{ada}+09-forged+whenever+x",
            "future": f"{ada}+09-forged+2999-01-01 00:00:00 UTC+x",
            "valid": f"{ada}+09-forged+2026-01-01 00:00:00 UTC+x",
        }
        for name in names.values():
            run_shell(hub, f"mkdir '{inbound}/{name}'")
        collector = collect.CollectOwned()
        collector.log = logging.getLogger("collector")
        students = {
            kind: collector._path_to_record(str(inbound / name))["username"]
            for kind, name in names.items()
        }
        assert students == {"forged": "", "broken": "", "future": "", "valid": ada}
        on_cluster = inbound / names["forged"]  # there, accounts have user ids but no names
        os.chown(on_cluster, collect.cluster_uid(ben), -1)
        assert collector._path_to_record(str(on_cluster))["username"] == ben
        # It counts, but not as early as its name says, and a warning tells the instructor.
        valid = inbound / names["valid"]
        assert f"{names['valid']} was added or changed on" in caplog.text
        time = timestamps.newest_change(valid).replace(tzinfo=None)
        assert collector._path_to_record(str(valid))["timestamp"] == time
        for name in names.values():
            (inbound / name).rmdir()


class TestHub:
    """What the token of a student's server allows."""

    @pytest.fixture
    def api(self, hub: RunningHub) -> str:
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
    def test_it_allows_no_request_about_others(
        self, hub: RunningHub, api: str, method: str, path: str, body: object
    ) -> None:
        names = {"ada": hub.account("ada"), "ben": hub.account("ben")}
        content = json.loads(json.dumps(body).replace("{ada}", names["ada"]))
        token = hub.token("ada")
        assert request(f"{api}/user", token)[0] == 200
        status, text = request(f"{api}/{path.format(**names)}", token, method, content)
        assert status in {400, 403, 404}, text

    def test_the_list_of_services_holds_no_secret(self, hub: RunningHub, api: str) -> None:
        status, text = request(f"{api}/services", hub.token("ada"))
        assert status == 200
        assert hub.settings.course in json.loads(text)
        assert (hub.settings.hub / "operator.token").read_text() not in text
        assert "api_token" not in text

    def test_it_opens_neither_formgrader_nor_other_servers(self, hub: RunningHub) -> None:
        token = hub.token("ada")
        site, port = hub.settings.address, hub.settings.hub_port
        course = f"services/{hub.settings.course}"
        urls = [
            f"{site}/{course}/formgrader/api/assignments",
            f"http://127.0.0.1:{port + 2}/{course}/api/contents",
            f"http://127.0.0.1:{port + 1}/api/routes",
        ]
        for name in ("ben", "ines"):
            run_shell(hub, "touch my-own.txt", name=name)
            home = f"user/{hub.account(name)}"
            status, text = request(f"{site}/{home}/api/contents", hub.token(name))
            assert (status, "my-own.txt" in text) == (200, True)
            address, own_port = privileged_ports.loopback_address(
                pwd.getpwnam(hub.account(name)).pw_uid
            )
            paths = ("api/contents", "files/my-own.txt", "lab", "api/kernels", "api/terminals")
            urls += [f"{site}/{home}/{path}" for path in paths]
            urls.append(f"http://{address}:{own_port}/{home}/api/contents")
        for url in urls:
            status, text = request(url, token)
            assert status in {403, 404}, (url, status)
            assert "01-intro" not in text
            assert "my-own.txt" not in text.replace("%2F", "/").replace("/files/my-own.txt", "")

    def test_an_instructors_own_server_has_no_formgrader(self, hub: RunningHub) -> None:
        """Formgrader is a service of the course."""
        token = hub.token("ines")
        site = hub.settings.address
        server = f"{site}/user/{hub.account('ines')}"
        assert request(f"{server}/formgrader/api/assignments", token)[0] == 404
        status, text = request(f"{server}/formgraders", token)
        (course,) = json.loads(text)["value"]  # the course list shows this
        assert (status, course["course_id"]) == (200, hub.settings.course)
        assert f"/services/{hub.settings.course}" in course["url"]
        assert request(f"{site}/user/{hub.account('ada')}/api/contents", token)[0] in {403, 404}


def test_others_feedback_can_not_be_found(hub: RunningHub) -> None:
    """Only the owner of a submission can compute the name of its feedback."""
    folder = hub.settings.exchange / hub.settings.course / "feedback"
    secret = folder / "0123456789abcdef.html"
    secret.write_text("<p>Ben has 3 of 7 points.</p>")
    try:
        assert "Ben has" in run_shell(hub, f"cat {secret}")  # by its name it can be read
        output = run_shell(hub, f"ls {folder}; cat {folder}/*; find {folder}; grep -r . {folder}")
        assert "Ben has" not in output
        assert secret.name not in output
    finally:
        secret.unlink()


def test_a_receipt_is_verified_by_the_hubs_signature(
    hub: RunningHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A confirmed receipt is valid; a receipt that Ada alters is not."""
    token = hub.server_environment("ada")["COURSE_FEEDBACK_TOKEN"]
    folder = hub.submit_folder("ada", "07-signed")
    time = "2026-01-01 00:00:00.000000 UTC"
    account, files = hub.account("ada"), hash_files(folder)
    receipt = Receipt(hub.settings.course, "07-signed", account, time, files)
    notice = {key: getattr(receipt, key) for key in ("assignment", "time", "content")}
    url = f"http://127.0.0.1:{hub.settings.hub_port + 3}/services/feedback/receipt"
    status, text = request(url, token, "POST", notice)
    assert status == 200
    reply = json.loads(text)
    receipt = replace(receipt, confirmed=(reply["time"], reply["mark"]))
    path = tmp_path / "receipt.txt"
    path.write_text(receipt.text())
    verify_receipt(hub.settings, path)
    output = capsys.readouterr().out
    assert f"Confirmed: {account} reported submitting 07-signed at {reply['time']}" in output
    assert "The submission has existed since" in output
    (folder / "a").write_text("better")
    verify_receipt(hub.settings, path)
    assert "or was changed there" in capsys.readouterr().out
    path.write_text(receipt.text().replace("07-signed", "08-signed"))
    with pytest.raises(RuntimeError, match="this receipt was altered"):
        verify_receipt(hub.settings, path)


def test_only_root_can_read_the_hubs_secrets(hub: RunningHub) -> None:
    for name in ("proxy.token", "operator.token", "cookie_secret", "badge.key"):
        path: Path = hub.settings.hub / name
        assert (path.stat().st_mode & 0o077, path.stat().st_uid) == (0, 0)
