"""Times on the feedback page, in the reader's time zone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from autograder.feedback.page import SubmissionTime
from tests.autograder.feedback.test_results import DUE, graded, show
from tests.browser.lab import new_context

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
EVIL = "<script>document.title = 'evil'</script>"


@pytest.mark.parametrize("scripts", [True, False])
def test_times_are_the_readers_and_utc_without_scripts(
    browser: Browser, tmp_path: Path, *, scripts: Any
) -> None:
    path = tmp_path / "feedback.html"
    html = show(graded(), submission=SubmissionTime(DUE, 7200))[0]
    # The page's policy lets no other script run.
    path.write_text(html.replace("</main>", f"{EVIL}</main>"), encoding="utf-8")
    context = new_context(
        browser, timezone_id="America/New_York", locale="en-US", java_script_enabled=scripts
    )
    try:
        page = context.new_page()
        page.goto(path.as_uri())
        times = page.locator("time")
        expect(times).to_have_count(2)
        utc, local = "March 1, 2026, 12:00 UTC", "March 1, 2026 at 7:00 AM EST"
        expect(times.first).to_have_text(local if scripts else utc)
        if scripts:
            expect(times.first).to_have_attribute("title", utc)
        assert page.title().startswith("Feedback: ")
    finally:
        context.close()
