"""The course page in a browser: a whole term, strangers and other sites, hostile names, axe."""

from __future__ import annotations

import csv
import http.client
import json
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from autograder import audit_log
from autograder.cells import grade_id
from autograder.course_page import cli
from autograder.lti import key
from autograder.lti.platform import LtiPlatform
from autograder.nbgrader_plugins import export
from autograder.nbgrader_plugins.course_config import read_config
from autograder.sandbox import host_support
from tests.autograder import lessons
from tests.autograder.reports.test_similarity import COPY, ORIGINAL
from tests.autograder.small import LESSON, NOTEBOOK, open_course
from tests.browser import servers
from tests.browser.axe import assert_accessible
from tests.browser.lab import new_context
from tests.browser.servers import Server
from tests.hostile.batch import nbgrader
from tests.hostile.corpus import Submission
from tests.lti_platform import Platform, member, run_platform

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ILIAS = "update;usr_id;login;status;mark\n0;7;ada;notgraded;\n0;8;dora;notgraded;\n"
HOSTILE = "<img src=x onerror=alert(1)>"
SETTINGS = """
c.LateSubmissionPlugin.penalty_method = "zero"
c.ExchangeCollect.check_time = False  # the submissions of a test are all made now
"""


@contextmanager
def serve(root: Path, home: Path) -> Iterator[Server]:
    """Run the course page as on a laptop."""
    token = secrets.token_hex(16)
    environment = servers._environment(home)
    (home / "config").mkdir(parents=True)
    environment |= {
        name: cli.server_environment()[name] for name in ("PATH", "JUPYTER_CONFIG_PATH")
    }
    command = [
        *cli.server_command(root, port=0, browser=False),
        f"--IdentityProvider.token={token}",
    ]
    log = home / "server.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=stream, stderr=stream)
    try:
        url = servers._wait_for_url(home / "runtime", process, token, log)
        yield Server(url, token, root)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=servers.TIMEOUT_S)


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """A learning management system with the three students."""
    with run_platform() as running:
        names = ("ada", "ben", "cleo")
        running.members = [member(f"u-{name}", name, f"{name}@uni.example") for name in names]
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, platform: Platform) -> Iterator[Server]:
    """The course page of a course with a wrong key, and nothing released yet."""
    folder = tmp_path_factory.mktemp("page")
    root = open_course(folder / "course", lessons.TEXT)
    with (root / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(SETTINGS)
        for name, value in platform.settings().items():
            file.write(f"c.LtiPlatform.{name} = {value!r}\n")
    path = LtiPlatform().key_path(root)
    key.create(path)
    platform.tool_key = key.public_jwk(key.load(path))
    _set_key(root, "the first of them")
    with serve(root, folder / "home") as server:
        yield server


@pytest.fixture(scope="module")
def instructor(browser: Browser, site: Server) -> Iterator[BrowserContext]:
    """An instructor in another time zone than UTC, who has opened the address with its token."""
    context = new_context(
        browser, timezone_id="Europe/Berlin", viewport={"width": 1280, "height": 900}
    )
    page = context.new_page()
    page.goto(f"{site.url}course-page?token={site.token}")
    expect(page.get_by_role("heading", name="Course page")).to_be_visible()
    page.close()
    yield context
    context.close()


@pytest.fixture
def page(instructor: BrowserContext) -> Iterator[Page]:
    page = instructor.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: errors.append(dialog.message))
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    yield page
    page.close()
    assert errors == []


def _set_key(root: Path, right: str) -> None:
    """Edit the key of a question in the instructor's notebook, as in JupyterLab."""
    path = root / "source" / LESSON / NOTEBOOK
    nb = nbformat.read(path, as_version=4)
    cell = next(cell for cell in nb.cells if grade_id(cell) == "single")
    bare = cell.source.replace("- [x]", "- [ ]")
    cell.source = bare.replace(f"- [ ] {right}", f"- [x] {right}")
    nbformat.write(nb, path)


def _submit(root: Path, student: str, time: str, solution: str = "") -> None:
    """Put a submission into the exchange, where a student's own server puts it."""
    submission = Submission()
    if solution:
        lessons.cell(submission.nb, "half")["source"] = solution
    inbound = root.parent / "exchange" / "autoencoders" / "inbound"
    folder = inbound / f"{student}+{LESSON}+{time}+{secrets.token_hex(4)}"
    folder.mkdir()
    submission.write(folder)
    (folder / "timestamp.txt").write_text(time)
    (folder / "submission_secret.txt").write_text(secrets.token_hex(32))


