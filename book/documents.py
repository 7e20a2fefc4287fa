"""Copy the project's guides into the site's sources, with links that work there.

Example:
    >>> adapt_links("See [the settings](../nbgrader_config.py).", Path("docs"), set())
    'See the settings.'
    >>> adapt_links("[Lesson 1](../source/01-intro/intro.md)", Path("docs"), set())
    '[Lesson 1](../lessons/01-intro/intro.ipynb)'
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Final

PAGES: Final = (
    *("docs/**/*.md", "deploy/**/*.md", "benchmarks/*.md", "course/*.md"),
    *("SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"),
)
_PICTURES: Final = "docs/screenshots/*.png"
_LINK: Final = re.compile(r"(?<![!`\w])\[((?:[^\[\]]|\[[^\]]*\])+)\]\((?!\w+:|#|<)([^)\s]+)\)")
_LESSON: Final = re.compile(r"source/([\w-]+)/([\w-]+)\.md")
_CODE: Final = re.compile(r"(?ms)^( *)(`{3,}).*?^\1\2$")


def copy(root: Path, sources: Path) -> None:
    """Copy the guides and their pictures to the same places in the site's sources."""
    paths = [path for pattern in PAGES for path in sorted(root.glob(pattern))]
    names = {path.relative_to(root).as_posix() for path in paths}
    for path in paths:
        name = path.relative_to(root)
        target = sources / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = adapt_links(path.read_text(encoding="utf-8"), name.parent, names)
        target.write_text(text, encoding="utf-8")
    for picture in root.glob(_PICTURES):
        target = sources / picture.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, target)


def adapt_links(text: str, folder: Path, pages: set[str]) -> str:
    """Point links to the lessons' pages; of links to files that the site lacks, keep the words.

    Args:
        text: A page in Markdown.
        folder: The page's folder in the repository.
        pages: The paths of all pages in the repository.
    """

    def adapt(link: re.Match[str]) -> str:
        words, address = link[1], link[2]
        path, _, anchor = address.partition("#")
        target = Path(os.path.normpath(folder / path)).as_posix()
        if target in pages:
            return link[0]
        if lesson := _LESSON.fullmatch(target):
            page = os.path.relpath(f"lessons/{lesson[1]}/{lesson[2]}.ipynb", folder)
            return f"[{words}]({Path(page).as_posix()}{'#' * bool(anchor)}{anchor})"
        return words

    parts, end = [], 0
    for block in _CODE.finditer(text):
        parts += [_LINK.sub(adapt, text[end : block.start()]), block[0]]
        end = block.end()
    return "".join([*parts, _LINK.sub(adapt, text[end:])])
