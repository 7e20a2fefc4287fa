"""A student's Markdown as formgrader renders it: it reads the same and can't act."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import markdown2html
from nbformat.v4 import new_markdown_cell, new_notebook
from nbgrader.server_extensions import formgrader

from autograder.grading.sanitize import markdown, outputs
from tests.autograder.pages import Page

TEMPLATES = Path(formgrader.__file__).with_name("templates")
SCRIPTS = [
    "[a](javascript:alert(1))",
    "[a]( JavaScript:alert(1))",
    "[a](<javascript:alert(1)>)",
    "[a](< javascript:alert(1)>)",
    "[a](<java\tscript:alert(1)>)",
    "[a](\njavascript:alert(1))",
    "> [a](\n> javascript:alert(1))",
    "- [a](\n  javascript:alert(1))",
    "[a](javascript&colon;alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](&amp;#106;avascript:alert(1))",
    "[a](java&Tab;script:alert(1))",
    f"[a](<{'&#9;' * 99}javascript:alert(1)>)",
    "[a](vbscript:x)",
    "[a](data:text/html,<script>alert(1)</script>)",
    "[![a](b)](javascript:alert(1))",
    "![a](javascript:alert(1))",
    "[a]\n\n[a]: javascript:alert(1)",
    "[a]\n\n[a]:\n   javascript:alert(1)",
    "> [a]:\n> javascript:alert(1)\n\n[a]",
    "[a][b]\n\n[b]: <javascript:alert(1)>",
    "<javascript:alert(1)>",
    "<a href='javascript:alert(1)'>a</a>",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
]
FORMULAS = [
    r"$\href{javascript:alert(1)}{x}$",
    r"\$&#92;href{javascript:alert(1)}{x}\$",
    r"\$\&#104;ref{javascript:alert(1)}{x}\$",
    r"\$\\href{javascript:alert(1)}{x}\$",
    r"$$\let\a=\href \a{javascript:alert(1)}{x}$$",
    r'\begin{align}\mmlToken{mi}[href="javascript:alert(1)"]{x}\end{align}',
    r"$\require{html}\style{position:fixed}{x}$",
]


def shown(source: str) -> str:
    """Return an added cell as formgrader renders it."""
    nb = new_notebook(cells=[new_markdown_cell(f"BEGINNING\n\n{source}\n\nEND", id="extra-0-0")])
    outputs.sanitize_notebook(nb)
    names = [
        *("base_url", "my_assignment_id", "notebook_id", "assignment_id", "submission_id"),
        *("mathjax_url", "last_name", "first_name"),
    ]
    about = {"index": 0, "total": 1, "next_index": None, "prev_index": None}
    made = HTMLExporter(template_name="formgrade", extra_template_basedirs=[str(TEMPLATES)])
    html, _ = made.from_notebook_node(nb, resources={**dict.fromkeys(names, "x"), **about})
    page = str(html)
    return page[page.index("<p>BEGINNING") : page.rindex("END</p>")]


def test_active_html_is_detected() -> None:
    assert Page(markdown2html("[a](javascript:alert(1))")).acts == ["javascript:alert(1)"]
    assert Page(markdown2html("<img src=x onerror=alert(1)>")).acts == ["x", "onerror"]


def test_markdown_is_inactive_in_formgrader() -> None:
    page = Page(shown("\n\n---\n\n".join(SCRIPTS)))
    assert page.acts == []
    assert page.says.count("alert(1)") >= len(SCRIPTS) - 3


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_is_made_inactive(script: str) -> None:
    assert Page(markdown2html(markdown.sanitize(script))).acts == []


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_are_made_inactive(formula: str) -> None:
    says = Page(markdown2html(markdown.sanitize(formula))).says
    assert re.search(r"\\(href|mmlToken|require|style)", says) is None, says


@pytest.mark.parametrize(
    "source",
    [
        "![a](/hub/logout)",
        "![a](https://x.y/z.png)",
        "![a](//x.y/z.png 'title')",
        "![a](<figure 1.png>)",
        "![a][b]\n\n[b]: https://x.y/z.png",
        "![a]\n\n[a]: /hub/logout",
        "[![a](/hub/logout)](https://x.y)",
        "![![a](/hub/logout)](/hub/logout)",
        "> ![a](\n> /hub/logout)",
        "\\\\![a](/hub/logout)",
        "![a](attachment:a.png)",
        "![a](data:image/svg+xml;base64,AA==)",
        "![a](data:image/png;base64,AA== https://x.y/z.png)",
        "![a\\](data:image/png;base64,AA==)](https://x.y/z.png)",
        "![a [b](data:image/png;base64,AA==)](https://x.y/z.png)",
        "![`](data:image/png;base64,AA==)`](https://x.y/z.png)",
        "<img src='/hub/logout'>",
    ],
)
def test_a_picture_that_would_be_loaded_is_not_drawn(source: str) -> None:
    shown = markdown2html(markdown.sanitize(source))
    assert Page(shown).acts == []
    assert not re.search(r'src="(?!data:image/png)', shown)


def test_a_picture_in_the_text_is_drawn() -> None:
    source = "![a picture, 1:2](data:image/png;base64,iVBORw0KGgo=)"
    assert markdown.sanitize(source) == source
    assert Page(markdown2html(source)).acts == []


@pytest.mark.parametrize(
    "target",
    [
        "evil.html",
        "./evil.HTM#a",
        "<evil.html>",
        "evil&period;html",
        "evil\\.html",
        "evil%2Ehtml",
        "evil.%68tml",
        "a/evil.xhtml?b",
        "evil.svg",
        "evil.xml",
        "/hub/logout",
        "//x.y",
        "../x",
        "https:evil.html",
        "http:/hub/logout",
        "a\\/../../b",
    ],
)
def test_a_link_to_a_page_of_the_server_is_text(target: str) -> None:
    for source in (f"[a]({target})", f"[a][b]\n\n[b]: {target}", f"[a]({target} 'title')"):
        assert "href" not in markdown2html(markdown.sanitize(source)), source


@pytest.mark.parametrize(
    "fence",
    [
        "```xpp",
        "~~~ xpp",
        "````   {xpp} more",
        "- ```xpp",
        "1) ~~~xpp",
        "> > ```xpp",
        "text\r```xpp",
        "   ```perl6",
        "```mermaid",
    ],
)
def test_students_choose_no_language_for_their_code(fence: str) -> None:
    source = f"{fence}\na\n"
    clean = markdown.sanitize(source)
    assert re.search(r"(?:`{3,}|~{3,})\s*text ", clean)
    assert "<span class" not in markdown2html(clean)
    assert "mermaid" not in re.findall('class="(.*?)"', markdown2html(clean))


@pytest.mark.parametrize(
    "source",
    [
        "[a](https://x.y/z?a=b:c) [a](mailto:a@b.c) [a](#place), and: so [a](figure-1.png)",
        "[a]\n\n[a]: http://x.y",
        "`x[0]: int`, a < b && c > d",
        "for x in y[1]:\n  print(x[2:3])",
        r"$\alpha < \beta$ and \begin{align} x &= 1 \end{align}",
        "- [x] the first\n- [ ] the second: b",
        "```python\nx = 1\n```\n\n~~~\ntext\n~~~\n\n```json\n{}\n```",
        "# A heading\n\n> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |",
    ],
)
def test_harmless_markdown_is_unchanged(source: str) -> None:
    assert markdown.sanitize(source) == source


@pytest.mark.parametrize(
    "piece", ["\\begin{a}", "\\begin{a}\\end{b}", "[a](", "](", "[", "[a]: \n", "&", "\n>](", "$a"]
)
def test_long_markdown_is_truncated_with_a_note(piece: str) -> None:
    made = markdown.sanitize(piece * 40_000)
    assert len(made) < 2 * markdown.MAX_CELL_CHARS
    assert made.endswith(markdown.TRUNCATED)
    assert "\\begin" not in made


def test_all_cells_together_are_bounded() -> None:
    cells = [new_markdown_cell("a" * 15_000, id=f"extra-0-{number}") for number in range(100)]
    nb = new_notebook(cells=cells)
    outputs.sanitize_notebook(nb)
    assert sum(len(cell.source) for cell in nb.cells) < markdown.MAX_NOTEBOOK_CHARS + 100 * len(
        markdown.TRUNCATED
    )
    assert nb.cells[0].source == "a" * 15_000
    assert nb.cells[99].source == markdown.TRUNCATED
