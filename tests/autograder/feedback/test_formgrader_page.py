"""Formgrader's page with the course's settings: it loads nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from traitlets.config.loader import PyFileConfigLoader

from tests.autograder.pages import Page

ROOT = Path(__file__).resolve().parents[3]
PICTURES = "![a](/hub/logout) ![b](https://x.y/z.png) <img src='/hub/logout'>"


def test_formgrader_draws_formulas_and_asks_nobody() -> None:
    settings = PyFileConfigLoader("nbgrader_config.py", str(ROOT)).load_config()
    exporter = HTMLExporter(config=settings)  # as formgrader does
    cells = [
        new_markdown_cell(f"# score\n\n$\\frac{{1}}{{2}}$ {PICTURES}"),
        new_markdown_cell("```perl\nprint 1\n```"),
        new_code_cell("%%perl\nprint 1"),
    ]
    names = ("base_url", "notebook_id", "assignment_id", "submission_id", "last_name", "first_name")
    resources = {**dict.fromkeys(names, "x"), "index": 0, "total": 1}
    page, _ = exporter.from_notebook_node(new_notebook(cells=cells), resources=resources)
    loaded = re.findall(r'src="(.*?)"|<link[^>]*href="(.*?)"', page)
    assert loaded
    assert all((script + sheet).startswith("x/formgrader/static/") for script, sheet in loaded)
    assert "http" not in re.sub(r"http-equiv|http://www\.w3\.org", "", page)
    assert "img-src data:" in page
    assert "<mfrac>" in page
    assert 'id="text-score"' in page
    notebook = page[page.index('id="notebook"') : page.index('class="help"')]
    assert Page(notebook).acts == []
    assert "<span class" not in notebook.partition("print 1")[2].partition("</pre>")[0]
