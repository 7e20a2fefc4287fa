"""A pool's variants: how they are written, drawn and put into a notebook."""

from __future__ import annotations

import copy
import getpass
import re
from collections import Counter
from typing import Any

import pytest

from course.quiz import kinds, pool
from course.quiz.personalize import personalize, student_name
from tests.pools import CHOICE, NUMBER, POOLS, released, solved, student_with


def test_a_line_of_stars_or_a_table_makes_variants() -> None:
    assert [text.splitlines()[0] for text in pool.split(CHOICE)] == [
        "**Which half of an autoencoder makes the code?**",
        "**Which half of an autoencoder draws the copy?**",
        "**Which half of an autoencoder is kept to send pictures?**",
    ]
    texts = pool.split(NUMBER)
    assert len(texts) == 3
    assert "An image of 1024 numbers gets a code of 64" in texts[1]
    assert "[[16]]" in texts[1]
    assert "{{" not in "".join(texts)
    fenced = "```\n***\n```\n\nA [[1]]"
    assert pool.split(f"{fenced}\n\n***\n\nB [[2]]") == (fenced, "B [[2]]")
    assert pool.split("| a |\n|---|\n| x \\| y |\n| z |\n\n[[{{a}}]]") == ("[[x | y]]", "[[z]]")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("Only one [[1]]", "a pool has 2 to 50 variants, got 1"),
        ("A [[1]]\n\n***\n\n***\n\nB [[2]]", "variant 2 of the pool is empty"),
        ("A [[1]]\n\n---\n\nB [[2]]", "'---' separates no variants; write a line ***"),
        ("A [[1]]\n\n* * *\n\nB [[2]]", "'* * *' separates no variants"),
        ("| a |\n\n[[{{a}}]]", "the second row of a pool's table must be"),
        ("| A |\n|---|\n| 1 |\n\n[[{{A}}]]", "the first row of a pool's table names its columns"),
        ("| a | a |\n|---|---|\n| 1 | 2 |\n\n[[{{a}}]]", "names its columns, each once"),
        ("| a |\n|---|\n| 1 |\n| 2 |\n\n[[{{b}}]]", "{{b}} is no column of the table: a"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\n[[{{a}}]]", "the text doesn't use {{b}}"),
        ("| a |\n|---|\n| 1 | 2 |\n\n[[{{a}}]]", "needs 1 values of at most 200 characters"),
        ("| a |\n|---|\n" + "| 1 |\n" * 51 + "\n[[{{a}}]]", "has 51 rows; at most 50"),
        (f"| a |\n|---|\n| {'x' * 201} |\n\n[[{{{{a}}}}]]", "at most 200 characters"),
    ],
)
def test_a_pool_that_is_written_wrongly_is_reported(source: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        pool.split(source)


@pytest.mark.parametrize("name", sorted(POOLS))
def test_every_variant_is_solvable_by_its_own_key_only(name: str) -> None:
    kind_name, source = POOLS[name]
    kind, variants = kinds.named(kind_name), pool.split(source)
    kinds.Pool(kind).check_key(source, multiple=False)
    for index, variant in enumerate(variants):
        assert kind.compare(solved(name, index), variant).right
        assert pool.find(kind, solved(name, index), released(name)) == [index]


def test_variants_that_look_the_same_are_refused() -> None:
    twins = "| n | key |\n|---|---|\n| 5 | 1 |\n| 5 | 2 |\n\nIs it {{n}}? [[{{key}}]]\n\n> Yes."
    with pytest.raises(ValueError, match="variant 1 can't be told from variant 2"):
        kinds.Pool(kinds.named("number")).check_key(twins, multiple=False)
    wrong = "A [[1]]\n\n> Yes.\n\n***\n\nB [[many]]\n\n> No."
    with pytest.raises(ValueError, match="variant 2: the key 'many' isn't a number"):
        kinds.Pool(kinds.named("number")).check_key(wrong, multiple=False)


def test_a_draw_is_stable_and_uses_all_variants_about_equally() -> None:
    students = [f"student-{number}" for number in range(3000)]
    for count in (2, 3, 7, 50):
        counts = Counter(pool.draw("ratio", student, count) for student in students)
        assert set(counts) == set(range(count))
        expected = len(students) / count
        assert sum((n - expected) ** 2 / expected for n in counts.values()) < 2.5 * count + 10
    assert pool.draw("ratio", "ada", 3) == pool.draw("ratio", "ada", 3)
    pairs = Counter((pool.draw("ratio", s, 3), pool.draw("half", s, 3)) for s in students)
    assert min(pairs.values()) > len(students) / 9 * 0.8  # one draw says nothing about another


def notebook() -> dict[str, Any]:
    """Return a released notebook as JSON."""
    cells, questions = [], []
    for name, (kind, _) in POOLS.items():
        metadata = {"nbgrader": {"grade_id": name}, "course": {"quiz": {"kind": kind}}}
        text = released(name)[0]
        cells.append({"cell_type": "markdown", "id": name, "metadata": metadata, "source": [text]})
        question = {"id": name, "metadata": metadata, "source": text, "variants": released(name)}
        questions.append(copy.deepcopy(question))
    return {"cells": cells, "metadata": {"course": {"questions": questions}}}


def test_a_notebook_gets_the_students_variants_once() -> None:
    nb, student = notebook(), student_with("ratio", 2)
    assert personalize(nb, student)
    assert "".join(nb["cells"][0]["source"]) == released("ratio")[2]
    assert nb["metadata"]["course"]["questions"][0]["source"] == released("ratio")[2]
    assert not personalize(nb, student)


def test_an_answer_is_never_replaced_and_a_foreign_blank_variant_is() -> None:
    nb = notebook()
    nb["cells"][0]["source"] = solved("ratio", 0)
    nb["cells"][1]["source"] = released("half")[1]
    student = student_with("half", 2)
    assert personalize(nb, student)
    assert nb["cells"][0]["source"] == solved("ratio", 0)
    assert nb["cells"][1]["source"] == released("half")[2]
    for index in (2, 0):
        nb["cells"][1]["source"] = released("half")[index] + "\n\nMy notes."
        personalize(nb, student)
        assert nb["cells"][1]["source"] == released("half")[2] + "\n\nMy notes."


@pytest.mark.parametrize(
    "variants", [None, "text", [], ["one"], [1, 2], ["a"] * 51, [["a"], ["b"]], {"a": "b"}]
)
def test_forged_variants_are_ignored(variants: object) -> None:
    nb = notebook()
    nb["metadata"]["course"]["questions"] = nb["metadata"]["course"]["questions"][:1]
    nb["metadata"]["course"]["questions"][0]["variants"] = variants
    assert not personalize(nb, "ada")


def test_the_name_is_that_of_the_hub_or_of_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", "jane")
    assert student_name() == "jane"
    monkeypatch.delenv("JUPYTERHUB_USER")
    assert student_name() == getpass.getuser()
