"""Take the README's picture of the digit page, a digit drawn on it.

Run as ``python -m benchmarks.screenshots.digit_page OUT.png --theme light``;
``--phone`` for a phone's.
"""

from __future__ import annotations

import argparse

from playwright.sync_api import ViewportSize, expect, sync_playwright

from course import deployment
from tests.browser.lab import TIMEOUT_MS, launch
from tests.browser.test_digit_page import PHONE, draw, draw_with_finger, open_page

LAPTOP: ViewportSize = {"width": 1080, "height": 900}


def main() -> None:
    """Draw a 4 on the page and look at it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots.digit_page")
    parser.add_argument("out")
    parser.add_argument("--theme", choices=["light", "dark"], default="light")
    parser.add_argument("--phone", action="store_true")
    told = parser.parse_args()
    with deployment.start() as server, sync_playwright() as playwright:
        browser = launch(playwright)
        size: ViewportSize = PHONE if told.phone else LAPTOP
        page = browser.new_page(
            viewport=size,
            color_scheme=told.theme,
            device_scale_factor=1,
            has_touch=told.phone,  # or it would show what only a laptop shows
            is_mobile=told.phone,
        )
        open_page(page, server.url)
        (draw_with_finger if told.phone else draw)(page, "4")
        page.get_by_role("button", name="Analyze").click()
        expect(page.locator("#digit")).to_have_text("4", timeout=TIMEOUT_MS)
        page.wait_for_timeout(500)  # bars that grow
        # A picture of the full page would forget the phone; one of a window that long does not.
        height: int = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": height})
        page.wait_for_timeout(500)
        page.screenshot(path=told.out)
        browser.close()


if __name__ == "__main__":
    main()
