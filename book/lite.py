"""The JupyterLite edition: the lessons in a browser, without an installation or a server.

Example:
    >>> wanted_in_browser("Requires-Dist: numpy>=2.1"), wanted_in_browser("Requires-Dist: nbgrader")
    (True, False)

JupyterLite runs JupyterLab in the page and Python as WebAssembly (Pyodide). The site holds the
lessons, the course's extension and a wheel of the course; ``lite_extension`` takes the place of the
server, with replies and keys that this module computes. Pyodide and its builds of NumPy, SciPy,
scikit-learn and Matplotlib come from its own host unless a mirror is named.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import itertools
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import nbformat
from nbformat import NotebookNode

from book.field_keys import copy_scripts, field_key
from book.pages import shown_text
from course import lessons, quiz
from course.quiz import cells, kinds
from course.server.check_result import CheckResult, check_answer
from course.server.keys import AnswerKeys, Key

ROOT: Final = Path(__file__).resolve().parents[1]
LITE_EXTENSION: Final = Path(__file__).with_name("lite_extension")
MAX_OPTIONS: Final = 8  # replies to all 256 selections are small
KERNEL: Final = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}
SETUP: Final = """# This installs the course in the browser; the first time takes about a minute.
%pip install -q autoencoder-course"""
_KERNEL_PLUGIN: Final = "@jupyterlite/pyodide-kernel-extension:kernel"
_EXTENSIONS: Final = (
    "@jupyter-widgets/jupyterlab-manager",
    "@jupyterlite/pyodide-kernel-extension",
    "anywidget",
)
_BROWSER_PACKAGES: Final = {
    "anywidget",
    "matplotlib",
    "numpy",
    "pillow",
    "scikit-learn",
    "scipy",
    "threadpoolctl",
    "tqdm",
}


def build(out: Path, *, keys: bool = True, pyodide: str = "", wheels: Path | None = None) -> None:
    """Write the site into a new folder.

    Args:
        out: The folder; what an earlier build wrote there is replaced.
        keys: Whether questions can be checked and exercises have hints.
        pyodide: A folder with an unpacked Pyodide, which becomes part of the site, or the address
            of a ``pyodide.mjs``. Default: Pyodide's own host.
        wheels: A folder of wheels to install from before asking the package index.
    """
    out = out.resolve()
    shutil.rmtree(out, ignore_errors=True)
    work = out.with_name(f"{out.name}-work")
    shutil.rmtree(work, ignore_errors=True)
    _write_lessons(work / "lessons")
    wheel = browser_wheel(work / "wheels")
    extension = work / "extensions" / "autoencoder-course-lite"
    shutil.copytree(LITE_EXTENSION, extension)
    copy_scripts(extension / "static")
    text = json.dumps(replies(ROOT / "source" if keys else None), ensure_ascii=False)
    (extension / "static" / "replies.json").write_text(text, encoding="utf-8")
    own = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    extensions = [own / name for name in _EXTENSIONS]
    extensions += [ROOT / "course" / "labextension", extension]
    local_wheels = [str(wheel), *([str(wheels.resolve())] if wheels else [])]
    config: dict[str, Any] = {
        "LiteBuildConfig": {
            "ignore_sys_prefix": ["federated_extensions"],
            "federated_extensions": [str(path) for path in extensions],
            "contents": [str(work / "lessons")],
            "output_dir": str(out),
            "no_sourcemaps": True,
        },
        "PipliteAddon": {"piplite_urls": local_wheels},
    }
    page: dict[str, Any] = {"disabledExtensions": ["autoencoder-course:home"]}
    if "://" in pyodide:
        page["litePluginSettings"] = {_KERNEL_PLUGIN: {"pyodideUrl": pyodide}}
    elif pyodide:
        shutil.copytree(pyodide, work / "static" / "pyodide")  # where JupyterLite looks for it
    (work / "jupyter_lite_config.json").write_text(json.dumps(config), encoding="utf-8")
    site = {"jupyter-lite-schema-version": 0, "jupyter-config-data": page}
    (work / "jupyter-lite.json").write_text(json.dumps(site), encoding="utf-8")
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", str(work)]
    subprocess.run(command, check=True, cwd=work)  # noqa: S603  (our command)
    _write_start_page(out / "course")


def _write_lessons(folder: Path) -> None:
    for path in sorted(ROOT.glob("release/*/*.ipynb")):
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        notebook.metadata.kernelspec = NotebookNode(KERNEL)
        notebook.cells.insert(1, nbformat.v4.new_code_cell(SETUP, id="setup-in-browser"))
        target = folder / path.relative_to(ROOT / "release")
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, target)
    for text in ROOT.glob("release/*/*.html"):
        shutil.copyfile(text, folder / text.relative_to(ROOT / "release"))


# ---------------------------------------------------------------- the server's replies


def replies(source: Path | None) -> dict[str, Any]:
    """Return the replies to all selections of options, keys of typed answers, and help.

    Args:
        source: The folder of the instructor's notebooks; None for an edition without answers.
    """
    if source is None:
        return {}
    keys = AnswerKeys(source=str(source))
    checks, helps = {}, {}
    for path in sorted(source.glob("*/*.ipynb")):
        name = path.parent.name
        for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells:
            if not cells.is_quiz(cell):
                continue
            question = quiz.parse(shown_text(cell))
            key = keys.find(f"{name}/{path.name}", cells.grade_id(cell), question)
            if variants := list(_variants(key)):
                checks[f"{name}/{cells.grade_id(cell)}"] = {"kind": key.kind, "variants": variants}
        helps[name] = {
            exercise: [*known.hints, f"~~~python\n{known.solution}\n~~~"]
            for exercise, known in keys.exercises(f"{name}/{path.name}").items()
        }
    return {"checks": checks, "helps": helps}


def _variants(key: Key) -> Iterator[dict[str, Any]]:
    """Yield what the page needs to check each variant of a question; most have only one."""
    kind = kinds.named(key.kind)
    for question in key.variants or (key.question,):
        if isinstance(kind, kinds.FieldKind):
            yield field_key(kind, question.source)
        elif len(question.options) <= MAX_OPTIONS:
            variant = replace(key, question=question, is_foreign=False)
            yield {"text": quiz.bare(question.source), "replies": dict(_all_replies(variant))}


def _all_replies(key: Key) -> Iterator[tuple[str, CheckResult]]:
    """Yield the server's reply to each selection, by the numbers of the chosen options."""
    bare = quiz.bare(key.question.source)
    count = len(key.question.options)
    for size in range(count + 1):
        for chosen in itertools.combinations(range(count), size):
            answer = quiz.parse(quiz.mark(bare, set(chosen)))
            yield ",".join(map(str, chosen)), check_answer(answer, key)