def _press(page: Page, name: str) -> None:
    """Press a button that starts a command, and wait until it has ended."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator("[data-task]")).to_have_count(0)


def request(site: Server, method: str, path: str, **headers: str) -> tuple[int, dict[str, str]]:
    """Send a request without a browser; return its status and the headers of the reply."""
    address = urlsplit(site.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    body = urlencode({"time": "+48h", "student": "ada"}) if method == "POST" else None
    sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    connection.request(method, f"{address.path}course-page{path}", body, sent)
    reply = connection.getresponse()
    reply.read()
    connection.close()
    return reply.status, dict(reply.getheaders())


def test_strangers_and_other_sites_get_nothing(site: Server, instructor: BrowserContext) -> None:
    before = audit_log.read(site.root)
    own_host = urlsplit(site.url).netloc
    status, headers = request(site, "GET", "")
    assert (status, "login" in headers["Location"]) == (302, True)
    action = f"/assignments/{LESSON}/extend"
    assert request(site, "POST", action)[0] == 403
    cookies = {cookie["name"]: cookie["value"] for cookie in instructor.cookies()}
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert request(site, "GET", "", Cookie=cookie)[0] == 200
    assert request(site, "GET", "", Cookie=cookie, Host="rebound.example")[0] == 403
    forged = {"Cookie": cookie, "Origin": "https://evil.example"}
    assert request(site, "POST", action, Cookie=cookie)[0] == 403  # without the form's token
    token = cookies["_xsrf"]
    assert request(site, "POST", action, **forged, **{"X-XSRFToken": token})[0] in {403, 404}
    same = {"Cookie": cookie, "Origin": f"http://{own_host}", "X-XSRFToken": token}
    assert request(site, "POST", "/assignments/..%2F..%2Fetc/extend", **same)[0] == 404
    assert request(site, "POST", f"/assignments/{LESSON}/explode", **same)[0] == 404
    assert audit_log.read(site.root) == before
    policy = request(site, "GET", "", Cookie=cookie)[1]["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.long
@pytest.mark.skipif(
    bool(host_support.missing_features()), reason=" ".join(host_support.missing_features())
)
def test_a_whole_term_in_the_browser(site: Server, page: Page, platform: Platform) -> None:
    page.goto(f"{site.url}course-page")
    page.get_by_role("link", name=LESSON, exact=True).click()
    _release(page)
    _collect_and_extend(page, site.root)
    _grade(page)
    _look_at_the_answers(page)
    _correct_the_key(page, site.root)
    _give_back(page, site.root)
    _send(page, site.root, platform)
    actions = [entry.action for entry in audit_log.read(site.root)]  # the commands log theirs, too
    assert {"release", "due date", "collect", "extend", "grade", "similarity"} <= set(actions)
    assert {"dry-run", "feedback", "export", "send"} <= set(actions)
    assert audit_log.check(site.root) == []
    page.get_by_role("link", name="Course page").click()
    log = page.get_by_role("region", name="Who did what").locator("tbody tr")
    expect(log).to_have_count(len(actions))
    expect(log.first).to_contain_text("scores: 3")


def _release(page: Page) -> None:
    """Release the lesson with a due date in the instructor's time zone."""
    _press(page, "Release to students")
    expect(page.get_by_text("Students can fetch it.")).to_be_visible()
    page.get_by_label("Due (Europe/Berlin)").fill("2026-03-01T19:00")
    page.get_by_role("button", name="Set due date").click()
    expect(page.get_by_role("status")).to_contain_text("2026-03-01 18:00 UTC")
    expect(page.get_by_label("Due (Europe/Berlin)")).to_have_value("2026-03-01T19:00")


def _collect_and_extend(page: Page, root: Path) -> None:
    """Collect from three: one in time, one late, one late with an extension and a copy."""
    _submit(root, "ada", "2026-03-01 12:00:00 UTC", ORIGINAL)
    _submit(root, "ben", "2026-03-01 20:00:00 UTC")
    _submit(root, "cleo", "2026-03-01 20:00:00 UTC", COPY)
    _press(page, "Collect submissions")
    expect(page.locator(".counts")).to_contain_text("Submitted 3", use_inner_text=True)
    page.get_by_label("Student").fill("cleo")
    page.get_by_label("Time after the due date").fill("+48h")
    page.get_by_role("button", name="Extend").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("01-small is due on 2026-03-03 18:00 UTC")
    expect(page.get_by_role("listitem").filter(has_text="cleo: 2 d more")).to_be_visible()


