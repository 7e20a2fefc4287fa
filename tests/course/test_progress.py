"""Progress bars in a notebook: HTML that stays in the saved file, without a widget."""

from __future__ import annotations

from typing import Any

import pytest

from course.progress import progress_bar

Bundle = dict[str, str]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Bundle]:
    bundles: list[Bundle] = []

    class Handle:
        def update(self, bundle: Bundle, **_: Any) -> None:
            bundles.append(bundle)

    def display(bundle: Bundle, **_: Any) -> Handle:
        bundles.append(bundle)
        return Handle()

    monkeypatch.setattr("course.progress.in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", display)
    return bundles


def test_a_bar_ends_with_what_was_done(
    shown: list[Bundle], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress_bar(total=40, desc="<b>", unit=" batches") as bar:
        assert (
            '<progress value="0" max="40"></progress> &lt;b&gt;: 0% of 40' in shown[0]["text/html"]
        )
        bar.set_postfix_str("loss 2.50", refresh=False)
        bar.update(40)
    assert 'value="40" max="40"' in shown[-1]["text/html"]
    assert shown[-1]["text/plain"].startswith("<b>: 100% of 40 batches in ")
    assert shown[-1]["text/plain"].endswith(", loss 2.50")
    assert all(set(bundle) == {"text/html", "text/plain"} for bundle in shown)
    assert capsys.readouterr() == ("", "")


def test_a_short_task_shows_nothing(shown: list[Bundle]) -> None:
    assert list(progress_bar([1, 2], delay=60)) == [1, 2]
    assert not shown


def test_a_bar_may_disappear_in_the_end(shown: list[Bundle]) -> None:
    list(progress_bar([1, 2], leave=False))
    assert shown[0]["text/plain"]
    assert shown[-1] == {"text/html": "", "text/plain": ""}


def test_a_total_that_is_not_known_has_a_bar_without_a_value(shown: list[Bundle]) -> None:
    with progress_bar(unit="B", unit_scale=True) as bar:
        bar.update(3000)
    assert shown[-1]["text/html"].startswith("<progress ></progress> ")
    assert "3.00kB" in shown[-1]["text/plain"]
