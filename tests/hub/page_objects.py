"""What students and instructors do on the hub in a browser."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.lab import Lab
from tests.browser.servers import Server
from tests.hub.running_hub import WAIT_TIMEOUT_S, RunningHub

WAIT_TIMEOUT_MS = 1000 * WAIT_TIMEOUT_S


def log_in(browser: Browser, hub: RunningHub, name: str, next_path: str = "/hub/home") -> Page:
    """Log in; return the page, which has started to load the next path."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(WAIT_TIMEOUT_MS)
    page.goto(f"{hub.settings.address}/hub/login?next={next_path}")
    page.fill("#username_input", hub.account(name))
    page.fill("#password_input", hub.passwords[hub.account(name)])
    page.click("#login_submit", no_wait_after=True)
    return page


@dataclass(frozen=True)
class StudentPage:
    """A student's JupyterLab."""

    name: str
    hub: RunningHub
    page: Page

    @classmethod
    def log_in(cls, browser: Browser, hub: RunningHub, name: str) -> StudentPage:
        """Log in and let the server start; `wait_until_loaded` waits for it."""
        return cls(name, hub, log_in(browser, hub, name, "/hub/spawn"))

    def wait_until_loaded(self) -> StudentPage:
        self.page.wait_for_function("window.jupyterapp !== undefined")
        self.page.evaluate("jupyterapp.restored.then(() => true)")
        return self

    @property
    def lab(self) -> Lab:
        """The same page, as the browser tests of lessons use it."""
        address = f"{self.hub.settings.address}/user/{self.hub.account(self.name)}/"
        return Lab(self.page, Server(address, "", self.hub.home(self.name)))

    def choose_from_menu(self, entry: str) -> None:
        """Choose an entry from the menu Nbgrader."""
        self.page.locator(".lm-MenuBar-item", has_text="Nbgrader").click()
        self.page.locator(".lm-Menu-item", has_text=entry).click()

    def assignment_list(self) -> Locator:
        """Show and refresh the assignment list."""
        panel = self.page.locator("#nbgrader-assignment-list")
        if not panel.is_visible():
            self.choose_from_menu("Assignment List")
        expect(panel).to_be_visible()
        panel.locator("#refresh_assignments_list").click()
        return panel

    def press(self, button: str, section: str, assignment: str) -> None:
        """Press an assignment's button in a section of the list: Fetch, Submit, Fetch Feedback."""
        rows = self.assignment_list().locator(f"#{section}_assignments_list .list_item")
        row = rows.filter(has_text=assignment).first
        row.get_by_role("button", name=button, exact=True).click()

    def fetch(self, assignment: str) -> Path:
        """Fetch an assignment; return its notebook."""
        self.press("Fetch", "released", assignment)
        row = self.page.locator("#fetched_assignments_list .list_item")
        expect(row.filter(has_text=assignment).first).to_be_visible()
        (notebook,) = (self.hub.home(self.name) / assignment).glob("*.ipynb")
        return notebook

    def submit(self, assignment: str, count: int = 1) -> str:
        """Submit; wait as `wait_for_submission` does and return the notification."""
        self.press("Submit", "fetched", assignment)
        return self.wait_for_submission(assignment, count)

    def wait_for_submission(self, assignment: str, count: int = 1) -> str:
        """Wait until the list shows so many submissions; return the notification's text."""
        toast = self.page.locator(".Toastify__toast", has_text=f"{assignment} submitted at")
        expect(toast).to_have_count(1)
        text: str = toast.inner_text()
        toast.get_by_role("button", name="Open receipt").click()
        receipt = self.page.locator(".jp-FileEditor:visible .cm-content")
        expect(receipt).to_contain_text(f"You handed in {assignment}.")
        expect(toast).to_have_count(0)
        submitted = self.assignment_list().locator("#submitted_assignments_list .list_item")
        rows = submitted.filter(has_text=assignment).locator(".nested_list_item")
        expect(rows).to_have_count(count)
        return text

    def validate(self, notebook: Path) -> str:
        """Press Validate above a notebook; return the dialog's text."""
        with self.lab.open(notebook):
            panel = self.page.locator(".jp-NotebookPanel:visible")
            panel.get_by_role("button", name="Validate", exact=True).click()
            dialog = self.page.locator(".jp-Dialog", has_text="Validation Results")
            expect(dialog).to_be_visible()
            text: str = dialog.inner_text()
            dialog.get_by_role("button", name="Ok").click()
            expect(dialog).to_have_count(0)
        return text

    def receipts(self, assignment: str) -> list[str]:
        """Return an assignment's receipts in the student's folder, the oldest first."""
        paths = sorted((self.hub.home(self.name) / "receipts").glob(f"{assignment} *.txt"))
        return [path.read_text(encoding="utf-8") for path in paths]

    def read_feedback(self, assignment: str) -> str:
        """Fetch the feedback of the only submission and open it in JupyterLab; return its text."""
        self.press("Fetch Feedback", "submitted", assignment)
        self.page.locator("#submitted_assignments_list").get_by_text("(view feedback)").click()
        self.page.locator(".jp-DirListing-item", has_text=".html").dblclick()
        body = self.page.frame_locator(".jp-HTMLViewer iframe").locator("body")
        expect(body).to_contain_text("Feedback")
        text: str = body.inner_text()
        return text


@dataclass(frozen=True)
class InstructorPage:
    """An instructor's formgrader, in its own tab."""

    page: Page
    url: str

    @classmethod
    def log_in(cls, browser: Browser, hub: RunningHub, name: str) -> InstructorPage:
        """Log in, open the course page from the hub's menu Services, and formgrader from there."""
        course = hub.settings.course
        page = log_in(browser, hub, name)
        page.locator(".dropdown-toggle", has_text="Services").click()
        page.locator(".dropdown-item", has_text=course).click()
        expect(page.get_by_role("heading", name="Course page")).to_be_visible()
        page.get_by_role("link", name="formgrader").click()
        expect(page.get_by_role("link", name="Manage Assignments")).to_be_visible()
        return cls(page, f"{hub.settings.address}/services/{course}/formgrader")

    def press(self, assignment: str, column: str) -> str:
        """Press an assignment's button in the table; return the dialog's text."""
        self.page.goto(f"{self.url}/manage_assignments")
        row = self.page.locator("tbody tr", has_text=assignment)
        row.locator(f".{column} a").click()
        return self._dismiss_dialog()

    def autograde(self, assignment: str, student: str) -> str:
        """Autograde one student's submission; return the dialog's text."""
        self.page.goto(f"{self.url}/manage_submissions/{assignment}")
        self.page.locator("tbody tr", has_text=student).locator(".autograde a").click()
        return self._dismiss_dialog()

    def open_submission(self, assignment: str, notebook: str) -> str:
        """Open the first submission in formgrader's gradebook; return its text."""
        self.page.goto(f"{self.url}/gradebook/{assignment}/{notebook}")
        self.page.locator("tbody a", has_text="Submission").first.click()
        expect(self.page.locator(".nbgrader_cell").first).to_be_visible()
        text: str = self.page.locator("body").inner_text()
        return text

    def _dismiss_dialog(self) -> str:
        dialog = self.page.locator(".modal.in")
        expect(dialog).to_be_visible()
        text = dialog.inner_text()
        dialog.get_by_role("button").last.click()
        expect(dialog).to_have_count(0)
        return text
