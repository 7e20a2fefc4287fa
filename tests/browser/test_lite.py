"""The JupyterLite edition in a browser: questions are drawn, saved and checked without a server."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import nbformat
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from book import lite
from course import quiz
from course.quiz import cells
from tests.browser.lab import new_context
from tests.browser.servers import serve_files

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
LESSON: Final = "lab/index.html?path=01-intro/intro.ipynb"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("lite") / "site"
    lite.main(["--out", str(out)])
    return out


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    with serve_files(site) as address:
        yield address


@pytest.fixture
def visitor(browser: Browser, url: str) -> Iterator[Page]:
    """A browser whose storage is empty; requests to Pyodide's host find no network."""
    context = new_context(browser, viewport={"width": 1280, "height": 900})

    def local_only(route: Route) -> None:
        route.continue_() if route.request.url.startswith(url) else route.abort()

    context.route("**/*", local_only)
    yield context.new_page()
    context.close()


def progress(page: Page) -> str:
    return page.locator(".course-progress:visible").inner_text()


def test_an_answer_is_checked_and_still_there_after_a_reload(visitor: Page, url: str) -> None:
    requests: list[str] = []
    visitor.on("request", lambda request: requests.append(request.url))
    visitor.goto(url + LESSON)
    visitor.get_by_role("button", name="Next unanswered question").click()
    focused = visitor.locator("[data-name]:has(input:focus)")
    expect(focused).to_have_count(1)
    name = focused.get_attribute("data-name")
    question = visitor.locator(f'[data-name="{name}"]')
    check = question.get_by_role("button", name="Check")
    (known,) = lite.replies(lite.ROOT / "source")["checks"][f"01-intro/{name}"]["variants"]
    right = next(int(n) for n, reply in known["replies"].items() if reply["verdict"] == "right")
    question.get_by_role("radio").nth(1 - right if right < 2 else 0).check()
    expect(question.locator(".course-state")).to_have_text("Saved")
    check.click()
    expect(question).to_contain_text("Not quite.")
    question.get_by_role("radio").nth(right).check()
    expect(question.locator(".course-state")).to_have_text("Saved")
    check.click()
    expect(question).to_contain_text("Correct.")
    assert "1 of 7 answered" in progress(visitor)
    number = visitor.locator('[data-name="quiz-error"]')
    while number.locator("input:focus").count() == 0:
        visitor.get_by_role("button", name="Next unanswered question").click()
        expect(visitor.locator(".course-question input:focus")).to_have_count(1)
    visitor.keyboard.type("0.75")
    number.get_by_role("button", name="Check").press("Enter")
    expect(number).to_contain_text("Not quite.")
    expect(number).to_contain_text("as Keras does")
    number.locator("input").fill("3")
    number.get_by_role("button", name="Check").press("Enter")
    expect(number).to_contain_text("Correct.")
    expect(number.locator(".course-state")).to_have_text("Saved")
    visitor.reload()
    expect(visitor.locator(".course-progress:visible")).to_contain_text("2 of 7 answered")
    foreign = [address for address in requests if not address.startswith((url, "data:", "blob:"))]
    assert {address.split("/")[3] for address in foreign} <= {"pyodide"}


def test_the_start_page_lists_the_lessons_that_are_in_the_site(
    visitor: Page, url: str, site: Path
) -> None:
    visitor.goto(url + "course/")
    links = visitor.get_by_role("link")
    addresses = [link.get_attribute("href") or "" for link in links.all()]
    assert len(addresses) == len(list(lite.ROOT.glob("release/*/*.ipynb")))
    for address in addresses:
        notebook = nbformat.read(site / "files" / address.split("?path=")[1], as_version=4)
        assert "%pip install" in notebook.cells[1].source
        assert notebook.metadata.kernelspec.name == "python"


def test_the_extension_of_the_course_is_included_as_it_is(site: Path) -> None:
    own = lite.ROOT / "course" / "labextension" / "static"
    included = site / "extensions" / "autoencoder-course" / "static"
    for path in own.iterdir():
        assert (included / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_wheel_requires_only_what_browsers_have(site: Path) -> None:
    (wheel,) = (site / "pypi").glob("autoencoder_course-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        (metadata,) = (archive.read(name).decode() for name in names if name.endswith("METADATA"))
        (record,) = (archive.read(name).decode() for name in names if name.endswith("RECORD"))
    required = set(re.findall(r"(?m)^Requires-Dist: ([\w-]+)", metadata))
    assert required == lite._BROWSER_PACKAGES
    assert "Requires-Python: >=3.11\n" in metadata
    assert {line.rsplit(",", 2)[0] for line in record.splitlines()} == set(names)
    assert not any("answers" in name or "autograder" in name for name in names)


def count_questions() -> int:
    paths = lite.ROOT.glob("source/*/*.ipynb")
    notebooks = [nbformat.read(path, as_version=4) for path in paths]
    return sum(cells.is_quiz(cell) for notebook in notebooks for cell in notebook.cells)


def test_replies_are_those_of_the_server_and_absent_without_keys() -> None:
    found: dict[str, Any] = lite.replies(lite.ROOT / "source")
    assert len(found["checks"]) == count_questions()
    assert len(found["checks"]["01-intro/quiz-error"]["variants"]) == 4
    for name, known in found["checks"].items():
        for variant in known["variants"]:
            if "fields" in variant:
                assert all(field["accepts"] for field in variant["fields"]), name
                continue
            verdicts = [reply["verdict"] for reply in variant["replies"].values()]
            assert verdicts.count("right") == 1, name
            assert len(verdicts) == 2 ** len(quiz.parse(variant["text"]).options)
    assert all(texts[-1].startswith("~~~python") for texts in found["helps"]["01-intro"].values())
    text = json.dumps(found)
    assert "BEGIN SOLUTION" not in text
    assert lite.replies(None) == {}


@pytest.mark.long
def test_a_local_pyodide_becomes_part_of_the_site(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "pyodide.mjs").write_text("// stands for Pyodide\n", encoding="utf-8")
    (mirror / "pyodide-lock.json").write_text("{}", encoding="utf-8")
    site = tmp_path / "site"
    lite.main(["--out", str(site), "--no-keys", "--pyodide", str(mirror)])
    settings = json.loads((site / "jupyter-lite.json").read_text(encoding="utf-8"))
    plugins = settings["jupyter-config-data"]["litePluginSettings"]
    address = plugins[lite._KERNEL_PLUGIN]["pyodideUrl"]
    assert (site / address).read_text(encoding="utf-8") == "// stands for Pyodide\n"
    static = site / "extensions" / "autoencoder-course-lite" / "static"
    assert (static / "replies.json").read_text(encoding="utf-8") == "{}"
