"""Sphinx's settings for the book: everything the pages need is part of the site."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from autograder.feedback.formulas import to_mathml
from course.deployment.page import ICON

project = "Autoencoders"
author = "the authors of the course"
html_title = "Autoencoders"
html_favicon = str(ICON)
language = "en"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
default_role = "literal"  # docstrings name code in single backticks
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
html_use_index = False
html_domain_indices = False
exclude_patterns = ["_static"]
html_theme = "pydata_sphinx_theme"
html_css_files = ["book.css"]
html_js_files = [("book.js", {"type": "module"})]
html_copy_source = False
html_show_sourcelink = False
html_math_renderer = "mathml"  # browsers draw it by themselves: no script and no font
# Pages without others below them have nothing to list at the left.
html_sidebars: dict[str, list[str]] = {name: [] for name in ("digits", "train", "accessibility")}
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "navbar_end": ["theme-switcher"],
    "navbar_align": "left",
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copyright = "CC BY 4.0"  # noqa: A001  (the name that Sphinx reads)
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"  # CommonMark has no tables
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # the default loads scripts from another host
myst_enable_extensions = ["dollarmath", "colon_fence", "amsmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "misc.highlighting_failure", "mystnb.unknown_mime_type"]

if tags.has("print"):  # type: ignore[name-defined]  # noqa: F821  (Sphinx provides it)
    # One page with all lessons, for the PDF; its links to other pages lead nowhere.
    root_doc = "print"
    html_theme = "basic"
    html_theme_options = {}
    html_css_files = ["book.css", "print.css"]
    html_js_files = []
    html_permalinks = False
    suppress_warnings += ["myst.xref_missing"]
    include_patterns = ["print.md", "lessons/**", "docs/glossary.md"]
else:
    exclude_patterns += ["print.md"]


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(to_mathml(node.astext()))
    raise nodes.SkipNode


def _block(translator: HTML5Translator, node: nodes.math_block) -> None:
    formula = to_mathml(node.astext(), display=True)
    translator.body.append(f'<div class="math-block" tabindex="0">{formula}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Draw formulas as MathML."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
