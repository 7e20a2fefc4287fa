"""Attacks on the test runner: whatever a student's kernel does, only correct answers pass."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell

from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.test_runner.broker import BrokenTest, Broker
from tests.hostile.machine import TEST, RunTest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("test-runner")]

HONEST = """
import numpy as np

class Model:
    def __init__(self):
        self.weights = [np.ones((2, 3)), np.zeros(3)]
        self.name = "encoder"
        self.layers = [self]

    def __call__(self, x):
        return np.asarray(x) @ self.weights[0]

    def count(self):
        return sum(w.size for w in self.weights)

def double(x):
    return 2 * x

def refuse(x):
    raise ValueError(f"x={x}: no")

class Odd(Exception):
    pass

def odd():
    raise Odd("odd")

answer = 4
pair = (1, [2.5, None], {"a": np.float32(1)})
model = Model()
"""


@pytest.mark.parametrize(
    "test",
    [
        "assert double(2) == 4",
        "assert double('ab') == 'abab'",
        "import numpy\nassert numpy.array_equal(double(numpy.arange(3)), [0, 2, 4])",
        "assert isinstance(double(np.ones((2, 2))), np.ndarray)",
        "assert double(np.float32(1.5)).dtype == np.float32",
        "assert answer == 4 and turn > 6",
        "assert pair == (1, [2.5, None], {'a': np.float32(1)})",
        "assert [double(n) for n in range(3)] == [0, 2, 4]",
        "def check():\n    return double(1)\nassert check() == 2",
        "assert all(double(n) == 2 * n for n in (1, 2))",
        "assert model(np.ones((4, 2))).shape == (4, 3)",
        "assert model.count() == 9 and model.name == 'encoder' and len(model.layers) == 1",
        "assert [w.shape for w in model.weights] == [(2, 3), (3,)]",
        "assert model.layers[0].weights[1].sum() == 0",
        (
            "try:\n    refuse(3)\nexcept ValueError as error:\n    assert str(error) == 'x=3: no'\n"
            "else:\n    raise AssertionError"
        ),
        "assert np.isnan(double(float('nan'))) and double(2**70) == 2**71",
        "print('noise')\n0.5",
    ],
)
def test_an_honest_answer_passes(run_test: RunTest, test: str) -> None:
    assert run_test(HONEST, test, 20) == CellOutcome("ran")


@pytest.mark.parametrize(
    ("test", "error", "message"),
    [
        ("assert double(2) == 5, 'it is 4'", "AssertionError", "it is 4"),
        ("nothing(1)", "NameError", "name 'nothing' is not defined"),
        ("refuse(1)", "ValueError", "x=1: no"),
        ("odd()", "Exception", "odd"),
        ("double(None)", "TypeError", "unsupported operand"),
        ("assert double(2).shape == (1,)", "AttributeError", "no attribute 'shape'"),
        ("assert model", "TypeError", "neither true nor false"),
    ],
)
def test_a_wrong_answer_has_its_reason(
    run_test: RunTest, test: str, error: str, message: str
) -> None:
    outcome = run_test(HONEST, test, 20)
    assert isinstance(outcome, CellOutcome)
    assert (outcome.status, outcome.error) == ("raised", error)
    assert message in outcome.message


def test_the_traceback_shows_the_students_lines(run_test: RunTest) -> None:
    outcome = run_test(
        "def inner(x):\n    return x['a']\ndef f(x):\n    return inner(x)", "f(3)", 20
    )
    assert isinstance(outcome, CellOutcome)
    assert "line 4 of a cell, in f" in outcome.traceback
    assert "line 2 of a cell, in inner" in outcome.traceback


@pytest.mark.parametrize(
    "test",
    ["import no_such_module", "def broken(:", "x = [[]]\nfor _ in range(10**5): x = [x]\nrepr(x)"],
)
def test_a_broken_test_costs_no_points(run_test: RunTest, test: str) -> None:
    assert isinstance(run_test(HONEST, test, 20), BrokenTest)


DISGUISED = {
    "an object equal to everything": """
class Yes:
    def __eq__(self, other): return True
    def __array_ufunc__(self, *a, **k): return True
    def __array__(self, *a, **k): import numpy; return numpy.array([0, 2, 4, 6.])
    def __bool__(self): return True
    def all(self): return True
def double(x): return Yes()
""",
    "an int that is equal to everything": """
class Yes(int):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
def double(x): return Yes()
""",
    "a lying array": """
import numpy
class Yes(numpy.ndarray):
    def __eq__(self, other): return True
    def __sub__(self, other): return numpy.zeros(4)
def double(x): return numpy.zeros(4).view(Yes)
""",
    "patched NumPy": """
import numpy
numpy.allclose = lambda *a, **k: True
numpy.testing.assert_allclose = lambda *a, **k: None
def double(x): return 0
""",
    "patched builtins": """
import builtins
builtins.all = lambda *a: True
builtins.isinstance = lambda *a: True
builtins.AssertionError = type('Fine', (Exception,), {})
def double(x): return 0
""",
    "asserts stripped by a transformer": """
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Strip())
def double(x): return 0
""",
    "exit instead of an answer": "def double(x): raise SystemExit(0)",
    "an exception named Passed": """
