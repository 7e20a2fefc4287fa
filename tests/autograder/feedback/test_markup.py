"""Markdown, code and formulas on the feedback page: harmless, complete, and fast."""

from __future__ import annotations

import re
import time

import pytest

from autograder.feedback import formulas, markup
from tests.autograder.pages import Page


@pytest.mark.parametrize("language", ["xpp", "perl", "html", "mermaid", "no-such", "{python}"])
def test_fenced_code_in_another_language_is_plain_text(language: str) -> None:
    shown = markup.render_markdown(f"```{language}\na < b\n```")
    assert "a &lt; b" in shown
    assert "<span" not in shown


def test_python_is_highlighted_with_ipythons_commands() -> None:
    assert '<span class="k">def</span>' in markup.render_markdown("```python\ndef f(): pass\n```")
    shown = markup.highlight_code("%%perl\n!ls\nx = 1")
    assert re.findall(r'<span class="cp">(.*?)</span>', shown) == ["%%perl", "!ls"]
    assert '<span class="n">x</span>' in shown


def test_long_code_is_plain_and_longer_code_is_cut() -> None:
    code = "x = 1\n" * (markup.MAX_HIGHLIGHTED_CHARS // 6 + 1)
    assert "<span" not in markup.highlight_code(code)
    assert code.rstrip() in markup.highlight_code(code)
    shown = markup.highlight_code("x" * 10**6)
    assert len(shown) < markup.MAX_CHARS + 200
    assert markup.TRUNCATED in shown


PIECES = [
    *("\t\n", "\n", " ", '"""\n', "'''", 'f"{', "def ", "\\\n", "import ", "%a\n", "@", "(", "0x"),
    *("`", "``` x\n", "* ", "**a", "_a_", "|a", "|a|b|\n|-|-|\n", "- ", "  - a\n", "> ", "\\"),
    *("[", "](", "![", "[a]: \n", "$a", "$$", "\\\\(", "\\begin{a}", "<", "<!--", "~~", "a@b", "&"),
    *("$x^2$ ", "$\\frac{", "$\\left( ", "<p>", "- [ ] a\n", ": b\n", "1. ", "# "),
]


@pytest.mark.parametrize("piece", PIECES)
def test_no_repetition_takes_long(piece: str) -> None:
    """Some of Pygments' own lexers would take minutes."""
    text = (piece * 20_000)[: markup.MAX_HIGHLIGHTED_CHARS]
    start = time.process_time()
    markup.highlight_code(text)
    markup.render_markdown(text)
    assert time.process_time() - start < 10  # at most 1 second on an idle machine


def test_a_text_draws_its_own_pictures_only() -> None:
    shown = markup.render_markdown(
        "![a](/hub/logout) ![b](https://x.y/z.png) ![c](attachment:none.png)"
        " ![d](data:image/svg+xml;base64,AA==) ![e](data:image/png;base64,AA==)"
    )
    assert Page(shown).acts == []
    assert re.findall('src="(.*?)"', shown) == ["data:image/png;base64,AA=="]


def test_links_within_a_text_stay_apart_from_the_page() -> None:
    shown = markup.render_markdown('# Quiz\n\n[up](#Quiz) [term](#term) <a id="term"></a>')
    assert set(re.findall('id="(.*?)"', shown)) == {"text-Quiz", "text-term"}
    assert set(re.findall('href="(.*?)"', shown)) == {"#text-Quiz", "#text-term"}


def test_task_lists_show_their_boxes() -> None:
    shown = markup.render_markdown("- [x] yes\n- [ ] no")
    assert "☑ yes" in shown
    assert "☐ no" in shown


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$x^2$", "<msup><mi>x</mi><mn>2</mn></msup>"),
        (r"$$\sum_{i=1}^n \frac{x_i}{2}$$", "<mfrac>"),
        (r"\begin{align} a &= b \\ c &= d \end{align}", "<mtable"),
        (r"$\hat{x} = g(f(x))$", "<mover"),
        (r"\\(a < b\\)", "<mo>&lt;</mo>"),
        (r"$\mathbb{R}^{784} \to \mathbb{R}^{30}$", "ℝ"),
    ],
)
def test_formulas_become_mathml(source: str, expected: str) -> None:
    shown = markup.render_markdown(source)
    assert "<math" in shown
    assert expected in shown
    assert "$" not in shown


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\text{&lt;script&gt;alert(1)&lt;/script&gt;}",
        r"<img src=x onerror=alert(1)>",
        r"&#60;script&#62;alert(1)",
        r"\href{javascript:alert(1)}{x}",
        r"\class{a}{x} \cssId{b}{x} \style{position:fixed}{x}",
        r"\color{red;background:url(https://x.y)}{x}",
        r"\hspace{1em;background:url(https://x.y)} x",
        r'\mmlToken{mi}[href="javascript:alert(1)"]{x}',
        r"\require{html} \unicode{x3c}script\unicode{x3e}",
        r"\begin{array}{c' onclick='alert(1)} x \end{array}",
        r"\genfrac{(}{)}{1pt' onclick='alert(1)}{0}{a}{b}",
        r"\operatorname{<iframe src=x>}",
    ],
)
def test_a_hostile_formula_is_harmless(tex: str) -> None:
    for shown in (markup.render_markdown(f"${tex}$"), formulas.to_mathml(tex)):
        assert Page(shown).acts == []
        assert not re.search(r"<(?!/?(?:m[a-z]+|code|p)\b)|<[^>]*(?:url|onclick|style=)", shown)


@pytest.mark.parametrize(
    "tex",
    [
        r"\newcommand{\a}{\a\a}\a",
        r"\def\a{xx}\def\b{\a\a}\def\c{\b\b}\def\d{\c\c}\d",
        r"\let\a=\b \a",
        "{" * 900 + "x" + "}" * 900,
        r"\frac" * 300 + "x",
        "x^" * 900,
        r"\left(" * 300,
        r"\sqrt{" * 300 + "}" * 300,
        r"\begin{matrix}" * 100,
        "&" * 1000 + "\\\\" * 400,
        "x" * 10**6,
    ],
    ids=lambda tex: tex[:20],
)
def test_a_formula_that_explodes_is_converted_fast_or_shown_as_text(tex: str) -> None:
    start = time.process_time()
    shown = formulas.to_mathml(tex)
    assert time.process_time() - start < 5
    assert len(shown) < 50 * min(len(tex), formulas.MAX_CHARS) + len(tex) + 1000
    assert Page(shown).acts == []


def test_nobody_can_forge_the_mark_of_a_formula() -> None:
    shown = markup.render_markdown('<code class="formula-0-inline">x^2</code> `$x$`')
    assert "<math" not in shown
