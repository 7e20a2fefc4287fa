"""The feedback page of one notebook, rendered in a process of its own.

Students can write what takes minutes to render. `render_page` limits time and memory, and shows
such a notebook as plain text.
"""

from __future__ import annotations

import functools
import html
from typing import Any, Final

import nbformat
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbformat import NotebookNode

from autograder.feedback import markup, times
from autograder.sandbox.bounded_worker import BoundedError, run_bounded

LIMITS: Final[dict[str, int]] = {"seconds": 20, "megabytes": 1000}  # a lesson needs 0.04 and 150
PLAIN_NOTE: Final = "This page is shown as plain text. {reason}"


def render_page(nb: NotebookNode, resources: dict[str, Any], folders: list[str]) -> str:
    """Return the page.

    Args:
        nb: The graded notebook as `page.prepare_page` leaves it.
        resources: For the template: ``feedback`` and ``nbgrader``.
        folders: Where nbconvert looks for the template ``feedback``.

    Raises:
        BoundedError: Even the plain text takes too long.
    """
    data = {"notebook": nb, "resources": resources, "folders": folders, "plain": False}
    try:
        return run_bounded(render, data, **LIMITS)
    except BoundedError as error:
        notes = [*resources["feedback"]["notes"], PLAIN_NOTE.format(reason=error)]
        feedback = resources["feedback"] | {"notes": notes}
        data |= {"resources": resources | {"feedback": feedback}, "plain": True}
        return run_bounded(render, data, **LIMITS)


def render(data: dict[str, Any]) -> str:
    """Render the page that `render_page` describes; the function of its worker."""
    nb = NotebookNode(nbformat.from_dict(data["notebook"]))
    exporter = _exporter(tuple(data["folders"]), is_plain=data["plain"])
    # HTMLExporter's own step would parse the page again, which takes most of the time.
    page, _ = TemplateExporter.from_notebook_node(exporter, nb, resources=data["resources"])
    return page


@functools.cache
def _exporter(folders: tuple[str, ...], *, is_plain: bool) -> HTMLExporter:
    filters = dict.fromkeys(markup.FILTERS, _plain_text) if is_plain else markup.FILTERS
    return HTMLExporter(
        template_name="feedback",
        extra_template_basedirs=list(folders),
        filters=filters | {"with_times": times.mark_times},
        default_preprocessors=[],
    )


def _plain_text(source: str, **_: Any) -> str:
    source = markup.truncate(source)
    return f"<pre>{html.escape(source)}</pre>"
