"""The instructor's commands, ``python -m autograder build`` and others: see ``--help``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code: 0 if all went well, 1 if the text needs mending."""
    parser = argparse.ArgumentParser(prog="python -m autograder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="text in source/ to notebooks to release/")
    building.add_argument("names", nargs="*", metavar="NAME", help="assignments; all if none")
    building.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder")
    timing = commands.add_parser("times", help="run every lesson and write down how long it takes")
    timing.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder")
    grading = commands.add_parser("grade", help="grade a whole class, many at once")
    if "grade" in (arguments or sys.argv):  # each command waits for its own imports alone
        from autograder.batch import cli

        cli.arguments(grading)
    planning = commands.add_parser(
        "plan", help="cores and minutes for a class, from a run's report"
    )
    planning.add_argument(
        "report", type=Path, metavar="FILE", help="from: grade NAME --report FILE"
    )
    planning.add_argument("--students", type=int, nargs="+", default=[300, 5000, 50_000])
    planning.add_argument("--minutes", type=float, default=60.0, help="to be done in")
    telling = commands.add_parser("statistics", help="what a class's answers tell of the questions")
    telling.add_argument("name", metavar="NAME", help="the assignment")
    telling.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder")
    commands.add_parser("doctor", help="try what keeps students' code in its place here")
    chosen = parser.parse_args(arguments)
    if chosen.command == "doctor":
        return _doctor()
    if chosen.command == "grade":
        return cli.main(chosen)
    if chosen.command == "plan":
        return _plan(chosen.report, tuple(chosen.students), chosen.minutes)
    if chosen.command == "statistics":
        return _statistics(chosen.root, chosen.name)
    if chosen.command == "times":
        return _times(chosen.root)
    return _build(chosen.root, chosen.names)


def _build(root: Path, names: list[str]) -> int:
    from autograder.publish import build
    from autograder.publish.cell_roles import AuthoringError
    from autograder.reports import claims_ledger

    try:
        for path in build.build_source(root, names):
            print(f"built {path.relative_to(root)}")
        for path in claims_ledger.write(root):
            print(f"built {path.relative_to(root)}")
        for path in build.build_release(root, names):
            print(f"built {path.relative_to(root)}")
    except AuthoringError as error:
        print(f"Nothing more was built. {error}", file=sys.stderr)
        return 1
    return 0


def _plan(report: Path, students: tuple[int, ...], within: float) -> int:
    from autograder.batch import capacity

    try:
        costs = capacity.Costs.read(report)
    except capacity.CapacityError as error:
        print(error, file=sys.stderr)
        return 1
    print(capacity.table(costs, students))
    for number in students:
        cores = capacity.cores(costs, number, within)
        words = f"{cores:,} cores" if cores else "more than one writer of the gradebook"
        print(f"{number:,} students in {within:g} minutes: {words}.")
    return 0


def _statistics(root: Path, name: str) -> int:
    from autograder.batch.course_folder import CourseError, CourseFolder
    from autograder.reports import item_analysis

    try:
        items = item_analysis.read(CourseFolder.open(root, name).folders, name)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    if not any(item.earned for item in items):
        print(f"Nobody's {name} is graded yet.", file=sys.stderr)
        return 1
    print(item_analysis.table(items))
    return 0


def _times(root: Path) -> int:
    from autograder.reports import lesson_times

    print(lesson_times.write(root).read_text(encoding="utf-8"))
    return 0


def _doctor() -> int:
    from autograder import doctor

    findings = doctor.examine()
    print(doctor.table(findings))
    if doctor.safe(findings):
        return 0
    print("Students' code is not safely apart from this machine.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
