"""The browser reads and writes fields as Python does."""

from __future__ import annotations

import pytest

from course.quiz import fields, kinds
from tests.browser.test_quiz_extension import Run
from tests.kinds import KEYS, RIGHT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SOURCES = [
    *KEYS.values(),
    "[[ ]] [[____]] [[…]] [[\u200b]] [[ two  words ]]",
    "[[a[0]]] [[[b]]] [[c]](link) [[d] ] [[\n]] [[e[[f]]",
    "```\n[[code]]\n```\n> quote\n[[g]]\r\n> why [[h]]\n[[i]]",
    "[[x]]" * 120,
]


def test_the_browser_reads_and_fills_fields_as_python_does(run: Run) -> None:
    values = ["1", "", " a [b] ", "x" * 400]
    results = run(
        """return given.sources.map(source => [readValues(source), fill(source, given.values),
            skeleton(source)])""",
        {"sources": SOURCES, "values": values},
    )
    for source, result in zip(SOURCES, results, strict=True):
        own = [field.value for field in fields.parse(source)]
        assert result == [own, fields.fill(source, values), fields.skeleton(source)]


def test_the_browser_sees_the_same_states(run: Run) -> None:
    cases = []
    for name, key in KEYS.items():
        released = kinds.named(name).bare(key)
        answers = [[], RIGHT[name][:1], RIGHT[name]]
        copies = [fields.fill(released, values) for values in answers]
        cases += [[name, copy, released] for copy in [*copies, copies[0] + "\nmore", "gone"]]
    states = run(
        """return given.map(([name, source, released]) => {
            const kind = kindNamed(name);
            return [kind.stateOf(source), kind.isIntact(source, released)];
        })""",
        cases,
    )
    for (name, source, released), state in zip(cases, states, strict=True):
        kind = kinds.named(name)
        assert state == [kind.state(source, multiple=False), kind.is_intact(source, released)]
