"""The message that a submission has arrived."""

from __future__ import annotations

import pytest

from tests.browser.test_quiz_extension import Run

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
JUPYTERLAB_CUTS_AFTER = 140  # characters
SHOWN = """
    const { showReceipts } = await import('./receipt.js');
    const shown = [];
    const events = { connect: slot => slot(null, given) };
    showReceipts(events, { success: (...message) => shown.push(message) }, () => {});
    return shown.map(([text, { actions }]) => [text, actions.map(({ label }) => label)]);
"""


@pytest.mark.parametrize(
    ("late", "told"),
    [
        (None, "UTC. SHA-256 39904f7e…"),
        ("less than 1 min late", "UTC, less than 1 min late. SHA-256 39904f7e…"),
        ("1 day 2 h late: −10%, after spending 1 late day", "late day. SHA-256 39904f7e…"),
    ],
)
def test_the_message_says_what_lateness_costs_and_how_the_hash_begins(
    run: Run, late: str | None, told: str
) -> None:
    receipt = {
        "schema_id": "https://autoencoder-course.invalid/receipt",
        "assignment": "07-variational-autoencoder",
        "time": "2026-11-29 05:01:17.280735 UTC",
        "content": "39904f7e90a25d61" * 4,
        "path": "receipts/07.txt",
        "late": late,
    }
    ((text, actions),) = run(SHOWN, receipt)
    assert text.startswith("07-variational-autoencoder submitted at 2026-11-29 05:01:17 UTC")
    assert text.endswith(told)
    assert len(text) <= JUPYTERLAB_CUTS_AFTER
    assert actions == ["Open receipt"]
