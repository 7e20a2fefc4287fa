"""Build the site from lessons and documents."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import nbformat

from book import documents, execute, field_keys, pages, pdf, reference, training
from course.deployment import static_page
from course.widgets.frontend import inline_imports

ROOT: Final = execute.ROOT
PDF_NAME: Final = "autoencoders.pdf"
HERE: Final = Path(__file__).resolve().parent


def build(
    out: Path,
    *,
    keys: bool = True,
    run: Sequence[str] | None = None,
    cache: Path | None = None,
    with_pdf: bool = True,
) -> None:
    """Write the site into a new folder.

    Args:
        out: The folder; what an earlier build wrote there is replaced.
        keys: Whether questions can be checked in the page.
        run: The lessons to run, by name; the others show no outputs. None runs all.
        cache: Where results of lessons are kept. Default: beside ``out``.
        with_pdf: Whether to print the lessons to ``autoencoders.pdf``, too, if there is a Chromium.
    """
    out = out.resolve()
    sources, site = out / "sources", out / "html"
    shutil.rmtree(out, ignore_errors=True)
    _write_lessons(sources, keys, run, cache or out.parent / "executed")
    for path in sorted((HERE / "texts").glob("*.md")):
        shutil.copyfile(path, sources / path.name)
    documents.copy(ROOT, sources)
    reference.write(ROOT, sources / "reference")
    write_scripts(sources / "_static")
    chromium = pdf.find_chromium() if with_pdf else None
    if chromium:
        _run_sphinx("singlehtml", sources, out / "print", "print")
        pdf.write(out / "print" / "print.html", out / PDF_NAME, chromium)
    elif with_pdf:
        print(f"No PDF is printed: install one of {', '.join(pdf.PROGRAMS)}.")
    _run_sphinx("html", sources, site, "pdf" if chromium else "no_pdf")
    if chromium:
        shutil.move(out / PDF_NAME, site / PDF_NAME)
    static_page.write(site / "digits")


def _write_lessons(sources: Path, keys: bool, run: Sequence[str] | None, cache: Path) -> None:
    for lesson in sorted(ROOT.glob("release/*/*.ipynb")):
        folder = sources / "lessons" / lesson.parent.name
        folder.mkdir(parents=True)
        if run is None or lesson.parent.name in run:
            notebook = execute.executed(lesson, cache)
        else:
            notebook = nbformat.read(lesson, as_version=nbformat.NO_CONVERT)
        source = ROOT / "source" / lesson.parent.name / lesson.name
        known = {}
        if keys:
            known = pages.read_keys(nbformat.read(source, as_version=nbformat.NO_CONVERT))
        page = pages.make_page(notebook, known, sources / "_static" / "states")
        nbformat.write(page, folder / lesson.name)
    for text in ROOT.glob("release/*/*.html"):
        shutil.copyfile(text, sources / "lessons" / text.parent.name / text.name)


def write_scripts(static: Path) -> None:
    """Copy the book's own files, the widgets' scripts and style sheets, and digits to train on."""
    shutil.copytree(HERE / "static", static, dirs_exist_ok=True)
    field_keys.copy_scripts(static)
    widgets = static / "widgets"
    widgets.mkdir()
    for script in (ROOT / "course" / "widgets").glob("*.js"):
        shutil.copyfile(script, widgets / script.name)
    for sheet in (ROOT / "course" / "widgets").glob("*.css"):
        (widgets / sheet.name).write_text(inline_imports(sheet), encoding="utf-8")
    training.write(static / "training")


def _run_sphinx(builder: str, sources: Path, site: Path, tag: str) -> None:
    """Build the pages; ``conf.py`` looks at the tag."""
    command = [sys.executable, "-m", "sphinx", "-q", "-b", builder, "-t", tag, "-c", str(HERE)]
    command += ["-d", f"{site}-doctrees", "-D", f"html_static_path={sources / '_static'}"]
    subprocess.run([*command, str(sources), str(site)], check=True)  # noqa: S603  (our command)
