"""What people do on the hub, with the mouse: log in, fetch, answer, submit, grade, read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.lab import Lab
from tests.browser.servers import Server
from tests.hub.site import PATIENCE, Site

LONG = PATIENCE * 1000  # milliseconds


def log_in(browser: Browser, site: Site, name: str, then: str = "/hub/home") -> Page:
    """Log in as somebody; return the page, which has begun to go where `then` says."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(LONG)
    page.goto(f"{site.settings.address}/hub/login?next={then}")
    page.fill("#username_input", site.account(name))
    page.fill("#password_input", site.passwords[site.account(name)])
    page.click("#login_submit", no_wait_after=True)
    return page


@dataclass(frozen=True)
class Student:
    """A student at their own JupyterLab."""

    name: str
    site: Site
    page: Page

    @classmethod
    def arrive(cls, browser: Browser, site: Site, name: str) -> Student:
        """Log in and let the server start; `settle` waits for it."""
        return cls(name, site, log_in(browser, site, name, "/hub/spawn"))

    def settle(self) -> Student:
        """Wait until JupyterLab is there."""
        self.page.wait_for_function("window.jupyterapp !== undefined", timeout=LONG)
        self.page.evaluate("jupyterapp.restored.then(() => true)")
        return self

    @property
    def lab(self) -> Lab:
        """The same page, for the hands that know lessons."""
        address = f"{self.site.settings.address}/user/{self.site.account(self.name)}/"
        return Lab(self.page, Server(address, "", self.site.home(self.name)))

    def menu(self, entry: str) -> None:
        """Choose from the menu Nbgrader."""
        self.page.locator(".lm-MenuBar-item", has_text="Nbgrader").click()
        self.page.locator(".lm-Menu-item", has_text=entry).click()

    def assignments(self) -> Locator:
        """Open the tab with the assignments, or come back to it, and have it look anew."""
        found = self.page.locator("#nbgrader-assignment-list")
        if not found.is_visible():
            self.menu("Assignment List")
        expect(found).to_be_visible()
        found.locator("#refresh_assignments_list").click()
        return found

    def press(self, button: str, section: str, assignment: str) -> None:
        """Press an assignment's button in a section of the list: Fetch, Submit, Fetch Feedback."""
        rows = self.assignments().locator(f"#{section}_assignments_list .list_item")
        row = rows.filter(has_text=assignment).first
        row.get_by_role("button", name=button, exact=True).click()

    def fetch(self, assignment: str) -> Path:
        """Fetch an assignment; return its notebook."""
        self.press("Fetch", "released", assignment)
        row = self.page.locator("#fetched_assignments_list .list_item")
        expect(row.filter(has_text=assignment).first).to_be_visible(timeout=LONG)
        (notebook,) = (self.site.home(self.name) / assignment).glob("*.ipynb")
        return notebook

    def submit(self, assignment: str, times: int = 1) -> str:
        """Submit, wait until the list shows so many submissions; return what the page says."""
        self.press("Submit", "fetched", assignment)
        return self.submitted(assignment, times)

    def submitted(self, assignment: str, times: int = 1) -> str:
        """Wait for what comes of pressing Submit; return what the page says."""
        handed_in = self.page.locator("#submitted_assignments_list .list_item")
        rows = handed_in.filter(has_text=assignment).locator(".nested_list_item")
        said = self.page.locator(".Toastify__toast", has_text=f"{assignment} submitted at")
        expect(said).to_have_count(1, timeout=LONG)
        text: str = said.inner_text()
        said.get_by_role("button", name="Open receipt").click()
        opened = self.page.locator(".jp-FileEditor:visible .cm-content")
        expect(opened).to_contain_text(f"You handed in {assignment}.", timeout=LONG)
        expect(said).to_have_count(0)
        self.assignments()
        expect(rows).to_have_count(times, timeout=LONG)
        return text

    def validate(self, notebook: Path) -> str:
        """Press Validate above a notebook; return what it says."""
        with self.lab.open(notebook):
            shown = self.page.locator(".jp-NotebookPanel:visible")
            shown.get_by_role("button", name="Validate", exact=True).click()
            said = self.page.locator(".jp-Dialog", has_text="Validation Results")
            expect(said).to_be_visible(timeout=LONG)
            text: str = said.inner_text()
            said.get_by_role("button", name="Ok").click()
            expect(said).to_have_count(0)
        return text

    def receipts(self, assignment: str) -> list[str]:
        """An assignment's receipts in the student's folder, the oldest first."""
        found = sorted((self.site.home(self.name) / "receipts").glob(f"{assignment} *.txt"))
        return [path.read_text(encoding="utf-8") for path in found]

    def read_feedback(self, assignment: str) -> str:
        """Fetch the feedback of the only submission, open it in JupyterLab, return what it says."""
        self.press("Fetch Feedback", "submitted", assignment)
        self.page.locator("#submitted_assignments_list").get_by_text("(view feedback)").click()
        self.page.locator(".jp-DirListing-item", has_text=".html").dblclick()
        shown = self.page.frame_locator(".jp-HTMLViewer iframe").locator("body")
        expect(shown).to_contain_text("Feedback", timeout=LONG)
        text: str = shown.inner_text()
        return text


@dataclass(frozen=True)
class Instructor:
    """An instructor at formgrader, in a tab of its own."""

    page: Page
    url: str

    @classmethod
    def arrive(cls, browser: Browser, site: Site, name: str) -> Instructor:
        """Log in, and go to formgrader by the hub's menu Services."""
        course = site.settings.course
        page = log_in(browser, site, name)
        page.locator(".dropdown-toggle", has_text="Services").click()
        page.locator(".dropdown-item", has_text=course).click()
        expect(page.get_by_role("link", name="Manage Assignments")).to_be_visible(timeout=LONG)
        return cls(page, f"{site.settings.address}/services/{course}/formgrader")

    def press(self, assignment: str, column: str) -> str:
        """Press an assignment's button in the table; return what formgrader says."""
        self.page.goto(f"{self.url}/manage_assignments")
        row = self.page.locator("tbody tr", has_text=assignment)
        row.locator(f".{column} a").click()
        return self._said()

    def autograde(self, assignment: str, student: str) -> str:
        """Autograde one student's submission; return what formgrader says."""
        self.page.goto(f"{self.url}/manage_submissions/{assignment}")
        self.page.locator("tbody tr", has_text=student).locator(".autograde a").click()
        return self._said()

    def look_at(self, assignment: str, notebook: str) -> str:
        """Open the first of the submissions in formgrader's gradebook; return what it shows."""
        self.page.goto(f"{self.url}/gradebook/{assignment}/{notebook}")
        self.page.locator("tbody a", has_text="Submission").first.click()
        expect(self.page.locator(".nbgrader_cell").first).to_be_visible(timeout=LONG)
        text: str = self.page.locator("body").inner_text()
        return text

    def _said(self) -> str:
        said = self.page.locator(".modal.in")
        expect(said).to_be_visible(timeout=LONG)
        text = said.inner_text()
        said.get_by_role("button").last.click()
        expect(said).to_have_count(0)
        return text
