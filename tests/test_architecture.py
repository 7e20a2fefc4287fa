"""The architecture: one direction of imports, light imports, one list of dependencies."""

from __future__ import annotations

import ast
import functools
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from course import tensorflow_install

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.xdist_group("architecture")  # which reads each file once


@functools.cache
def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@functools.cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def offenders(folder: str, forbidden: str) -> list[str]:
    return [
        str(path.relative_to(ROOT))
        for path in modules(folder)
        if any(name == forbidden or name.startswith(f"{forbidden}.") for name in imported(path))
    ]


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("course", "autograder"),
        ("course", "tests"),
        ("course/widgets", "tensorflow"),
        ("course/widgets", "keras"),
        ("course", "deploy"),
        ("autograder", "tests"),
        ("autograder", "deploy"),
        ("course", "book"),
        ("autograder", "book"),
        ("deploy", "tests"),
        ("course", "benchmarks"),
        ("autograder", "benchmarks"),
        ("deploy", "benchmarks"),
        ("autograder/publish", "autograder.grading"),
    ],
)
def test_imports_point_one_way(folder: str, forbidden: str) -> None:
    assert offenders(folder, forbidden) == []


def grader_map() -> dict[str, str]:
    """Return the map in `autograder`: what each package and module does, by path, in order."""
    text = ast.get_docstring(ast.parse((ROOT / "autograder/__init__.py").read_text("utf-8"))) or ""
    entries: dict[str, str] = {}
    parents: list[str] = []
    for indent, name, job in re.findall(r"(?m)^ {4}( *)(\w+/?) +(\S.*)$", text):
        parents[len(indent) // 2 :] = [name]
        entries["".join(parents)] = job
    return entries


def test_the_map_of_the_grader_lists_every_package_and_module() -> None:
    folder = ROOT / "autograder"
    paths = [path.relative_to(folder) for path in modules("autograder")]
    expected = {path.with_suffix("").as_posix() for path in paths if path.name != "__init__.py"}
    expected |= {f"{path.parent}/" for path in paths if path.name == "__init__.py"} - {"./"}
    assert set(grader_map()) == expected


def grader_imports(path: Path) -> set[str]:
    """The packages of the grader that a module imports, `from autograder import x` included."""
    found: set[str] = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "autograder":
            names = [f"autograder.{alias.name}" for alias in node.names]
        else:
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        found |= {name.split(".")[1] for name in names if name.startswith("autograder.")}
    return found


def test_the_grader_imports_only_what_its_map_lists_below() -> None:
    order = [path.rstrip("/") for path in grader_map() if "/" not in path.rstrip("/")]
    upward = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules("autograder")
        if (own := path.relative_to(ROOT / "autograder").with_suffix("").parts[0]) in order
        for name in grader_imports(path)
        if order.index(name) < order.index(own)
    ]
    assert upward == []


# Everything else reaches nbgrader through these.
NBGRADER_PACKAGES = ("autograder/nbgrader_plugins/", "deploy/hub/")
NBGRADER_MODULES = {  # they list, fetch, validate and submit assignments with nbgrader
    "course/server/assignments.py",
    "course/server/fetch.py",
    "course/server/submit.py",
    "course/server/validate.py",
}


def test_only_plugins_import_nbgrader() -> None:
    importers = {
        path
        for folder in ("autograder", "course", "deploy")
        for path in offenders(folder, "nbgrader")
    }
    plugins = {path for path in importers if path.startswith(NBGRADER_PACKAGES)}
    assert importers - plugins <= NBGRADER_MODULES


def test_code_inside_the_sandbox_imports_the_standard_library_only() -> None:
    """And modules beside it; `kernel_main` also what a kernel is."""
    kernel = {"ipykernel", "traitlets", "zmq"}
    siblings = {path.stem for path in modules("autograder/sandbox/inside")}
    foreign = []
    for path in modules("autograder/sandbox/inside"):
        known = kernel if path.stem == "kernel_main" else set()
        names = {name.split(".")[0] for name in imported(path)} - sys.stdlib_module_names
        foreign += [f"{path.name}: {name}" for name in names - known]
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.ImportFrom) and node.level:
                relative = {alias.name for alias in node.names}
                if node.level > 1 or node.module or not relative <= siblings:
                    foreign.append(f"{path.name}: {ast.unparse(node)}")
    assert "kernel_main" in siblings
    assert foreign == []