class Passed(BaseException): pass
def double(x): raise Passed()
""",
    "a generator": "def double(x): yield from (0, 2, 4, 6)",
    "an array of objects": """
import numpy
class Yes:
    def __rsub__(self, o): return 0
    __sub__ = __rmul__ = __abs__ = __le__ = __rsub__
def double(x): return numpy.array([Yes()] * 4, dtype=object)
""",
    "a list that contains itself": """
def double(x):
    y = []
    y.append(y)
    return y
""",
    "a huge array": """
import numpy
def double(x): return numpy.zeros(10**8)
""",
    "a huge string": "def double(x): return 'x' * 10**8",
}


@pytest.mark.parametrize("name", DISGUISED)
def test_a_wrong_answer_in_disguise_does_not_pass(
    run_test: RunTest, kernel: Kernel, name: str
) -> None:
    outcome = run_test(DISGUISED[name], TEST, 6)
    assert isinstance(outcome, CellOutcome), outcome
    assert outcome.status != "ran", outcome
    kernel.restart()


def test_an_empty_array_passes_unless_the_test_checks_the_shape(run_test: RunTest) -> None:
    """NumPy broadcasts it to any shape, so that nothing differs: tests must check the shape."""
    empty = "import numpy\ndef double(x): return numpy.empty((0, 1))"
    shape = "import numpy\nassert numpy.shape(double(numpy.arange(4.0))) == (4,), 'the shape'\n"
    assert run_test(empty, TEST, 20) == CellOutcome("ran")
    assert run_test(empty, shape + TEST, 20) == CellOutcome("raised", "AssertionError", "the shape")
    assert run_test("def double(x): return 2 * x", shape + TEST, 20) == CellOutcome("ran")


@pytest.mark.parametrize("error", ["StopIteration", "StopAsyncIteration"])
def test_a_stop_iteration_does_not_end_the_test(run_test: RunTest, error: str) -> None:
    student = f"def double(x): raise {error}"
    outcome = run_test(student, "for value in map(double, [1, 2]):\n    assert value == 0", 20)
    assert isinstance(outcome, CellOutcome)
    assert (outcome.status, outcome.error) == ("raised", error)


@pytest.mark.parametrize(
    ("answer", "test"),
    [
        ("10**9", "x = double(1)\nassert len([[]] * (x * 30))"),
        ("'x' * 10**6", "x = []\nfor _ in double(1): x = [x]\nassert repr(x)"),
        ("'f4,(f8'", "assert np.dtype(double(1))"),
    ],
)
def test_an_answer_that_breaks_the_test_is_wrong(run_test: RunTest, answer: str, test: str) -> None:
    outcome = run_test(f"def double(x): return {answer}", test, 20)
    assert isinstance(outcome, CellOutcome), outcome
    assert outcome.status == "raised"


def test_hidden_tests_never_reach_the_kernel(broker: Broker, kernel: Kernel) -> None:
    kernel.restart()
    spy = """
sources = []
get_ipython().events.register('pre_run_cell', lambda info: sources.append(info.raw_cell))
def double(x): return 2 * x
"""
    kernel.run_cell(new_code_cell(spy), seconds=20)
    test = (
        "### BEGIN HIDDEN TESTS\nassert double(20) == 40, 'a secret message'\n### END HIDDEN TESTS"
    )
    assert broker.run_test(test, kernel, 20) == CellOutcome("ran")
    assert broker.run_test(
        "assert any('serve(' in source for source in sources)", kernel, 20
    ) == CellOutcome("ran")
    for secret in ("HIDDEN", "a secret message", "== 40"):
        outcome = broker.run_test(
            f"assert not any({secret!r} in str(source) for source in sources)", kernel, 20
        )
        assert outcome == CellOutcome("ran")


def test_an_endless_iterator_is_stopped(run_test: RunTest, kernel: Kernel) -> None:
    student = "def double(x):\n    while True:\n        yield x"
    assert run_test(student, "assert next(double(2)) == 2", 20) == CellOutcome("ran")
    outcome = run_test(student, "for value in double(2):\n    pass", 4)
    assert isinstance(outcome, CellOutcome)
    assert outcome.status == "timed out"
    kernel.restart()


@pytest.mark.parametrize(
    ("student", "status"),
    [
        ("def double(x):\n    while True: pass", "timed out"),
        ("import os\ndef double(x): os._exit(0)", "died"),
    ],
)
def test_a_call_that_never_returns_is_stopped(
    run_test: RunTest, broker: Broker, kernel: Kernel, student: str, status: str
) -> None:
    outcome = run_test(student, TEST, 4)
    assert isinstance(outcome, CellOutcome)
    assert outcome.status == status
    kernel.restart()
    kernel.run_cell(new_code_cell("def double(x): return 2 * x"), seconds=20)
    assert broker.run_test(TEST, kernel, 20) == CellOutcome("ran")
