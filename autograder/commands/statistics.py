"""``python -m autograder statistics``: how well the questions measure."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "analyze the questions: difficulty, discrimination, options chosen"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    arguments.add_name(parser)
    page_help = "write a page with intervals, distractors, messages and attempts to FILE"
    parser.add_argument("--html", type=Path, metavar="FILE", help=page_help)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the numbers to FILE")
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Print the table and the advice, and write the files; return 1 if nothing is graded."""
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
