"""The widgets' scripts: every import resolves, and a change of any file reloads the widget."""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path

import anywidget
import pytest
from anywidget import _file_contents

from course.deployment import page
from course.widgets import frontend

SCRIPTS = sorted(frontend.FOLDER.glob("*.js"))
STYLES = sorted(frontend.FOLDER.glob("*.css"))
WIDGETS = [path for path in SCRIPTS if "export default { render }" in path.read_text("utf-8")]
SVG_NAMESPACE = "http://www.w3.org/2000/svg"
IMPORT = re.compile(r'^(?:import|export)\b[^;"]*?\bfrom "([^"]+)";', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)


def imports(script: str) -> list[str]:
    return IMPORT.findall(script)


def inlined_modules(script: str) -> list[str]:
    """A script with inlined imports, followed by the scripts it imports."""
    modules = [script]
    for url in imports(script):
        media_type, _, content = url.partition(",")
        assert media_type == "data:text/javascript;base64"
        modules += inlined_modules(base64.b64decode(content, validate=True).decode())
    return modules


def test_each_widget_has_a_script_of_the_same_name() -> None:
    modules = {
        path.stem
        for path in frontend.FOLDER.glob("*.py")
        if "    _esm = frontend_file(" in path.read_text("utf-8")
    }
    assert {path.stem for path in WIDGETS} == modules
    assert len(modules) > 8


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_imported_names_are_exported(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(' from "') == len(imports(text))
    for names, target in re.findall(r'^import \{([^}]*)\} from "\./([^"]+)";', text, re.MULTILINE):
        exported = EXPORT.findall((path.parent / target).read_text(encoding="utf-8"))
        assert {name.strip() for name in names.split(",") if name.strip()} <= set(exported)


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=lambda path: path.name)
def test_no_class_is_one_that_bootstrap_styles(path: Path) -> None:
    """nbgrader loads Bootstrap into JupyterLab, which moves what is in a ``.row``."""
    text = path.read_text(encoding="utf-8")
    names = "row|container|well|panel|label|badge|btn|alert|close|hidden"
    assert not re.findall(rf'class: "(?:[^"]* )?(?:{names})(?: |")|\.(?:{names}) *[{{,]', text)


@pytest.mark.parametrize("path", WIDGETS, ids=lambda path: path.name)
def test_all_imports_of_a_widget_are_inlined(path: Path) -> None:
    modules = inlined_modules(frontend.inline_imports(path))
    files = set(frontend.imported_files(path))
    assert len(files) > 1
    exports = {text.split("\n", 1)[0] for text in modules}
    assert exports == {file.read_text(encoding="utf-8").split("\n", 1)[0] for file in files}


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_all_imports_of_a_style_sheet_are_inlined(path: Path) -> None:
    text = frontend.inline_imports(path)
    assert "@import" not in text
    assert ".explorer {" in text or path.name == "digit_pad.css"


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=lambda path: path.name)
def test_nothing_is_loaded_from_the_network(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace(SVG_NAMESPACE, "")
    assert "http" not in text
    assert "url(" not in text


def test_the_digit_page_serves_every_script_it_imports() -> None:
    for path, media_type in page.FILES.values():
        if media_type == "text/javascript":
            names = [name.removeprefix("./") for name in imports(path.read_text(encoding="utf-8"))]
            assert set(names) <= set(page.FILES), path.name


@pytest.mark.parametrize("changed", ["gibbs.js", "shared.js"])
def test_a_change_reloads_the_widget(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched: dict[str, FileContents] = {}

    class FileContents(_file_contents.FileContents):
        """Without the thread that needs watchfiles."""

        def __init__(self, path: Path) -> None:
            super().__init__(path, start_thread=False)
            watched[path.name] = self

    monkeypatch.setattr(_file_contents, "FileContents", FileContents)
    monkeypatch.setattr(frontend, "FOLDER", tmp_path)
    monkeypatch.setenv("ANYWIDGET_HMR", "1")
    for path in [*SCRIPTS, *STYLES]:
        shutil.copy(path, tmp_path)

    class Widget(anywidget.AnyWidget):
        _esm = frontend.frontend_file("gibbs.js")

    widget = Widget()
    assert set(watched) == {"gibbs.js", "shared.js"}
    with (tmp_path / changed).open("a", encoding="utf-8") as file:
        file.write("// changed\n")
    watched[changed].changed.emit("")
    modules = inlined_modules(widget.get_state()["_esm"])
    assert [text.endswith("// changed\n") for text in modules] == [
        name == changed for name in ("gibbs.js", "shared.js")
    ]
    widget.close()
