"""``python -m autograder adopt FOLDER``: take over the assignments of another nbgrader course.

Everything is tried in a temporary folder first, so that nothing changes if anything is wrong. What
exists here is never overwritten, and the other course stays as it is.
"""

from __future__ import annotations

import copy
import filecmp
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import SchemaTooOldError, reads
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions
from traitlets.config import Config

from autograder import untrusted_folders
from autograder.nbgrader_plugins import completed_source, course_config, import_gradebook
from autograder.nbgrader_plugins.converter_writer import ErrorLog
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.publish.release_check import ReleaseError
from autograder.student_names import why_invalid
from course.wording import format_count

# Not copied. A text file beside a notebook would be taken for the text of a lesson.
_LEFT_OUT: Final = (".ipynb_checkpoints", "__pycache__", "*.pyc", ".DS_Store", "*.md")
# The marks of a solution and so on, which the release check knows by their usual names only.
_MARKS: Final = (
    (ClearSolutions, "begin_solution_delimeter"),
    (ClearSolutions, "end_solution_delimeter"),
    (ClearHiddenTests, "begin_test_delimeter"),
    (ClearHiddenTests, "end_test_delimeter"),
    (ClearMarkScheme, "begin_mark_scheme_delimeter"),
    (ClearMarkScheme, "end_mark_scheme_delimeter"),
)
_UPDATE: Final = (
    "{path} has metadata of an older nbgrader. Back up {folder}, then run there: nbgrader update ."
)