def _grade(page: Page) -> None:
    """Grade: the late one has a penalty, the extended one has none."""
    _press(page, "Grade all")
    rows = page.get_by_role("region", name="Submissions", exact=True).locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="ben")).to_contain_text("2 h")
    expect(rows.filter(has_text="ben")).to_contain_text("−7")
    expect(rows.filter(has_text="cleo")).not_to_contain_text("2 h")


def _look_at_the_answers(page: Page) -> None:
    """Find the copied solution, and open the item analysis."""
    _press(page, "Compare submissions")
    pairs = page.get_by_role("region", name="Similar submissions").locator("tbody tr")
    expect(pairs).to_have_count(1)
    expect(pairs).to_contain_text("ada, cleo")
    page.get_by_role("link", name="Item analysis").click()
    expect(page.get_by_role("heading", name="What the class understood: 01-small")).to_be_visible()
    page.go_back()


def _correct_the_key(page: Page, root: Path) -> None:
    """See what the correction of a wrong key would change, then grade again."""
    scores = _scores(root)
    _set_key(root, "the second of them")
    _press(page, "Show what would change")
    result = page.locator("#result")
    expect(result).to_contain_text("What would change")
    expect(result.locator("tbody tr")).to_have_count(3)
    expect(result.locator("tbody tr").first).to_contain_text("single 0 → 1")
    expect(result.locator("tbody tr").first).to_contain_text("the key of single was changed")
    assert _scores(root) == scores
    _press(page, "Grade all")
    expect(result).to_contain_text("The last run")
    changes = {name: score - scores[name] for name, score in _scores(root).items()}
    assert changes == {"ada": 1, "ben": 0, "cleo": 1}  # the late one's penalty takes it away


def _give_back(page: Page, root: Path) -> None:
    """Release feedback, and save the grades for Canvas."""
    _press(page, "Release feedback")
    feedback = root.parent / "exchange" / "autoencoders" / "feedback"
    assert len(list(feedback.glob("*.html"))) == 3
    page.get_by_label("Format").select_option("Canvas")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save grades").click()
    with Path(download.value.path()).open(newline="", encoding="utf-8-sig") as file:
        table = {row["SIS Login ID"]: row for row in csv.DictReader(file)}
    scores = _scores(root)
    assert {name: float(table[name][LESSON]) for name in scores} == scores
    page.get_by_label("Format").select_option("ILIAS")
    page.get_by_label("The LMS’s own export").set_input_files(
        {"name": "status.csv", "mimeType": "text/csv", "buffer": ILIAS.encode()}
    )
    with page.expect_download() as download:
        page.get_by_role("button", name="Save grades").click()
    assert Path(download.value.path()).read_text() == ILIAS.replace(
        "0;7;ada;notgraded;", f"1;7;ada;passed;{scores['ada']:g}"
    )


def _send(page: Page, root: Path, platform: Platform) -> None:
    """See what would be sent to the LMS, and send it."""
    _press(page, "Show what would be sent")
    output = page.get_by_role("region", name="Output")
    expect(output).to_contain_text("3 scores would be sent")
    assert not platform.scores
    _press(page, "Send scores to the LMS")
    expect(output).to_contain_text("3 scores sent, 0 unchanged.")
    scores = {f"u-{name}": score for name, score in _scores(root).items()}
    assert platform.final_scores() == scores
    assert platform.problems == []


def _scores(root: Path) -> dict[str, float]:
    return export.read_grades(read_config(root)).final_scores(LESSON)


@pytest.mark.slow
def test_hostile_names_are_inert_and_every_view_is_accessible(
    site: Server, browser: Browser, page: Page
) -> None:
    code, output = nbgrader(site.root, "generate_assignment", LESSON)
    assert code == 0, output
    (site.root / "submitted" / HOSTILE / LESSON).mkdir(parents=True)
    audit_log.record(site.root, "extend", by=HOSTILE, note=HOSTILE)
    views = ("course-page", f"course-page/assignments/{LESSON}")
    for view in views:
        page.goto(site.url + view)
        expect(page.locator("main")).to_contain_text(HOSTILE)
        expect(page.locator("main img")).to_have_count(0)
    state: Any = page.context.storage_state()
    for scheme in ("light", "dark"):
        phone = new_context(
            browser,
            color_scheme=scheme,
            storage_state=json.loads(json.dumps(state)),
            viewport={"width": 390, "height": 844},
        )
        small = phone.new_page()
        for view in views:
            small.goto(site.url + view)
            assert_accessible(small)
            assert small.evaluate("document.documentElement.scrollWidth") <= 390
        phone.close()
