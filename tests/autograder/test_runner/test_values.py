"""Right answers of every type reach the tests, and messages name the student's types only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from nbformat.v4 import new_code_cell

from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.test_runner.broker import Broker

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("test-runner")]

STUDENT = """
import collections, datetime, enum
from decimal import Decimal
from fractions import Fraction
import numpy as np
class MyInt(int): pass
class MyFloat(float): pass
class MyStr(str): pass
class MyList(list): pass
class MyTuple(tuple): pass
class MyDict(dict): pass
class Meters(float):
    def feet(self): return self * 3.28
class Stack(list):
    def push(self, x): self.append(x)
    def peek(self): return self[-1]
class Color(enum.IntEnum): RED = 1
class Word(str, enum.Enum): A = "a"
Point = collections.namedtuple("Point", "x y")
class Default(dict):
    def __missing__(self, key): return 0
class Shape: pass
def count():
    number = 0
    while True:
        yield number
        number += 1
def give(source): return eval(source)
def same(x): return x
async def slowly(x):
    import asyncio
    await asyncio.sleep(0)
    return 2 * x
async def fail():
    raise ValueError("no")
def kind(x): return type(x).__name__
def apply(pairs): return [function(x) for function, x in pairs]
"""
# The test's lines after the value `x` of an expression in the student's kernel.
VALUES = {
    "Fraction(1, 2)": "assert math.isclose(x, 0.5) and f'{x:.2f}' == '0.50'",
    "Fraction(4, 2)": "assert [5, 6, 7][x] == 7",
    "Decimal('0.1')": "assert abs(x - 0.1) < 1e-12 and math.isclose(x, 0.1)",
    "Decimal('1E+999999999')": "assert x == float('inf')",
    "[Fraction(1, 2), Decimal(2)]": "np.testing.assert_allclose(x, [0.5, 2])",
    "np.array([Fraction(1, 2), Decimal(2)])": "np.testing.assert_allclose(x, [0.5, 2])",
    "MyInt(3)": "assert x == 3 and isinstance(x, int) and [1, 2, 3, 4][x] == 4",
    "MyFloat(3)": "assert x / 2 == 1.5 and math.sqrt(x) == math.sqrt(3)",
    "MyStr('a')": "assert ''.join([x, 'b']) == 'ab'",
    "MyList([1, 2])": "assert x == [1, 2] and json.dumps(x) == '[1, 2]'",
    "MyTuple((1, 2))": "assert x == (1, 2)",
    "MyDict(a=1)": "assert x == {'a': 1} and {**x} == {'a': 1}",
    "Meters(2)": (
        "assert x == 2 and math.isclose(x, 2) and isinstance(x, float) and x in [2.0]\n"
        "assert x + 1 == 1 + x == 3 and -x == -2 and 2 - x == 0 and x < 3 and sum([x, x]) == 4\n"
        "assert round(x) == 2 and f'{x:.1f}' == '2.0' and hash(x) == hash(2.0) and bool(x)\n"
        "assert abs(x.feet() - 6.56) < 1e-9"
    ),
    "Stack()": (
        "x.push(3)\nassert x == [3] and x.peek() == 3 and len(x) == 1 and list(x) == [3]\n"
        "assert 3 in x and x[0] == 3 and x + [1] == [3, 1] and [1] + x == [1, 3]\n"
        "assert isinstance(x, list) and sorted(x) == [3] and np.asarray(x).shape == (1,)"
    ),
    "Color.RED": "assert x == 1 and x.name == 'RED' and [5, 6][x] == 6",
    "Word.A": "assert x == 'a' and x.upper() == 'A'",
    "Point(1, 2)": "a, b = x\nassert x == (1, 2) and x.x == a == 1 and x[1] == b and len(x) == 2",
    "Default(a=1)": "assert x == {'a': 1} and x['b'] == 0 and 'b' not in x",
    "collections.defaultdict(int, a=1)": "assert x == {'a': 1} and x['z'] == 0",
    "collections.defaultdict(list)": "x['b'].append(2)\nassert x == {'b': [2]}",
    "collections.Counter('aba')": (
        "assert x == {'a': 2, 'b': 1} and x['z'] == 0 and x.most_common(1) == [('a', 2)]"
    ),
    "collections.OrderedDict(a=1)": "assert x == {'a': 1} and isinstance(x, dict)",
    "{1, 2}": "assert x == {1, 2}",
    "frozenset([1])": "assert x == frozenset([1]) and {x: 1}",
    "range(3)": "assert x == range(3) and list(x) == [0, 1, 2]",
    "collections.deque([1, 2], 3)": "assert list(x) == [1, 2] and x.maxlen == 3",
    "dict(a=1).keys()": "assert list(x) == ['a'] and x == {'a'}",
    "dict(a=1).values()": "assert list(x) == [1]",
    "dict(a=1).items()": "assert list(x) == [('a', 1)] and sorted(x) == [('a', 1)]",
    "map(str, [1, 2])": "assert list(x) == ['1', '2']",
    "(n for n in [1, 2])": "assert sum(x) == 3",
    "count()": "assert next(x) == 0 and list(itertools.islice(x, 2)) == [1, 2]",
    "iter([])": "assert list(x) == []",
    "np.matrix([[1, 2]])": "assert np.allclose(x, [[1, 2]])",
    "np.float32(2)": "assert x == 2 and x.dtype == np.float32",
    "np.array(['a', b'b'], dtype=object)[0]": "assert x == 'a'",
    "np.array([b'a'])": "assert x[0] == b'a'",
    "np.datetime64('2020-01-02')": "assert x == np.datetime64('2020-01-02')",
    "datetime.date(2020, 1, 2)": "assert x == datetime.date(2020, 1, 2)",
    "datetime.datetime(2020, 1, 2, 3)": "assert x.hour == 3",
    "datetime.timedelta(1, 2, 3)": "assert x == datetime.timedelta(1, 2, 3)",
    "(None, True, 1j, b'a', 2**70, -0.0)": "assert x == (None, True, 1j, b'a', 2**70, 0)",
    "bytearray(b'a')": "assert x == b'a'",
    "{print: 1}": "assert len(x) == 1",
}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with Kernel(tmp_path_factory.mktemp("student"), allow_unprotected=True) as kernel:
        outcome = kernel.run_cell(new_code_cell(STUDENT), seconds=30)
        assert outcome.status == "ran", outcome
        yield kernel


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    imports = "import datetime, itertools, json, math\nimport numpy as np"
    with Broker([imports]) as broker:
        yield broker


def run(broker: Broker, kernel: Kernel, test: str) -> CellOutcome:
    outcome = broker.run_test(test, kernel, 30)
    assert isinstance(outcome, CellOutcome), outcome
    return outcome


@pytest.mark.parametrize("expression", VALUES)
def test_a_right_value_passes(broker: Broker, kernel: Kernel, expression: str) -> None:
    test = f"x = give({expression!r})\n{VALUES[expression]}"
    assert run(broker, kernel, test) == CellOutcome("ran")


@pytest.mark.parametrize(
    "test",
    [
        "from fractions import Fraction\nassert give('Fraction(1, 3)') == Fraction(1, 3)",
        "from decimal import Decimal\nassert give(\"Decimal('0.1')\") == Decimal('0.1')",
        "from fractions import Fraction\nassert kind(Fraction(1, 2)) == 'Fraction'",
    ],
)
def test_a_test_that_names_an_exact_type_gets_it(broker: Broker, kernel: Kernel, test: str) -> None:
    assert run(broker, kernel, test) == CellOutcome("ran")


def test_a_test_can_await(broker: Broker, kernel: Kernel) -> None:
    test = """
