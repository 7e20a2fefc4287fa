from __future__ import annotations

from collections import Counter
from pathlib import Path

import nbformat
import pytest

from autograder.__main__ import main
from autograder.publish import build, guessable_keys

COURSE = Path(__file__).resolve().parents[3]


def lesson(options: list[str], keys: list[int], *, multiple: bool = False) -> str:
    parts = []
    for number, key in enumerate(keys):
        lines = [
            f"- [{'x' if index == key else ' '}] {option} {number}\n  > Because."
            for index, option in enumerate(options)
        ]
        flag = ', "multiple": true' if multiple else ""
        parts.append(f'+++ {{"quiz": "question-{number}"{flag}}}\n\nQ {number}\n\n')
        parts.append("\n".join(lines) + "\n\n")
    return "# A lesson\n\n" + "".join(parts)


@pytest.mark.parametrize(
    ("options", "keys", "rule"),
    [
        (["aa", "bb", "cc", "dd"], [1, 1, 1, 1, 0, 2], "Choose option 2"),
        (["aa", "bb", "cc", "dd"], [3, 3, 3, 3, 0, 2], "Choose the last option"),
        (["aa", "bb", "cc", "a long one"], [3, 3, 3, 3, 0, 2], "Choose the longest option"),
        (["a", "bb", "cc", "dd"], [0, 0, 0, 0, 1, 2], "Choose the shortest option"),
        (["aaa", "bb", "cc", "d"], [1, 1, 2, 2, 0, 3], "Choose the longer of options 2 and 3"),
    ],
)
def test_the_build_refuses_keys_that_a_simple_rule_guesses(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    keys: list[int],
    rule: str,
) -> None:
    folder = tmp_path / "source" / "01-any"
    folder.mkdir(parents=True)
    (folder / "any.md").write_text(lesson(options, keys), encoding="utf-8")
    assert main(["build", "--root", str(tmp_path)]) == 1
    message = capsys.readouterr().err
    assert "01-any/any.md: too many keys can be guessed" in message
    assert f"“{rule}” is right in 4 of 6 questions" in message


def test_spread_keys_are_fine() -> None:
    nb = build.notebook_from_text(lesson(["aaaa", "b", "ccc", "dd"], [0, 1, 2, 3, 0, 1]))
    assert guessable_keys.find_rules(nb) == []


@pytest.mark.parametrize(("count", "multiple"), [(4, False), (6, True)])
def test_few_questions_and_questions_with_several_right_options_do_not_count(
    count: int, multiple: bool
) -> None:
    text = lesson(["aa", "bb", "cc", "dd"], [1] * count, multiple=multiple)
    assert guessable_keys.find_rules(build.notebook_from_text(text)) == []


def test_no_rule_guesses_more_than_two_in_five_keys_of_the_course() -> None:
    hits, questions = Counter[str](), 0
    for path in (COURSE / "source").glob("*/*.ipynb"):
        nb = nbformat.read(path, as_version=4)
        for variants in guessable_keys.single_choice_questions(nb):
            question = variants[0]
            questions += 1
            hits.update(guessable_keys.successful_rules(question))
    assert questions >= 30
    guessed = {rule: count for rule, count in hits.items() if count > 0.4 * questions}
    assert guessed == {}
