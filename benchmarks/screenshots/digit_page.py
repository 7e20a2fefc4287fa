"""Take the README's screenshot of the digit page with a digit.

Run as ``python -m benchmarks.screenshots.digit_page OUT.png --theme light``;
``--phone`` takes a phone's.
"""

from __future__ import annotations

import argparse

from playwright.sync_api import ViewportSize, expect, sync_playwright

from course import deployment
from tests.browser.lab import TIMEOUT_MS, launch
from tests.browser.test_digit_page import PHONE, draw, draw_with_finger, open_page

LAPTOP: ViewportSize = {"width": 1080, "height": 900}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots.digit_page")
    parser.add_argument("out")
    parser.add_argument("--theme", choices=["light", "dark"], default="light")
    parser.add_argument("--phone", action="store_true")
    options = parser.parse_args()
    with deployment.start() as server, sync_playwright() as playwright:
        browser = launch(playwright)
        size: ViewportSize = PHONE if options.phone else LAPTOP
        page = browser.new_page(
            viewport=size,
            color_scheme=options.theme,
            device_scale_factor=1,
            has_touch=options.phone,  # else the page shows what is for laptops only
            is_mobile=options.phone,
        )
        open_page(page, server.url)
        (draw_with_finger if options.phone else draw)(page, "4")
        page.get_by_role("button", name="Analyze").click()
        expect(page.locator("#digit")).to_have_text("4", timeout=TIMEOUT_MS)
        page.wait_for_timeout(500)  # growing bars
        # A full-page screenshot drops the emulation of the phone; a taller window keeps it.
        height: int = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": height})
        page.wait_for_timeout(500)
        page.screenshot(path=options.out)
        browser.close()


if __name__ == "__main__":
    main()