# ---------------------------------------------------------------- the course's wheel


def browser_wheel(folder: Path) -> Path:
    """Build the course's wheel, and let it require only what Pyodide has and the lessons need."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if ".data/" not in name}
    (metadata,) = (name for name in files if name.endswith(".dist-info/METADATA"))
    record = metadata.replace("METADATA", "RECORD")
    lines = files[metadata].decode().splitlines(keepends=True)
    text = "".join(line for line in lines if wanted_in_browser(line))
    # The course's upper bound is TensorFlow's; Pyodide is at Python 3.14, without TensorFlow.
    text = re.sub(r"(?m)^Requires-Python: .*$", "Requires-Python: >=3.11", text, count=1)
    files[metadata] = text.encode()
    del files[record]
    entries = [f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in files.items()]
    files[record] = "".join([*entries, f"{record},,\n"]).encode()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return wheel


def wanted_in_browser(line: str) -> bool:
    """Return whether a line of a wheel's metadata stays, which all but some requirements do."""
    found = re.match(r"Requires-Dist: ([\w.-]+)([^;]*)$", line.strip())
    return found[1] in _BROWSER_PACKAGES if found else not line.startswith("Requires-Dist:")


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


# ---------------------------------------------------------------- the start page


def _write_start_page(folder: Path) -> None:
    """Write the page that the extension's link "Course home" opens."""
    items = "".join(
        f'<li><a href="../lab/index.html?path={lesson.name}/{path.name}">{lesson.title}</a></li>'
        for lesson in lessons.LESSONS
        for path in sorted((ROOT / "release" / lesson.name).glob("*.ipynb"))
    )
    folder.mkdir()
    (folder / "index.html").write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>Autoencoders in the browser</title>'
        "<style>body{font:1.1rem/1.6 system-ui,sans-serif;margin:2rem auto;max-width:40rem;"
        "padding:0 1rem}li{margin:.4rem 0}</style><main><h1>Autoencoders in the browser</h1>"
        "<p>Your answers and changes stay in this browser: they are still there when you come "
        "back, but not on another device. Download a notebook to keep it.</p>"
        f"<ol>{items}</ol></main></html>\n",
        encoding="utf-8",
    )


def main(arguments: list[str] | None = None) -> None:
    """Build the edition and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m book.lite", description=build.__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/lite"), help="the folder to write")
    parser.add_argument("--no-keys", action="store_true", help="leave out the answers")
    parser.add_argument("--pyodide", default="", help="a folder or address of a mirror of Pyodide")
    parser.add_argument("--wheels", type=Path, help="a folder of wheels to install from first")
    chosen = parser.parse_args(arguments)
    build(chosen.out, keys=not chosen.no_keys, pyodide=chosen.pyodide, wheels=chosen.wheels)
    print(f"JupyterLite is in {chosen.out}; serve it with: python -m http.server -d {chosen.out}")


if __name__ == "__main__":
    main()
