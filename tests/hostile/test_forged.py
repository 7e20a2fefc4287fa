"""Forged answers to the test runner, and test runners that crash.

A kernel answers by `input`. Forged answers do the same, and each test checks that one arrived.
"""

from __future__ import annotations

import os
import signal

import pytest
from nbformat.v4 import new_code_cell

from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.test_runner.broker import BrokenTest, Broker
from autograder.test_runner.connection import RunnerConnection
from tests.hostile.corpus import FOLDER, read
from tests.hostile.machine import TEST, RunTest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("test-runner")]

# Student code that replaces the agent by one that sends what it likes.
LIAR = """
import sys, types
class Liar(types.ModuleType):
    def __getattribute__(self, name):
        return serve if name == "serve" else object.__getattribute__(self, name)
def serve(request, space):
    kernel = get_ipython().kernel
    kernel._allow_stdin = True
    for _ in range(3):
        if request:
            request = kernel.raw_input({forgery})
def double(x):
    return 0
types.ModuleType = Liar
"""
DOUBLE = (
    """'{"names": {"double": {"value": {"object": 0, "type": "function", "callable": true}}}, """
)
FORGED = {
    "no JSON": "'{'",
    "another shape": "'[1, 2]'",
    "no value": "'{}'",
    "a wrong tag": DOUBLE + """"value": {"pickle": "gASV"}}'""",
    "an array that is none": DOUBLE + """"value": {"array": "AA", "dtype": "O", "shape": [3]}}'""",
    "a kind that NumPy trips over": (
        DOUBLE + """"value": {"array": "", "dtype": "f4,(f8", "shape": [0]}}'"""
    ),
    "a kind that is a list": DOUBLE + """"value": {"array": "", "dtype": ["f4"], "shape": [0]}}'""",
    "a shape that does not fit": (
        DOUBLE + """"value": {"array": "AAAA", "dtype": "<f8", "shape": [9]}}'"""
    ),
    "a shape that would fill memory": DOUBLE
    + """"value": {"array": "", "dtype": "<f8", "shape": [1099511627776, 0, 1099511627776]}}'""",
    "an int of a million digits": DOUBLE + """"value": {"int": "' + '9' * 10**6 + '"}}'""",
    "a number too large for its kind": (
        DOUBLE + """"value": {"complex": [{"int": "1' + '0' * 400 + '"}, 0]}}'"""
    ),
    "deep nesting": DOUBLE + """"value": ' + '{"list": [' * 500 + ']}' * 500 + '}'""",
    "deep brackets": "'[' * 10**5",
    "just too deep": DOUBLE + """"value": ' + '[' * 970 + ']' * 970 + '}'""",
    "two lines": """'{"value": 1}\\n{"result": "passed"}'""",
    "the end itself": """'{"result": "passed"}'""",
    "the end as an answer": """'{"response": {"result": "passed"}}'""",
    "another test": """'{"test": "pass", "imports": []}'""",
    "true for everything": """'{"names": {"double": {"value": true}}, "value": true}'""",
    "no number": """'{"names": {"double": {"value": NaN}}}'""",
    "half a letter": """'{"error": "\\\\ud800", "message": "\\\\ud800"}'""",
    "an error that is none": """'{"error": 5, "message": [1], "traceback": {"a": 1}}'""",
    "an error of the test's": """'{"error": "SyntaxError", "message": "x"}'""",
    "an error of the machine's": """'{"error": "MemoryError", "message": "x"}'""",
    "an import that failed": """'{"error": "ImportError", "message": "x"}'""",
    "a wish to end": """'{"error": "SystemExit", "message": "x"}'""",
    "a long error": """'{"error": "Exception", "message": "' + 'x' * 4_000_000 + '"}'""",
}


@pytest.mark.parametrize("forgery", FORGED)
def test_a_forged_reply_does_not_pass(
    run_test: RunTest, broker: Broker, kernel: Kernel, requests: list[str], forgery: str
) -> None:
    kernel.restart()  # the agent is taught anew
    outcome = run_test(LIAR.replace("{forgery}", FORGED[forgery]), TEST, 10)
    assert isinstance(outcome, CellOutcome), outcome
    assert outcome.status == "raised", outcome
    forged = eval(FORGED[forgery])
    assert forged in requests
    kernel.restart()
    kernel.run_cell(new_code_cell("def double(x): return 2 * x"), seconds=20)
    assert broker.run_test(TEST, kernel, 20) == CellOutcome("ran")


# What each of these texts of the corpus says to the test runner begins so.
FORGED_PREFIXES = {
    "many-small-things": '{"value": {"list": [{"list": []},{"list": []},',
    "nested-just-so": '{"value": [[[[[[[[[',
    "colliding-keys": '{"value": {"dict": [[{"int": "2305843009213693951"}, 0],',
    "replaced-agent": '{"result": "passed"',
    "forged-messages": '{"result": "passed"',
    "forged-publisher": '{"result": "passed"',
}


@pytest.mark.parametrize("name", FORGED_PREFIXES)
def test_answers_in_the_corpus_reach_the_test_runner(
    broker: Broker, kernel: Kernel, requests: list[str], name: str
) -> None:
    kernel.restart()
    for _, _, text in read(FOLDER / f"{name}.txt").sections:
        kernel.run_cell(new_code_cell(text), seconds=20)
    outcome = broker.run_test("assert double(2) == 4", kernel, 6)
    kernel.restart()
    assert isinstance(outcome, CellOutcome)
    assert outcome.status in {"raised", "timed out"}
    assert any(said.startswith(FORGED_PREFIXES[name]) for said in requests), [
        said[:80] for said in requests
    ]


class TestFaults:
    """If the test runner crashes, the test is repeated once; then nobody loses points for it."""

    @pytest.fixture
    def kills(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """How often the test runner's process is killed when it has asked something: fill it in."""
        left: list[int] = []
        hear = RunnerConnection.read_line

        def listen(self: RunnerConnection, timeout_s: float) -> bytes:
            line = hear(self, timeout_s)
            if left and b'"request"' in line:
                left.pop()
                assert self._process is not None
                os.kill(self._process.pid, signal.SIGKILL)
                self._process.wait()
            return line

        monkeypatch.setattr(RunnerConnection, "read_line", listen)
        return left

    def test_one_crash_is_retried(self, kernel: Kernel, kills: list[int]) -> None:
        kernel.run_cell(new_code_cell("def double(x): return 2 * x"), seconds=20)
        kills.append(1)
        with Broker([]) as broker:
            assert broker.run_test(TEST, kernel, 20) == CellOutcome("ran")
        assert kills == []

    def test_a_second_crash_breaks_the_test(self, kernel: Kernel, kills: list[int]) -> None:
        kernel.run_cell(new_code_cell("def double(x): return 2 * x"), seconds=20)
        kills += [1, 1]
        with Broker([]) as broker:
            outcome = broker.run_test(TEST, kernel, 20)
            assert isinstance(outcome, BrokenTest)
            assert "The test runner failed" in outcome.reason
            assert broker.run_test(TEST, kernel, 20) == CellOutcome("ran")
        assert kills == []

    def test_a_process_that_cannot_be_started(
        self, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError("no more processes")

        monkeypatch.setattr(RunnerConnection, "__init__", refuse)
        with Broker([]) as broker:
            outcome = broker.run_test("pass", kernel, 20)
        assert isinstance(outcome, BrokenTest)
        assert "no more processes" in outcome.reason
