"""JupyterLite and the book judge answers in the page as the server does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Page

from book import lite
from book.field_keys import copy_scripts
from course import quiz
from course.quiz import cells, fields, kinds, pool
from course.server.check_result import check_answer
from course.server.keys import AnswerKeys, Key
from tests.browser.servers import serve_files
from tests.kinds import KEYS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
Case = tuple[str, str, str, Key]  # path, name, answer, key
SOURCE = lite.ROOT / "source"
UNIT = "It needs [[2.5 ± 0.1 MB | 2500 ± 100 kB]].\n\n> Yes.\n> [[2 MB]] Too little.\n"
CASED = 'It is [["ReLU" | /re-?lu[sx]?( unit)?/]].\n\n> Yes.\n'
VALUES = [
    *("26.1", "26,1", "26.13", "26.21", "1,234", "0,5", "784/30", "5/0", "1e400", "0.261e2"),
    *("2.6 × 10¹", "2.61 x 10^1", "≈26.1", "= 26.1", "26.1 times", "26.1 kg", "26.1.2", "many"),
    *("2.5 MB", "2500kB", "2500 K B", "2.5", "2.5 GB", "2 MB", "2 500 kB", "2,500 kB", "−2.5 MB"),
    *("2'500 kB", "２.５ ＭＢ", "2.5 MB.", "0.038", "1/26", "1 000", "3", "3.0", "0.75", "14"),
    *("Logistic", "the LOGISTIC", "*sigmoid*  function.", "S", "s", "sigmoids", "an  encoder"),
    *("ReLU", "RELU", "re-lu unit", "relux", "latent semantic analysis (LSA)", "PCA", "Straße"),
    *("1", "2.", "3rd", "#1", "2)", "first", "thirty", "Decoder", "A", "(b)", "c.", "Z"),
    *("stochastic", "Deterministic.", "x" * 400, "[1]", "30\u200b", "“LSA”"),
]


def questions() -> Iterator[tuple[str, str, Key]]:
    """Yield the path, the name and the key of each variant of each question."""
    for number, (name, source) in enumerate(
        [*KEYS.items(), ("number", UNIT), ("text", CASED)], start=1
    ):
        yield (
            "made/made.ipynb",
            f"q{number}",
            Key("made", quiz.parse(source), multiple=False, kind=name),
        )
    keys = AnswerKeys(source=str(SOURCE))
    for path in sorted(SOURCE.glob("*/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if not cells.is_quiz(cell):
                continue
            shown = f"{path.parent.name}/{path.name}"
            variants = pool.split(cell.source) if cells.is_pool(cell) else [cell.source]
            for variant in variants:
                question = quiz.parse(kinds.named(cells.question_kind(cell)).bare(variant))
                yield shown, cells.grade_id(cell), keys.find(shown, cells.grade_id(cell), question)


def answers(key: Key) -> Iterator[str]:
    kind, source = kinds.named(key.kind), key.question.source
    yield kind.solved(source)
    bare = kind.bare(source)
    if not isinstance(kind, kinds.FieldKind):
        for index in range(len(key.question.options)):
            yield quiz.mark(bare, {index})
            yield quiz.mark(bare, {index, 0}).replace("[x]", "[✓]")
        yield quiz.mark(bare, set(range(len(key.question.options))))
        return
    count = len(fields.parse(source))
    right = [field.value for field in fields.parse(kind.solved(source))]
    remarks = [value for field in fields.parse(source) for value, _ in field.remarks]
    for index, value in enumerate([*VALUES, *remarks, *right]):
        yield fields.fill(bare, [value] * count)
        yield fields.fill(bare, [*right[1:], value])
        yield fields.fill(bare, [*right[: index % count], value, *right[index % count + 1 :]])


@pytest.fixture
def reply(page: Page, tmp_path: Path) -> Iterator[Callable[[Any], Any]]:
    copy_scripts(tmp_path)
    script = lite.LITE_EXTENSION / "static" / "replies.js"
    (tmp_path / "replies.js").write_bytes(script.read_bytes())
    (tmp_path / "index.html").write_text("<!doctype html><title>blank</title>", encoding="utf-8")
    with serve_files(tmp_path) as url:
        page.goto(url)
        yield lambda given: page.evaluate(
            """async ([checks, requests]) => {
                const { check } = await import('./replies.js');
                return Promise.all(requests.map(request => check({ checks }, request).json()));
            }""",
            given,
        )


def test_the_page_replies_as_the_server_does(reply: Callable[[Any], Any]) -> None:
    checks: dict[str, Any] = lite.replies(SOURCE)["checks"]
    cases: list[Case] = []
    for path, name, key in questions():
        if key.assignment == "made":
            checks[f"made/{name}"] = {"kind": key.kind, "variants": list(lite._variants(key))}
        cases += [(path, name, answer, key) for answer in answers(key)]
    requests = [{"path": p, "question": name, "answer": text} for p, name, text, _ in cases]
    # As JSON, because the page gets it so.
    results = reply([json.loads(json.dumps(checks)), requests])
    verdicts = set()
    for (_, name, answer, key), result in zip(cases, results, strict=True):
        assert result == check_answer(quiz.parse(answer), key), (name, answer)
        verdicts.add((key.kind, result["verdict"]))
    assert {(kind, verdict) for kind in KEYS for verdict in ("right", "wrong")} <= verdicts
    assert ("number", "unclear") in verdicts


def test_the_page_refuses_a_question_that_was_changed_or_is_unknown(
    reply: Callable[[Any], Any],
) -> None:
    key = Key("made", quiz.parse(KEYS["order"]), multiple=False, kind="order")
    checks = {"made/q": {"kind": "order", "variants": list(lite._variants(key))}}
    answer = kinds.named("order").solved(KEYS["order"])
    request = {"path": "made/made.ipynb", "question": "q"}
    given = [request | {"answer": text} for text in (answer.replace("loss", "lost"), "gone")]
    changed = reply([checks, [*given, request | {"answer": answer, "question": "other"}]])
    assert [sorted(result) for result in changed] == [["message"]] * 3


@pytest.mark.parametrize(("name", "values"), [("number", ["26.1"]), ("order", ["", "", ""])])
def test_the_page_restores_a_question_with_the_answer_that_is_certain(
    reply: Callable[[Any], Any], page: Page, name: str, values: list[str]
) -> None:
    reply([{}, []])  # opens the page
    kind = kinds.named(name)
    damaged = kind.solved(KEYS[name]).replace("t", "T")
    body = {"released": kind.bare(KEYS[name]), "answer": damaged, "kind": name}
    restored = page.evaluate(
        """async (body) => {
            const settings = { baseUrl: '/', fetch: () => { throw new Error('sent'); } };
            window.fetch = async () => new Response('{}');
            const { answerRequests } = await import('./replies.js');
            answerRequests(settings, location.href);
            const request = { method: 'POST', body: JSON.stringify(body) };
            const response = await settings.fetch(new Request('/course/restore', request));
            return (await response.json()).source;
        }""",
        body,
    )
    assert [field.value for field in fields.parse(restored)] == values
    assert kind.is_intact(restored, kind.bare(KEYS[name]))
