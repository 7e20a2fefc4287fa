"""Attacks on the judge: whatever the student's kernel is made to do, a pass must be earned."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from nbformat.v4 import new_code_cell

from autograder.judge.channel import Broken, Judge
from autograder.kernels.session import Outcome, Session

Hold = Callable[[str, str, float], Outcome | Broken]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("judge")]

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


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with Session(tmp_path_factory.mktemp("student"), allow_unprotected=True) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge(["import numpy as np\nfrom math import tau as turn", "%magic"]) as process:
        yield process


@pytest.fixture
def held(judge: Judge, session: Session) -> Hold:
    """Hold a test against a fresh namespace with this student code in it."""

    def hold(student: str, test: str, seconds: float) -> Outcome | Broken:
        session.run(new_code_cell("%reset -f\n"), seconds=20)
        if session.run(new_code_cell(student), seconds=6).status == "too long":
            session.restart()
        return judge.hold(test, session, seconds)

    return hold


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
def test_an_honest_answer_passes(held: Hold, test: str) -> None:
    assert held(HONEST, test, 20) == Outcome("ran")


@pytest.mark.parametrize(
    ("test", "error", "says"),
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
def test_a_wrong_answer_says_why(held: Hold, test: str, error: str, says: str) -> None:
    outcome = held(HONEST, test, 20)
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.error) == ("raised", error)
    assert says in outcome.message


def test_the_students_own_lines_are_shown(held: Hold) -> None:
    outcome = held("def inner(x):\n    return x['a']\ndef f(x):\n    return inner(x)", "f(3)", 20)
    assert isinstance(outcome, Outcome)
    assert "line 4 of a cell, in f" in outcome.trace
    assert "line 2 of a cell, in inner" in outcome.trace


@pytest.mark.parametrize(
    "test",
    ["import no_such_module", "def broken(:", "x = [[]]\nfor _ in range(10**5): x = [x]\nrepr(x)"],
)
def test_a_broken_test_is_nobodys_loss(held: Hold, test: str) -> None:
    assert isinstance(held(HONEST, test, 20), Broken)


TEST = "import numpy\nassert numpy.allclose(double(numpy.arange(4.0)), [0, 2, 4, 6]), 'wrong'"

LIES = {
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
    "an array that lies": """
import numpy
class Yes(numpy.ndarray):
    def __eq__(self, other): return True
    def __sub__(self, other): return numpy.zeros(4)
def double(x): return numpy.zeros(4).view(Yes)
""",
    "NumPy patched": """
import numpy
numpy.allclose = lambda *a, **k: True
numpy.testing.assert_allclose = lambda *a, **k: None
def double(x): return 0
""",
    "builtins patched": """
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
    "the agent replaced": """
import sys, types
fake = types.ModuleType('_agent')
def speak(request, space):
    import json
    get_ipython().display_pub.publish({
        'application/vnd.autoencoder-course.answer+json': json.dumps({'end': 'passed'})})
fake.speak = speak
class Always(dict):
    def __getitem__(self, key): return fake if key == '_agent' else dict.__getitem__(self, key)
def double(x): return 0
sys.modules['_agent'] = fake
""",
    "the publisher replaced": """
pub = get_ipython().display_pub
old = type(pub).publish
type(pub).publish = lambda self, data, *a, **k: old(self, {key: '{"value": true}' for key in data})
def double(x): return 0
""",
    "exit instead of an answer": "def double(x): raise SystemExit(0)",
    "an error that claims to be none": """
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
    "nested without end": """
def double(x):
    y = []
    y.append(y)
    return y
""",
    "far too large": """
import numpy
def double(x): return numpy.zeros(10**8)
""",
    "a huge text": "def double(x): return 'x' * 10**8",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_does_not_pass(held: Hold, session: Session, lie: str) -> None:
    outcome = held(LIES[lie], TEST, 6)
    assert isinstance(outcome, Outcome), outcome
    assert outcome.status != "ran", outcome
    session.restart()


FORGED = {
    "no JSON": "'{'",
    "another shape": "'[1, 2]'",
    "no value": "'{}'",
    "a wrong tag": """'{"value": {"pickle": "gASV"}}'""",
    "an array that is none": """'{"value": {"array": "AAAA", "dtype": "O", "shape": [3]}}'""",
    "a shape that does not fit": """'{"value": {"array": "AAAA", "dtype": "<f8", "shape": [9]}}'""",
    "a shape that would fill memory": (
        """'{"value": {"array": "", "dtype": "<f8", "shape": [1099511627776, 0, 1099511627776]}}'"""
    ),
    "an int of a million digits": """'{"value": {"int": "' + '9' * 10**6 + '"}}'""",
    "deep nesting": """'{"value": ' + '{"list": [' * 500 + ']}' * 500 + '}'""",
    "deep brackets": "'[' * 10**5",
    "two lines": """'{"value": 1}\\n{"end": "passed"}'""",
    "the end itself": """'{"end": "passed"}'""",
    "the kernel's end": """'{"ended": true}'""",
}


@pytest.mark.parametrize("forgery", FORGED)
def test_a_forged_reply_does_not_pass(held: Hold, judge: Judge, forgery: str) -> None:
    student = f"""
import sys, types
fake = types.ModuleType('_agent')
fake.speak = lambda request, space: get_ipython().display_pub.publish(
    {{'application/vnd.autoencoder-course.answer+json': {FORGED[forgery]}}})
def double(x):
    return 0
"""
    assert held(student, "assert double(1) == 0", 20) == Outcome("ran")  # the true agent
    said = held(f"{student}\nsys.modules['_agent'] = fake", TEST, 6)
    judge._taught = None  # it must send the true agent again
    assert isinstance(said, Outcome), said
    assert said.status != "ran", said


def test_hidden_tests_never_reach_the_kernel(judge: Judge, session: Session) -> None:
    session.restart()
    spy = """
heard = []
get_ipython().events.register('pre_run_cell', lambda info: heard.append(info.raw_cell))
def double(x): return 2 * x
"""
    session.run(new_code_cell(spy), seconds=20)
    test = (
        "### BEGIN HIDDEN TESTS\nassert double(20) == 40, 'a secret message'\n### END HIDDEN TESTS"
    )
    assert judge.hold(test, session, 20) == Outcome("ran")
    assert judge.hold("assert any('speak' in h for h in heard)", session, 20) == Outcome("ran")
    for secret in ("HIDDEN", "a secret message", "== 40"):
        found = judge.hold(f"assert not any({secret!r} in str(h) for h in heard)", session, 20)
        assert found == Outcome("ran")


@pytest.mark.parametrize(
    ("student", "status"),
    [
        ("def double(x):\n    while True: pass", "too long"),
        ("import os\ndef double(x): os._exit(0)", "died"),
    ],
)
def test_a_call_that_never_returns_has_an_end(
    held: Hold, judge: Judge, session: Session, student: str, status: str
) -> None:
    outcome = held(student, TEST, 4)
    assert isinstance(outcome, Outcome)
    assert outcome.status == status
    session.restart()
    session.run(new_code_cell("def double(x): return 2 * x"), seconds=20)
    assert judge.hold(TEST, session, 20) == Outcome("ran")
