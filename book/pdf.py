"""Print the lessons as one PDF: tagged, with bookmarks, from a page that holds all of them.

Chromium prints it, because the page's figures, tables and formulas are made for browsers.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_TIMEOUT_MS: Final = 600_000  # for hundreds of pages on a busy machine
_PAGE_NUMBER: Final = (
    '<div style="font: 9px sans-serif; text-align: center; width: 100%">'
    '<span class="pageNumber"></span></div>'
)


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None."""
    return next((path for path in map(shutil.which, PROGRAMS) if path), None)


def write(page: Path, target: Path, chromium: str) -> None:
    """Print a page to a PDF file.

    Args:
        page: An HTML file; its scripts don't run, and it can't load anything from the network.
        target: The file to write.
        chromium: The path of the program.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Chromium's own sandbox doesn't start as root, and the page is ours.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(java_script_enabled=False, offline=True)
        context.set_default_timeout(_TIMEOUT_MS)
        printed = context.new_page()
        printed.goto(page.resolve().as_uri(), wait_until="load")
        printed.pdf(
            path=target,
            format="A4",
            margin={"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"},
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=_PAGE_NUMBER,
            outline=True,
            tagged=True,
        )
        browser.close()