def test_importing_the_course_loads_nothing_heavy() -> None:
    code = (
        "import sys, course, course.data, course.quiz\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'matplotlib', 'scipy', 'IPython', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("folder", ["course", "autograder", "deploy", "benchmarks", "tests"])
def test_a_module_is_one_idea(folder: str) -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules(folder)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def project() -> dict[str, list[str]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        table = tomllib.load(file)["project"]
    return {
        "main": table["dependencies"],
        "python": [table["requires-python"]],
        **table["optional-dependencies"],
    }


def normal(requirement: str) -> str:
    """A requirement without extras, which conda does not have."""
    return re.sub(r"\[[^\]]*\]", "", requirement)


def test_environment_yml_lists_the_same_packages_and_bounds() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (pip,) = (entry["pip"] for entry in conda if isinstance(entry, dict))
    names = [entry for entry in conda if isinstance(entry, str)]
    python = [entry.removeprefix("python") for entry in names if entry.startswith("python>")]
    # Python 3.14 works as well, but without TensorFlow, which this environment includes.
    (supported,) = project()["python"]
    assert python == [supported.replace("<3.15", "<3.14")]
    assert all("python_version < '3.14' and" in entry for entry in project()["tensorflow"])
    assert tensorflow_install.NEWEST_PYTHON == (3, 13)
    listed = [entry for entry in names if entry != "pip" and not entry.startswith("python>")]
    listed += [entry for entry in pip if entry != "-e ."]
    required = [entry for extra in ("main", "grader", "tensorflow") for entry in project()[extra]]
    assert sorted(listed) == sorted(map(normal, required))


LOCKS = {  # with the lists in pyproject.toml that each holds
    "requirements.txt": (
        *("main", "tensorflow", "grader", "cluster", "hub", "book", "lite", "editable", "test"),
    ),
    "requirements-lab.txt": ("main", "editable"),
    "course/tensorflow.txt": ("tensorflow",),
}


def pins(lock: str) -> dict[str, frozenset[str]]:
    """Return the hashes of each package and version in a lock; platforms may differ."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = [entry for entry in re.split(r"(?m)^(?=\w)", text) if "==" in entry.split("\n")[0]]
    return {
        re.sub(r"\[.*?\]", "", entry.split()[0]): frozenset(re.findall(r"sha256:\w+", entry))
        for entry in entries
    }


def packages(lock: str) -> set[str]:
    return {pin.partition("==")[0] for pin in pins(lock)}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_hashes_and_no_addresses(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text(encoding="utf-8")
    for requirement in (entry for extra in LOCKS[lock] for entry in project()[extra]):
        assert re.split(r"[\[<>=;]", requirement)[0].lower() in packages(lock)
    assert all(pins(lock).values())


def test_learners_get_the_locked_versions_in_two_parts() -> None:
    everything, begin, later = LOCKS
    assert (pins(begin) | pins(later)).items() <= pins(everything).items()
    assert packages(begin) & packages(later) == set()
    for_others = {"jupyterlite-core", "jupyterhub", "playwright", "pytest", "sphinx", "distributed"}
    assert for_others <= packages(everything) - packages(begin) - packages(later)


METADATA_KEYS = {"nbgrader", "course"}
# Where cell metadata is read and written, by side; the student's side can't import the grader's.
METADATA_MODULES = {"autograder/cells.py", "course/quiz/cells.py"}


def reads_cell_metadata(node: ast.AST) -> bool:
    """True for ``x["nbgrader"]``, ``x.get("nbgrader")``, ``"nbgrader" in x``, x any metadata."""
    match node:
        case ast.Subscript(value=holder, slice=ast.Constant(value=key)):
            pass
        case ast.Call(
            func=ast.Attribute(value=holder, attr="get" | "pop" | "setdefault"),
            args=[ast.Constant(value=key), *_],
        ):
            pass
        case ast.Compare(
            left=ast.Constant(value=key), ops=[ast.In() | ast.NotIn()], comparators=[holder]
        ):
            pass
        case ast.Attribute(value=ast.Attribute(attr="metadata") as holder, attr=key):
            pass
        case _:
            return False
    # nbgrader's converters pass `resources` on.
    return key in METADATA_KEYS and ast.unparse(holder) != "resources"


@pytest.mark.parametrize("folder", ["course", "autograder", "deploy", "benchmarks"])
def test_only_the_cells_modules_read_cell_metadata(folder: str) -> None:
    readers = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules(folder)
        if str(path.relative_to(ROOT)) not in METADATA_MODULES
        for node in ast.walk(parse(path))
        if isinstance(node, ast.expr) and reads_cell_metadata(node)
    }
    assert readers == set()


@pytest.mark.parametrize(
    "page", ["CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/glossary.md"]
)
def test_the_guides_name_files_that_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:autograder|course|deploy|docs|source|tests)/[\w./-]+)`", text)
    assert named
    examples = {"source/NN-name/", "source/NN-name/name.md", "tests/source/test_name.py"}
    assert [name for name in named if name not in examples and not (ROOT / name).exists()] == []


def test_the_versions_agree() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        table = tomllib.load(file)["project"]
    version = table["version"]
    with (ROOT / "selfstudy/pyproject.toml").open("rb") as file:
        answers = tomllib.load(file)["project"]
    assert answers["version"] == version
    assert answers["dependencies"] == [f"autoencoder-course=={version}"]
    assert table["optional-dependencies"]["self-study"] == [f"{answers['name']}=={version}"]
    extension = json.loads((ROOT / "course/labextension/package.json").read_text(encoding="utf-8"))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert extension["version"] == citation["version"] == version
    assert f"## [{version}] - {citation['date-released']}" in changelog


def test_class_names_are_unique_in_the_product() -> None:
    homes: dict[str, list[str]] = {}
    for folder in ("autograder", "course", "deploy"):
        for path in modules(folder):
            for node in parse(path).body:
                if isinstance(node, ast.ClassDef):
                    homes.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}
