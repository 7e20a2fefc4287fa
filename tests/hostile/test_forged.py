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
    "invalid JSON": "'{'",
    "another shape": "'[1, 2]'",
    "no value": "'{}'",
    "a wrong tag": DOUBLE + """"value": {"pickle": "gASV"}}'""",
    "an invalid array": DOUBLE + """"value": {"array": "AA", "dtype": "O", "shape": [3]}}'""",
    "a dtype that breaks NumPy": (
        DOUBLE + """"value": {"array": "", "dtype": "f4,(f8", "shape": [0]}}'"""
    ),
    "a dtype that is a list": DOUBLE
    + """"value": {"array": "", "dtype": ["f4"], "shape": [0]}}'""",
    "a shape that does not match the data": (
        DOUBLE + """"value": {"array": "AAAA", "dtype": "<f8", "shape": [9]}}'"""
    ),
    "a shape that would fill memory": DOUBLE
    + """"value": {"array": "", "dtype": "<f8", "shape": [1099511627776, 0, 1099511627776]}}'""",
    "an int of a million digits": DOUBLE + """"value": {"int": "' + '9' * 10**6 + '"}}'""",
    "a Decimal of a million digits": DOUBLE + """"value": {"decimal": "' + '9' * 10**6 + '"}}'""",
    "a Decimal of a million digits, once written out": (
        DOUBLE + """"value": {"decimal": "1E+999999999999999999"}}'"""
    ),
    "a fraction over zero": DOUBLE + """"value": {"fraction": [1, 0]}}'""",
    "a fraction of strings": DOUBLE + """"value": {"fraction": ["1", "3"]}}'""",
    "a fraction that would fill memory": DOUBLE + """"value": {"fraction": ["1e999999999"]}}'""",
    "a range of huge numbers": (
        DOUBLE + """"value": {"range": [0, {"int": "' + '9' * 4000 + '"}, 1]}}'"""
    ),
    "a set of lists": DOUBLE + """"value": {"set": [{"list": []}]}}'""",
    "a set of objects": DOUBLE + """"value": {"set": [{"object": 0}]}}'""",
    "a dict with a default that is no function": (
        DOUBLE + """"value": {"dict": [], "default": 4}}'"""
    ),
    "a date that never was": DOUBLE + """"value": {"date": "2026-02-30"}}'""",
    "an object whose data is an object": (
        DOUBLE + """"value": {"object": 0, "type": "x", "base": "list"}}'"""
    ),
    "an object of an unknown type": (
        DOUBLE + """"value": {"object": 0, "type": "\\\\ud800", "base": "Remote"}}'"""
    ),
    "a number too large for its type": (
        DOUBLE + """"value": {"complex": [{"int": "1' + '0' * 400 + '"}, 0]}}'"""
    ),
    "deep nesting": DOUBLE + """"value": ' + '{"list": [' * 500 + ']}' * 500 + '}'""",
    "deep brackets": "'[' * 10**5",
    "just too deep": DOUBLE + """"value": ' + '[' * 970 + ']' * 970 + '}'""",
    "two lines": """'{"value": 1}\\n{"result": "passed"}'""",
    "the final message": """'{"result": "passed"}'""",
    "the final message as a response": """'{"response": {"result": "passed"}}'""",
    "another test": """'{"test": "pass", "imports": [], "earlier_tests": []}'""",
    "true for everything": """'{"names": {"double": {"value": true}}, "value": true}'""",
    "not a number": """'{"names": {"double": {"value": NaN}}}'""",
    "a lone surrogate": """'{"error": "\\\\ud800", "message": "\\\\ud800"}'""",
    "an invalid error": """'{"error": 5, "message": [1], "traceback": {"a": 1}}'""",
    "an error that the test would raise": """'{"error": "SyntaxError", "message": "x"}'""",
    "an out-of-memory error": """'{"error": "MemoryError", "message": "x"}'""",
    "a failed import": """'{"error": "ImportError", "message": "x"}'""",
    "a request to exit": """'{"error": "SystemExit", "message": "x"}'""",
    "a long error": """'{"error": "Exception", "message": "' + 'x' * 4_000_000 + '"}'""",
}


@pytest.mark.parametrize("forgery", FORGED)
def test_a_forged_reply_does_not_pass(
    run_test: RunTest, broker: Broker, kernel: Kernel, requests: list[str], forgery: str
) -> None:
    kernel.restart()  # installs the agent again
    outcome = run_test(LIAR.replace("{forgery}", FORGED[forgery]), TEST, 10)
    assert isinstance(outcome, CellOutcome), outcome
    assert outcome.status == "raised", outcome
    forged = eval(FORGED[forgery])
    assert forged in requests
    kernel.restart()
    kernel.run_cell(new_code_cell("def double(x): return 2 * x"), seconds=20)
    assert broker.run_test(TEST, kernel, 20) == CellOutcome("ran")


# How the forged response of each of these submissions begins.
FORGED_PREFIXES = {
    "many-empty-lists": '{"value": {"list": [{"list": []},{"list": []},',
    "nested-to-the-limit": '{"value": [[[[[[[[[',
    "colliding-keys": '{"value": {"dict": [[{"int": "2305843009213693951"}, 0],',
    "replaced-agent": '{"result": "passed"',
    "forged-messages": '{"result": "passed"',
    "forged-responses": '{"result": "passed"',
}


@pytest.mark.parametrize("name", FORGED_PREFIXES)
def test_forged_responses_of_the_corpus_reach_the_test_runner(
    broker: Broker, kernel: Kernel, requests: list[str], name: str
) -> None:
    kernel.restart()
    for _, _, text in read(FOLDER / f"{name}.txt").sections:
        kernel.run_cell(new_code_cell(text), seconds=20)
    outcome = broker.run_test("assert double(2) == 4", kernel, 6)
    kernel.restart()
    assert isinstance(outcome, CellOutcome)
    assert outcome.status in {"raised", "timed out"}
    assert any(request.startswith(FORGED_PREFIXES[name]) for request in requests), [
        request[:80] for request in requests
    ]


class TestFaults:
    """A test whose runner crashes is retried once, and costs no points if that fails too."""

    @pytest.fixture
    def kills(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """A list to fill: one item for each request after which the test runner is killed."""
        remaining: list[int] = []
        read_line = RunnerConnection.read_line

        def read_and_kill(self: RunnerConnection, timeout_s: float) -> bytes:
            line = read_line(self, timeout_s)
            if remaining and b'"request"' in line:
                remaining.pop()
                assert self._process is not None
                os.kill(self._process.pid, signal.SIGKILL)
                self._process.wait()
            return line

        monkeypatch.setattr(RunnerConnection, "read_line", read_and_kill)
        return remaining

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

    def test_a_test_runner_that_cannot_be_started_breaks_the_test(
        self, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError("no more processes")

        monkeypatch.setattr(RunnerConnection, "__init__", refuse)
        with Broker([]) as broker:
            outcome = broker.run_test("pass", kernel, 20)
        assert isinstance(outcome, BrokenTest)
        assert "no more processes" in outcome.reason