@dataclass
class Plan:
    """What adopting a course would do.

    Attributes:
        steps: What is copied and imported, as lines.
        notes: What to know or to do by hand.
        problems: Why nothing can be adopted; empty if it can.
    """

    steps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the plan as the terminal shows it."""
        parts = (("", self.steps), ("Note: ", self.notes), ("Problem: ", self.problems))
        return "\n".join(f"{label}{line}" for label, lines in parts for line in lines)


class Adoption:
    """Another course and what to take from it.

    Example:
        >>> adoption = Adoption(Path("/srv/stats101"), Path.cwd())  # doctest: +SKIP
        >>> print(adoption.plan)  # doctest: +SKIP
        copy source/ps1 (2 notebooks, 1 other file)
        import the gradebook: 12 students, 12 submissions, 24 scores and 9 comments given by hand
        >>> adoption.carry_out()  # doctest: +SKIP

    Args:
        folder: The other course.
        root: This course.
        names: The assignments to take; all by default.

    Raises:
        CourseError: One of the courses can't be read.
    """

    def __init__(self, folder: Path, root: Path, names: list[str] | None = None) -> None:
        self.folder, self.root = folder.resolve(), root.resolve()
        if self.folder == self.root:
            raise CourseError(f"{folder} is this course itself; name the folder of another one.")
        self.config = course_config.read_config(self.root)
        self.old_config = course_config.read_file(self.folder)
        self.old_config.CourseDirectory.root = str(self.folder)
        self.plan = Plan()
        self.names = self._assignments(names)
        self._shared = list(self._shared_files())
        self._note_settings()
        self._gradebook = import_gradebook.read(self._old("").db_url, self.names)
        for name in self.names:
            self._check(name)
        self._plan_submissions()
        if self._gradebook.students:
            self.plan.steps.append(f"import the gradebook: {self._gradebook.summary()}")
        self.plan.notes += self._gradebook.notes

    def carry_out(self) -> list[str]:
        """Copy, generate and import.

        Returns:
            What could not be imported, as lines.

        Raises:
            CourseError: The plan has problems, or nbgrader can't generate an assignment.
        """
        if self.plan.problems:
            raise CourseError("Nothing was changed.")
        for origin, target in self._shared:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copy(origin, target)
        for name in self.names:
            new = self._new(name)
            if not new.source.exists():
                new.source.parent.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryDirectory(prefix=".new-", dir=new.source.parent) as temp:
                    self._copy_source(name, Path(temp, name)).rename(new.source)
            problem = _generate(self.config, name)
            if problem:
                raise CourseError(f"{name} is copied, but can't be generated: {problem}")
        for name, student, origin in self._submissions():
            target = self._new(name).submitted(student)
            target.parent.mkdir(parents=True, exist_ok=True)
            untrusted_folders.copy_regular_files(origin, target)
        course = self._new("").course
        return import_gradebook.write(self._gradebook, course.db_url, course.course_id)

    def _old(self, name: str) -> CoursePaths:
        return CoursePaths.from_config(self.old_config, name)

    def _new(self, name: str) -> CoursePaths:
        return CoursePaths.from_config(self.config, name)

    def _assignments(self, names: list[str] | None) -> list[str]:
        folder = self._old("*").source
        known = sorted({path.parent.name for path in folder.parent.glob("*/*.ipynb")})
        if not known:
            raise CourseError(
                f"{self.folder} has no notebooks in {folder.parent.name}/*/; name the folder that"
                " holds an nbgrader course's source/."
            )
        if unknown := set(names or ()) - set(known):
            raise CourseError(
                f"{self.folder} has no assignment {', '.join(map(repr, sorted(unknown)))};"
                f" choose from {', '.join(known)}"
            )
        return names or known

    def _shared_files(self) -> Iterator[tuple[Path, Path]]:
        """Yield what several assignments use, and where it goes: headers, footers, autotests."""
        for setting in ("header", "footer"):
            value = self.old_config.get("IncludeHeaderFooter", {}).get(setting)
            if value and self.config.get("IncludeHeaderFooter", {}).get(setting) != value:
                self.plan.notes.append(
                    f"to put the {setting} into every assignment, add to {course_config.FILE}:"
                    f" c.IncludeHeaderFooter.{setting} = {value!r}"
                )
            if value and not Path(value).is_absolute() and ".." not in Path(value).parts:
                yield self.folder / value, self.root / value
        autotests = self.folder / completed_source.AUTOTESTS_FILE
        if autotests.is_file():
            yield autotests, self.root / autotests.name

    def _note_settings(self) -> None:
        for origin, target in self._shared:
            name = target.relative_to(self.root)
            if not origin.is_file():
                self.plan.problems.append(
                    f"{origin} is missing; put it back or change {course_config.FILE}"
                )
            elif not target.exists():
                self.plan.steps.append(f"copy {name}")
            elif not filecmp.cmp(origin, target, shallow=False):
                self.plan.problems.append(f"{name} exists here with other contents; rename one")
        for plugin, trait in _MARKS:
            if old := _changed(self.old_config, plugin, trait):
                usual = getattr(plugin(), trait)
                self.plan.steps.append(f"replace {old!r} by {usual!r} in the copies")
        stubs = self.old_config.get("ClearSolutions", {})
        if "code_stub" in stubs or "text_stub" in stubs:
            self.plan.notes.append(
                "the stubs of solutions become this course's; to keep yours, copy"
                " c.ClearSolutions from the other nbgrader_config.py to this one"
            )
        for converter in ("GenerateAssignment", "Autograde", "GenerateFeedback"):
            if any("preprocessors" in key for key in self.old_config.get(converter, {})):
                self.plan.notes.append(f"own preprocessors of {converter} are left out")

    def _copy_source(self, name: str, to: Path) -> Path:
        """Copy an assignment, with the usual marks in place of its own."""
        shutil.copytree(self._old(name).source, to, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        marks = {
            old: getattr(plugin(), trait)
            for plugin, trait in _MARKS
            if (old := _changed(self.old_config, plugin, trait))
        }
        for path in to.glob("*.ipynb") if marks else ():
            nb = nbformat.read(path, as_version=nbformat.NO_CONVERT)
            for cell in nb.cells:
                for old, usual in marks.items():
                    cell.source = cell.source.replace(old, usual)
            nbformat.write(nb, path, version=nbformat.NO_CONVERT)
        return to

    def _check(self, name: str) -> None:
        """Generate an assignment in a temporary folder."""
        source, plan = self._old(name).source, self.plan
        notebooks = sorted(source.glob("*.ipynb"))
        if problems := list(filter(None, (_notebook_problem(path) for path in notebooks))):
            plan.problems += problems
            return
        files = sorted(path for path in source.rglob("*") if path.is_file())
        with tempfile.TemporaryDirectory(prefix="adopt-") as temp:
            copied = self._copy_source(name, Path(temp, "source", name))
            if not self._new(name).source.exists():
                others = sum(path.is_file() for path in copied.rglob("*")) - len(notebooks)
                counts = (
                    f"{format_count(len(notebooks), 'notebook')},"
                    f" {format_count(others, 'other file')}"
                )
                plan.steps.append(f"copy source/{name} ({counts})")
            elif not _same_folders(copied, self._new(name).source):
                plan.problems.append(f"source/{name} exists here with other contents; rename one")
                return
            for origin, target in self._shared:
                shared = Path(temp, target.relative_to(self.root))
                shared.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(origin, shared)
            if problem := _try_generating(self.config, name, Path(temp)):
                plan.problems.append(f"{name}: {problem}")
        plan.notes += filter(None, (_file_note(path, source) for path in files))

    def _submissions(self) -> Iterator[tuple[str, str, Path]]:
        """Yield assignment, student and folder of each submission that isn't here yet."""
        for name in self.names:
            for student, origin in sorted(self._old(name).submissions().items()):
                is_new = (
                    not why_invalid(student) and not self._new(name).submitted(student).exists()
                )
                if is_new and origin.is_dir() and not origin.is_symlink():
                    yield name, student, origin

    def _plan_submissions(self) -> None:
        for name in self.names:
            new = sum(assignment == name for assignment, *_ in self._submissions())
            if new:
                self.plan.steps.append(f"copy {format_count(new, 'submission')} of {name}")
            invalid = self._old(name).invalid_submissions().values()
            self.plan.notes += [f"submission left out: {problem}" for problem in invalid]


