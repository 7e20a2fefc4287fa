"""The instructor's commands: ``python -m autograder --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from autograder.lms import arguments

# Each command imports only what it needs: the libraries take seconds to load.


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = make_parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    return run(options)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the instructor's commands.

    Example:
        >>> make_parser().parse_args(["grade", "01-intro"]).name
        '01-intro'
    """
    parser = argparse.ArgumentParser(
        prog="python -m autograder", description="Build, grade and analyze the course."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(run: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        description = f"{summary[0].upper()}{summary[1:]}."
        name = run.__name__.removeprefix("_")
        command = commands.add_parser(name, help=summary, description=description)
        command.set_defaults(run=run)
        return command

    build = add(_build, "build the notebooks in source/ and release/ from the text")
    build.add_argument("names", nargs="*", metavar="NAME", help="assignments (default: all)")
    new = add(_new, "write a small lesson with one cell of each role, and build it")
    new.add_argument("name", metavar="NAME", help="its name, such as 07-my-lesson")
    grade = _add_grade_command(add)
    adopt = add(_adopt, "take over assignments, submissions and gradebook of an nbgrader course")
    adopt.add_argument("folder", type=Path, metavar="FOLDER", help="the other course's folder")
    adopt.add_argument("names", nargs="*", metavar="NAME", help="assignments (default: all)")
    dry_run_help = "check everything and say what would change, but change nothing"
    adopt.add_argument("--dry-run", action="store_true", help=dry_run_help)
    plan = add(_plan, "estimate the cores and minutes a class needs, from a report")
    report_help = "a report written by: grade NAME --report FILE"
    plan.add_argument("report", type=Path, metavar="FILE", help=report_help)
    students_help, sizes = "class sizes (default: 300 5000 50000)", [300, 5000, 50_000]
    plan.add_argument(
        "--students", type=int, nargs="+", default=sizes, metavar="N", help=students_help
    )
    plan.add_argument("--minutes", type=float, default=60.0, help="time limit (default: 60)")
    statistics = add(
        _statistics, "analyze the questions: difficulty, discrimination, options chosen"
    )
    statistics.add_argument("name", metavar="NAME", help="the assignment")
    page_help = "write a page with intervals, distractors, messages and attempts to FILE"
    statistics.add_argument("--html", type=Path, metavar="FILE", help=page_help)
    statistics.add_argument("--csv", type=Path, metavar="FILE", help="write the numbers to FILE")
    class_commands = _add_class_commands(add)
    times = add(_times, "measure how long each lesson takes to run")
    doctor = add(_doctor, "test how well this machine isolates students' code")
    for command in (build, new, grade, adopt, statistics, times, doctor, *class_commands):
        root_help = "the course folder (default: the current folder)"
        command.add_argument("--root", type=Path, default=Path.cwd(), help=root_help)
    return parser


def _add_grade_command(
    add: Callable[[Callable[[argparse.Namespace], int], str], argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """Add the command that grades a class."""
    grade = add(_grade, "grade all submissions of an assignment in parallel")
    grade.add_argument("name", metavar="NAME", help="the assignment")
    jobs_help = "submissions to grade in parallel (default: one per CPU core)"
    grade.add_argument("--jobs", type=int, metavar="N", help=jobs_help)
    cluster = grade.add_mutually_exclusive_group()
    scheduler_help = "grade on the Dask cluster with this scheduler"
    cluster.add_argument("--scheduler", metavar="ADDRESS", help=scheduler_help)
    gateway_help = (
        "grade on a new cluster for --jobs submissions, started by this Dask Gateway (default: the"
        " one in Dask's configuration)"
    )
    cluster.add_argument("--gateway", nargs="?", const="", metavar="ADDRESS", help=gateway_help)
    only_help = "retry submissions that failed or need review; others keep their result"
    grade.add_argument("--only", choices=["failed"], help=only_help)
    force_help = "grade everything again, even what has not changed"
    grade.add_argument("--force", action="store_true", help=force_help)
    grade.add_argument("--report", type=Path, metavar="FILE", help="write a JSON report to FILE")
    dry_run_help = "list whose points would change, from what to what and why; write nothing"
    grade.add_argument("--dry-run", action="store_true", help=dry_run_help)
    json_help = "print each submission as a line of JSON, for other programs"
    grade.add_argument("--json", action="store_true", help=json_help)
    by_help = "who grades, for the log and the history (default: this account)"
    grade.add_argument("--by", default="", metavar="NAME", help=by_help)
    grade.epilog = (
        "Exit status: 0 if everything is graded, 1 if a submission needs attention or the run"
        " stopped, 2 if it could not start, 3 if somebody has fewer points than before (or would,"
        " with --dry-run), 130 after Ctrl+C."
    )
    return grade


def _add_class_commands(
    add: Callable[[Callable[[argparse.Namespace], int], str], argparse.ArgumentParser],
) -> list[argparse.ArgumentParser]:
    """Add the commands about a class and its students, with files for elsewhere."""
    lms = add(_lms, "write or send final scores to an LMS, and read its roster")
    lms_commands = arguments.add_arguments(lms)
    questions = add(_questions, "write questions WITH THEIR KEYS for an LMS's question bank")
    questions.add_argument("name", metavar="NAME", help="the assignment")
    format_help = "QTI 2.1 or Moodle XML"
    questions.add_argument("--format", choices=["qti", "moodle"], required=True, help=format_help)
    keys_help = "the file to write; it holds the keys, so keep it private"
    questions.add_argument("--to", type=Path, metavar="FILE", required=True, help=keys_help)
    similarity = add(_similarity, "list submissions that are suspiciously alike")
    similarity.add_argument("name", metavar="NAME", help="the assignment")
    similarity.add_argument("--csv", type=Path, metavar="FILE", help="write the pairs to FILE")
    extend = add(_extend, "extend the due date of one student")
    extend.add_argument("student", metavar="STUDENT", help="the student's id")
    extend.add_argument("name", metavar="ASSIGNMENT", help="the assignment")
    extend.add_argument(
        "time", metavar="TIME", help="time after the due date: +48h, +2d, +1d12h; 0 for none"
    )
    deadlines = add(_deadlines, "show due dates, and apply the late rules of deadlines.toml")
    deadlines.add_argument(
        "name", nargs="?", metavar="ASSIGNMENT", help="one to set a due date for"
    )
    due_help = "when it is due, such as '2026-12-01 18:00' in the course's time zone; or: none"
    deadlines.add_argument("time", nargs="?", metavar="TIME", help=due_help)
    deadlines_help = "list whose points would change, and change nothing"
    deadlines.add_argument("--dry-run", action="store_true", help=deadlines_help)
    deadlines.epilog = "Exit status: 3 if somebody has fewer points than before, 2 after an error."
    log = add(_log, "show who changed grades and rules, and when")
    add_help = "add a line for what was done elsewhere, such as: backup monday.tar.gz"
    log.add_argument("--add", metavar="TEXT", help=add_help)
    person = add(_person, "export or erase all data about one person")
    person.add_argument("name", metavar="NAME", help="the student's id")
    action_help = "write all data to a file, or remove it"
    person.add_argument("action", choices=["export", "erase"], help=action_help)
    target_help = "the ZIP file that export writes (default: NAME.zip)"
    person.add_argument("--to", type=Path, metavar="FILE", help=target_help)
    person.add_argument("--dry-run", action="store_true", help="only say what erase would erase")
    page = add(_page, "open the course page: grade, extend, export and more in the browser")
    page.add_argument("--no-browser", action="store_true", help="only print the address")
    page.add_argument("--port", type=int, default=0, metavar="N", help="default: a free port")
    return [extend, deadlines, log, *lms_commands, questions, similarity, person, page]


def _build(options: argparse.Namespace) -> int:
    from autograder.nbgrader_plugins import release
    from autograder.publish import build, guessable_keys, lesson_map
    from autograder.publish.cell_roles import AuthoringError
    from autograder.reports import claims_ledger

    root: Path = options.root
    try:
        for path in build.build_source(root, options.names):
            print(f"built {path.relative_to(root)}")
        for path in build.lesson_files(root, options.names):
            guessable_keys.check(path)
        for path in (*claims_ledger.write(root), *lesson_map.write(root)):
            print(f"built {path.relative_to(root)}")
        for path in release.build_release(root, options.names):
            print(f"built {path.relative_to(root)}")
    except AuthoringError as error:
        print(f"Build stopped. {error}", file=sys.stderr)
        return 1
    return 0


def _new(options: argparse.Namespace) -> int:
    from autograder.publish import new_lesson
    from autograder.publish.cell_roles import AuthoringError

    try:
        path = new_lesson.write(options.root, options.name)
    except AuthoringError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"wrote {path.relative_to(options.root)}")
    return _build(argparse.Namespace(root=options.root, names=[options.name]))


def _grade(options: argparse.Namespace) -> int:
    from autograder.batch import cli

    return cli.main(options)


def _adopt(options: argparse.Namespace) -> int:
    from autograder import audit_log
    from autograder.nbgrader_plugins.adopt import Adoption
    from autograder.nbgrader_plugins.course_paths import CourseError

    try:
        adoption = Adoption(options.folder, options.root, options.names)
        print(adoption.plan)
        if options.dry_run:
            return 1 if adoption.plan.problems else 0
        for line in adoption.carry_out():
            print(f"Not imported: {line}")
        details = {"folder": str(adoption.folder), "assignments": ", ".join(adoption.names)}
        audit_log.record(options.root, "adopt", **details)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    print("Adopted. Grade with: python -m autograder grade NAME")
    return 0


def _extend(options: argparse.Namespace) -> int:
    from autograder.batch import extend

    return extend.main(options)


def _deadlines(options: argparse.Namespace) -> int:
    from autograder.batch import deadlines

    return deadlines.main(options)


def _log(options: argparse.Namespace) -> int:
    from autograder import audit_log

    if options.add:
        action, _, note = options.add.partition(" ")
        audit_log.record(options.root, action, **({"note": note} if note else {}))
        return 0
    for entry in audit_log.read(options.root):
        print(entry)
    if broken := audit_log.check(options.root):
        print(f"The log was changed before line {broken[0]}.", file=sys.stderr)
        return 1
    return 0


def _plan(options: argparse.Namespace) -> int:
    from autograder.batch import capacity

    try:
        costs = capacity.JobCosts.read(options.report)
    except capacity.CapacityError as error:
        print(error, file=sys.stderr)
        return 1
    print(capacity.format_table(costs, tuple(options.students)))
    for students in options.students:
        cores = capacity.cores_needed(costs, students, options.minutes)
        answer = f"{cores:,} cores" if cores else "impossible with a single gradebook writer"
        print(f"{students:,} students in {options.minutes:g} minutes: {answer}.")
    return 0


def _statistics(options: argparse.Namespace) -> int:
    from autograder.batch.course_folder import CourseFolder
    from autograder.nbgrader_plugins.course_paths import CourseError
    from autograder.reports import check_record, class_page, class_report, item_analysis
    from autograder.reports.attempts import count_attempts

    try:
        course = CourseFolder.open(options.root, options.name)
        items = item_analysis.read_items(course.paths)
        record = check_record.CheckRecord(config=course.config)
        attempts = count_attempts(record.checks(options.name))
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    if not any(item.earned for item in items):
        print(f"No submission of {options.name} has been graded yet.", file=sys.stderr)
        return 1
    print(item_analysis.format_table(items))
    report = class_report.make_report(options.name, items, attempts)
    for item in report.items:
        if item.advice:
            print(f"\n{item.name}: {item.advice}")
    for path, write in ((options.html, class_page.to_html), (options.csv, class_page.to_csv)):
        if path:
            path.write_text(write(report), encoding="utf-8", newline="")
    return 0


def _lms(options: argparse.Namespace) -> int:
    raise NotImplementedError  # each command below it sets its own


def _questions(options: argparse.Namespace) -> int:
    from autograder.lms import cli

    return cli.write_questions(options)


def _similarity(options: argparse.Namespace) -> int:
    from autograder.batch.course_folder import CourseFolder
    from autograder.nbgrader_plugins.course_paths import CourseError
    from autograder.reports import similarity

    try:
        report = similarity.compare_class(CourseFolder.open(options.root, options.name).paths)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    print(similarity.format_table(report))
    if options.csv:
        options.csv.write_text(similarity.to_csv(report), encoding="utf-8", newline="")
    return 0


def _person(options: argparse.Namespace) -> int:
    from autograder.reports import person

    return person.main(options)


def _times(options: argparse.Namespace) -> int:
    from autograder.reports import lesson_times

    print(lesson_times.write_table(options.root).read_text(encoding="utf-8"))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from autograder import doctor

    findings = doctor.run_checks()
    print(doctor.format_table(findings))
    if lines := doctor.list_shared_tests(options.root):
        print("These tests run in the student's kernel, where a student can tamper with them:")
        print(*(f"  {line}" for line in lines), sep="\n")
    if doctor.is_safe(findings):
        return 0
    print("Students' code is not safely isolated on this machine.", file=sys.stderr)
    return 1


def _page(options: argparse.Namespace) -> int:
    from autograder.course_page import cli

    return cli.main(options)


if __name__ == "__main__":
    sys.exit(main())
