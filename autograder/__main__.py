"""The instructor's commands: ``python -m autograder --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

Command = Callable[[argparse.Namespace], int]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parser().parse_args(arguments)
    run: Command = options.run
    return run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m autograder", description="Build, grade and analyze the course."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    root = argparse.ArgumentParser(add_help=False)
    root.add_argument(
        "--root",
        type=Path,
        default=Path.cwd(),
        metavar="FOLDER",
        help="the course folder (default: the current folder)",
    )

    def add(
        name: str, run: Command, summary: str, *, in_course: bool = True
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            parents=[root] if in_course else [],
        )
        command.set_defaults(run=run)
        return command

    build = add("build", _build, "build the notebooks in source/ and release/ from the text")
    build.add_argument(
        "names", nargs="*", metavar="NAME", help="assignments to build (default: all)"
    )

    grade = add("grade", _grade, "grade all submissions of an assignment in parallel")
    grade.add_argument("name", metavar="NAME", help="the assignment")
    grade.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="submissions to grade in parallel (default: one per CPU core)",
    )
    cluster = grade.add_mutually_exclusive_group()
    cluster.add_argument(
        "--scheduler", metavar="ADDRESS", help="grade on the Dask cluster with this scheduler"
    )
    cluster.add_argument(
        "--gateway",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="grade on a new cluster for --jobs submissions, started by this Dask Gateway"
        " (default: the one in Dask's configuration)",
    )
    grade.add_argument(
        "--only",
        choices=["failed"],
        help="retry submissions that failed or need review; without it they keep their result",
    )
    grade.add_argument("--report", type=Path, metavar="FILE", help="write a JSON report to FILE")

    plan = add(
        "plan",
        _plan,
        "estimate the cores and minutes a class needs, from a report",
        in_course=False,
    )
    plan.add_argument(
        "report", type=Path, metavar="FILE", help="a report written by: grade NAME --report FILE"
    )
    plan.add_argument(
        "--students",
        type=int,
        nargs="+",
        default=[300, 5000, 50_000],
        metavar="N",
        help="class sizes (default: 300 5000 50000)",
    )
    plan.add_argument(
        "--minutes", type=float, default=60.0, help="time limit in minutes (default: 60)"
    )

    statistics = add("statistics", _statistics, "show the difficulty of each question of a class")
    statistics.add_argument("name", metavar="NAME", help="the assignment")

    add("times", _times, "measure how long each lesson takes to run")
    add("doctor", _doctor, "test how well this machine isolates students' code", in_course=False)
    return parser


# Each command imports only what it needs: the libraries take seconds to load.


def _build(options: argparse.Namespace) -> int:
    from autograder.nbgrader_plugins import release
    from autograder.publish import build
    from autograder.publish.cell_roles import AuthoringError
    from autograder.reports import claims_ledger

    root: Path = options.root
    try:
        for path in build.build_source(root, options.names):
            print(f"built {path.relative_to(root)}")
        for path in claims_ledger.write(root):
            print(f"built {path.relative_to(root)}")
        for path in release.build_release(root, options.names):
            print(f"built {path.relative_to(root)}")
    except AuthoringError as error:
        print(f"Build stopped. {error}", file=sys.stderr)
        return 1
    return 0


def _grade(options: argparse.Namespace) -> int:
    from autograder.batch import cli

    return cli.main(options)


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
        answer = f"{cores:,} cores" if cores else "impossible, one process writes the gradebook"
        print(f"{students:,} students in {options.minutes:g} minutes: {answer}.")
    return 0


def _statistics(options: argparse.Namespace) -> int:
    from autograder.batch.course_folder import CourseFolder
    from autograder.nbgrader_plugins.course_paths import CourseError
    from autograder.reports import item_analysis

    try:
        paths = CourseFolder.open(options.root, options.name).paths
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    items = item_analysis.read_items(paths)
    if not any(item.earned for item in items):
        print(f"No submission of {options.name} has been graded yet.", file=sys.stderr)
        return 1
    print(item_analysis.format_table(items))
    return 0


def _times(options: argparse.Namespace) -> int:
    from autograder.reports import lesson_times

    print(lesson_times.write_table(options.root).read_text(encoding="utf-8"))
    return 0


def _doctor(_: argparse.Namespace) -> int:
    from autograder import doctor

    findings = doctor.run_checks()
    print(doctor.format_table(findings))
    if doctor.is_safe(findings):
        return 0
    print("Students' code is not safely isolated on this machine.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
