"""The class report as an HTML page that loads nothing, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from html import escape
from typing import Final

from autograder.reports.attempts import Attempts
from autograder.reports.class_report import ClassReport, ItemReport, OptionReport
from autograder.reports.intervals import Interval
from autograder.student_names import csv_text

CSV_COLUMNS: Final = (
    *("question", "answers", "mean_score", "full_score", "full_score_low", "full_score_high"),
    *("discrimination", "discrimination_low", "discrimination_high"),
    *("checked_by", "right_at_once", "mean_tries", "median_minutes", "advice"),
)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"
_STYLE: Final = """
:root { color-scheme: light dark; --bar: #0072b2; --low: #d55e00; --line: #8886; }
@media (prefers-color-scheme: dark) { :root { --bar: #56b4e9; --low: #e69f00; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .5rem; text-align: left; }
th, td { vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; }
.scroll { overflow-x: auto; }
.bar { background: var(--bar); display: block; height: .6rem; min-width: 1px; }
.bar.lower { background: var(--low); }
.bars { min-width: 8rem; width: 30%; }
.advice { border-left: .3rem solid var(--low); padding: .25rem .75rem; }
small { opacity: .8; }
"""


def to_html(report: ClassReport) -> str:
    """Return the report as a page of its own; what students wrote is escaped."""
    title = escape(f"What the class understood: {report.assignment}")
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body><main>",
            f"<h1>{title}</h1>",
            *_summary(report),
            *_overview(report),
            *(line for item in report.items for line in _section(item)),
            "</main></body></html>",
        ]
    )


def _summary(report: ClassReport) -> Iterator[str]:
    yield f"<p>{report.students} students with all cells graded. "
    yield "Brackets hold 95% confidence intervals.</p><ul>"
    alphas = {
        "all graded cells": (report.alpha, report.alpha_interval),
        "the questions": (report.question_alpha, report.question_alpha_interval),
    }
    for name, (alpha, interval) in alphas.items():
        yield f"<li>Cronbach’s alpha of {name}: {_number(alpha)}{_interval(interval)}</li>"
    yield "</ul>"


def _overview(report: ClassReport) -> Iterator[str]:
    yield '<div class="scroll" tabindex="0" role="region" aria-label="All questions"><table>'
    yield "<caption>All questions and tests</caption><thead><tr>"
    yield '<th scope="col">Question</th>'
    for heading in ("Answers", "Mean score", "Full score", "Discrimination", "Right at once"):
        yield f'<th scope="col" class="number">{heading}</th>'
    yield "</tr></thead><tbody>"
    for item in report.items:
        share = item.full / item.answers if item.answers else None
        power = f"{_number(item.discrimination)}{_interval(item.discrimination_interval)}"
        cells = (
            str(item.answers),
            _percent(item.mean),
            f"{_percent(share)}{_interval(item.full_interval, percent=True)}",
            f"{power}{' ⚠' if item.advice else ''}",
            _percent(_right_at_once(item)),
        )
        name = escape(item.name)
        yield f'<tr><th scope="row"><a href="#{name}">{name}</a></th>'
        yield "".join(f'<td class="number">{cell}</td>' for cell in cells) + "</tr>"
    yield "</tbody></table></div>"


def _section(item: ItemReport) -> Iterator[str]:
    yield f'<section><h2 id="{escape(item.name)}">{escape(item.name)}</h2>'
    if item.advice:
        yield f'<p class="advice"><strong>Look at this one.</strong> {escape(item.advice)}</p>'
    if item.attempts:
        yield f"<p>{_attempts(item.attempts)}</p>"
    if item.options:
        yield from _option_table(item.options)
    if item.messages:
        yield "<h3>Why points were missed</h3><ul>"
        for message, count in item.messages:
            yield f"<li>{count} × {escape(message)}</li>"
        yield "</ul>"
    yield "</section>"


def _attempts(attempts: Attempts) -> str:
    """Describe the attempts in a sentence."""
    text = (
        f"{attempts.students} students checked an answer; {attempts.right_at_once} were right at"
        f" the first try, {attempts.right_at_last} in the end"
    )
    if attempts.mean_tries:
        text += f", after {attempts.mean_tries:.1f} tries on average"
    if attempts.median_minutes:
        text += f" and {attempts.median_minutes:.0f} minutes from the first try (median)"
    return f"{text}."


def _option_table(options: tuple[OptionReport, ...]) -> Iterator[str]:
    yield "<table><thead><tr><th scope='col'>Option</th><th scope='col' class='number'>Chosen</th>"
    yield "<th scope='col' class='bars'>Best and weakest 27%</th></tr></thead><tbody>"
    for option in options:
        sign = "✓ " if option.right else ""
        yield f'<tr><th scope="row">{sign}{escape(option.text)}</th>'
        yield f'<td class="number">{option.share:.0%}</td><td class="bars">'
        for name, share in (("upper", option.upper), ("lower", option.lower)):
            label = "best" if name == "upper" else "weakest"
            yield f'<span class="bar {name}" style="width: {100 * share:.0f}%"></span>'
            yield f"<small>{share:.0%} of the {label}</small>"
        yield "</td></tr>"
    yield "</tbody></table>"


def to_csv(report: ClassReport) -> str:
    """Return the report as CSV, one row for each question."""
    file = io.StringIO(newline="")
    table = csv.writer(file)
    table.writerow(CSV_COLUMNS)
    for item in report.items:
        attempts = item.attempts
        values = (
            *(item.answers, item.mean, item.full / item.answers if item.answers else None),
            *(item.full_interval or (None, None)),
            item.discrimination,
            *(item.discrimination_interval or (None, None)),
            attempts.students if attempts else None,
            _right_at_once(item),
            *((attempts.mean_tries, attempts.median_minutes) if attempts else (None, None)),
        )
        row = ["" if value is None else f"{value:.4g}" for value in values]
        table.writerow([csv_text(item.name), *row, csv_text(item.advice)])
    return file.getvalue()


def _right_at_once(item: ItemReport) -> float | None:
    attempts = item.attempts
    return attempts.right_at_once / attempts.students if attempts else None


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _interval(interval: Interval | None, *, percent: bool = False) -> str:
    if interval is None:
        return ""
    low, high = (f"{limit:.0%}" if percent else f"{limit:.2f}" for limit in interval)
    return f" <small>[{low}, {high}]</small>"