def _notebook_problem(path: Path) -> str:
    """Return why nbgrader can't read a notebook, or an empty string."""
    try:
        reads(path.read_text(encoding="utf-8"), as_version=4)
    except SchemaTooOldError:
        return _UPDATE.format(path=path, folder=path.parents[2])
    except Exception as error:  # noqa: BLE001  (any file may have this name)
        reason = str(error).strip().splitlines() or [type(error).__name__]
        return f"{path} can't be used: {reason[0]}"
    return ""


def _file_note(path: Path, source: Path) -> str:
    """Return what is special about an assignment's file, or an empty string."""
    name = f"{source.name}/{path.relative_to(source)}"
    if path.suffix == ".ipynb" and path.parent != source:
        return f"{name} is in a subfolder; nbgrader leaves it out"
    if path.suffix == ".md":
        return f"{name} is left out, because lesson texts end in .md; copy it as .txt"
    return ""


def _changed(config: Config, plugin: Any, trait: str) -> str:
    """Return a setting that differs from nbgrader's default, or an empty string."""
    value = str(config.get(plugin.__name__, {}).get(trait, ""))
    return value if value != getattr(plugin(), trait) else ""


def _try_generating(config: Config, name: str, root: Path) -> str:
    """Generate an assignment in another folder; return what is wrong with it."""
    trial = copy.deepcopy(config)
    trial.CourseDirectory.root = str(root)
    trial.GenerateAssignment.no_database = True
    trial.GenerateAssignment.exporter_class = NotebookExporter
    trial.SaveCells.enabled = False
    return _generate(trial, name)


def _generate(config: Config, name: str) -> str:
    """Generate an assignment; return why nbgrader can't, or an empty string."""
    log = ErrorLog(name)
    course = CourseDirectory(config=config, assignment_id=name)
    try:
        converter = GenerateAssignment(coursedir=course, config=config)
        converter.log = log.logger
        converter.start()
    except Exception as error:  # noqa: BLE001  (plugins and notebooks may raise anything)
        text = "\n".join(record.getMessage() for record in log.buffer)
        refused = text.rpartition(f"{ReleaseError.__name__}: ")[2].partition("\n- ")[2]
        return refused.strip() or log.last_line() or str(error) or type(error).__name__
    return ""


def _same_folders(one: Path, other: Path) -> bool:
    def contents(folder: Path) -> dict[Path, bytes]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {
            path.relative_to(folder): path.read_bytes()
            for path in files
            if not any(path.match(pattern) for pattern in _LEFT_OUT)
            and not set(path.relative_to(folder).parts) & set(_LEFT_OUT)
        }

    return contents(one) == contents(other)