assert await slowly(2) == 4
try:
    await fail()
except ValueError as error:
    assert str(error) == "no"
else:
    raise AssertionError
assert [await slowly(number) for number in range(3)] == [0, 2, 4]
"""
    assert run(broker, kernel, test) == CellOutcome("ran")
    assert run(broker, kernel, "assert await slowly(2) == 5").status == "raised"


def test_a_test_can_pass_what_it_got(broker: Broker, kernel: Kernel) -> None:
    test = """
x = give("Stack([1])")
assert kind(x) == "Stack" and same([x])[0] == [1] and same({"f": same})["f"](2) == 2
assert apply([(same, 3)]) == [3]
assert [kind(value) for value in ({1}, range(2), datetime.date(2020, 1, 2))] == [
    "set", "range", "date"]
"""
    assert run(broker, kernel, test) == CellOutcome("ran")


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("math.isclose(x, 1)", "must be real number, not Shape"),
        ("x + 1", "unsupported operand type(s) for +: 'Shape' and 'int'"),
        ("x == 1", "compare plain data, not the student's 'Shape' object"),
        ("sum(x)", "'Shape' object is not iterable"),
        ("x()", "'Shape' object is not callable"),
        ("x[0]", "'Shape' object is not subscriptable"),
        ("x.size = 1", "'Shape' object has no attribute 'size'"),
        ("x.__dict__", "'Shape' object has no attribute '__dict__'"),
        ("[1][x]", "list indices must be integers or slices, not Shape"),
        ("json.dumps(x)", "Object of type Shape is not JSON serializable"),
        ("give('type(\"Not a name!\", (), {})()') + 1", "for +: 'object' and 'int'"),
        ("give('Stack()') + 1", 'can only concatenate list (not "int") to list'),
        ("raise AssertionError(x)", "<the student's Shape>"),
        ("raise AssertionError(type(x))", "<class '__main__.Shape'>"),
    ],
)
def test_messages_name_the_students_type(
    broker: Broker, kernel: Kernel, test: str, message: str
) -> None:
    outcome = run(broker, kernel, f"x = give('Shape()')\n{test}")
    assert outcome.status == "raised"
    assert outcome.message.endswith(message)


@pytest.mark.parametrize(
    "answer",
    [
        "MyFloat(9)",
        "type('Yes', (float,), {'__eq__': lambda *_: True, '__sub__': lambda *_: 0.0})(9)",
        "type('Yes', (float,), {'__eq__': lambda *_: True, 'x': 1, '__hash__': None})(9)",
        "type('Yes', (Fraction,), {'__eq__': lambda *_: True, '__abs__': lambda *_: 0})(9)",
        "type('Yes', (), {'__class__': float, '__eq__': lambda *_: True})()",
        "type('Yes', (list,), {'__eq__': lambda *_: True, '__contains__': lambda *_: True})()",
        "type('Yes', (dict,), {'__missing__': lambda *_: 4})()",
        "iter([4])",
        "{4}",
    ],
)
def test_a_value_that_claims_to_be_equal_is_wrong(
    broker: Broker, kernel: Kernel, answer: str
) -> None:
    for check in ("x == 4", "abs(x - 4) < 1", "math.isclose(x, 4)", "np.isclose(x, 4)"):
        outcome = run(broker, kernel, f"x = give({answer!r})\nassert {check}")
        assert outcome.status == "raised", (check, outcome)
