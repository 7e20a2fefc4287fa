"""Lesson 6: the solution passes, the stub fails, each wrong answer gets its own hint."""

from __future__ import annotations

from course import drawing
from course.drawing.resize import area
from tests.source.lesson import ROOT, Lesson, LessonTests

SIGNATURES = {
    "bounding-box": "def bounding_box(alpha): ",
    "pad-square": "def pad_square(ink): ",
    "fit-20-in-28": "def fit_20_in_28(ink): ",
    "centre-of-mass-shift": "def centre_of_mass_shift(image): ",
    "to-payload": "def to_payload(image): ",
    "score": "def score(payload, W, b):\n ",
}
FIND = (
    "r = np.flatnonzero(alpha.any(axis=1)); c = np.flatnonzero(alpha.any(axis=0)); "
    "t, l, b, g = int(r[0]), int(c[0]), int(r[-1]) + 1, int(c[-1]) + 1; "
)
FRAME = "h, w = ink.shape; n = max(h, w); f = np.zeros((n, n), ink.dtype); "
SMALL = (
    "k = 20 / max(ink.shape); r, c = (max(1, round(n * k)) for n in ink.shape); "
    "f = np.zeros((28, 28), np.uint8); "
)
MASS = (
    "w = image.astype(float); p = np.arange(28); "
    "r = w.sum(1) @ p / w.sum(); c = w.sum(0) @ p / w.sum(); "
)
READ = "c = payload['values'][0]; x = drawing.from_square(c['data'], c['height']).vector; "
SAFE = "\n try:\n  {body}\n except {errors} as e: return {{'error': {said}}}"
PROPER = "(KeyError, IndexError, TypeError, ValueError)"


def guarded(answer: str, errors: str = PROPER, said: str = "str(e)") -> str:
    return SAFE.format(body=READ + answer, errors=errors, said=said)


GOOD = "return {'digit_class': int((x @ W + b).argmax())}"
WRONG = {
    "bounding-box": {
        FIND: "returns nothing",
        FIND + "return t, l": "Expected four numbers",
        FIND + "return t, l, b - 1, g - 1": "the end is one further",
        FIND + "return l, t, g, b": "Rows and columns are swapped",
        FIND + "return t, b, l, g": "The order is",
        FIND + "return t, l, b - t, g - l": "height and width",
        "alpha = alpha > 127; " + FIND + "return t, l, b, g": "faint pixel",
        "return 0, 0, *alpha.shape": "whole canvas",
        FIND + "return t, l, 7, 9": "canvas's own size",
    },
    "pad-square": {
        FRAME + "f[:h, :w] = ink": "returns nothing",
        "return ink": "still has the shape",
        "return np.zeros((7, 7))": "5 by 5, got",
        FRAME + "return f": "square is empty",
        FRAME + "f[:h, :w] = ink; return f": "top edge",
        FRAME + "t, l = (n + 1 - h) // 2, (n + 1 - w) // 2; f[t:t + h, l:l + w] = ink; return f": (
            "use //"
        ),
        FRAME + "return ink[np.arange(n) * h // n]": "stretched or repeated",
        "h, w = ink.shape; t = (w - h) // 2; return np.pad(ink, ((max(t, 0), max(w - h - t, 0)), "
        "(0, 0)))": "For tall ink|Tall ink",
        FRAME + "f[(n - h) // 2 :, :][:h, :w] = ink; return f": "margins are left and right",
    },
    "fit-20-in-28": {
        SMALL + "f[4:24, 4:24] = area(ink, (20, 20))": "returns nothing",
        SMALL + "return area(ink, (r, c))": "Expected 28 by 28",
        SMALL + "t, l = (28 - r) // 2, (28 - c) // 2; f = f * 1.0; "
        "f[t:t + r, l:l + c] = area(ink, (r, c)) / 255; return f": "between 0 and 1",
        "return area(ink, (28, 28))": "fills all 28",
        SMALL + "f[4:24, 4:24] = area(ink, (20, 20)); return f": "20 by 20: stretched",
        "k = 28 / max(ink.shape); r, c = (round(n * k) for n in ink.shape); f = np.zeros((28, 28));"
        "f[:, 6:6 + c] = area(ink, (r, c)); return f": "longer side is 28",
        SMALL.replace("round(n * k)", "int(n * k)") + "t, l = (28 - r) // 2, (28 - c) // 2; "
        "f[t:t + r, l:l + c] = area(ink, (r, c)); return f": r"Use round\(\)",
        SMALL + "f[:r, :c] = area(ink, (r, c)); return f": "upper left corner",
        SMALL + "f[4:4 + r, 4:4 + c] = area(ink, (r, c)); return f": "left margin is 4",
        SMALL + "l = (29 - c) // 2; f[4:4 + r, l:l + c] = area(ink, (r, c)); return f": "use //",
        SMALL + "l = (28 - c) // 2; g = ink[np.arange(r) * ink.shape[0] // r]; "
        "f[4:4 + r, l:l + c] = g[:, np.arange(c) * ink.shape[1] // c]; return f": r"Use area\(\)",
        "c = round(20 * ink.shape[1] / ink.shape[0]); f = np.zeros((28, 28), np.uint8); "
        "c = min(c, 28); l = (28 - c) // 2; f[4:24, l:l + c] = area(ink, (20, c)); return f": (
            "longer side may be either"
        ),
    },
    "centre-of-mass-shift": {
        MASS: "returns nothing",
        MASS + "return round(14 - r)": "Expected two numbers",
        MASS + "return 14 - r, 14 - c": "not whole pixels",
        MASS + "return round(r - 14), round(c - 14)": "middle to the ink",
        MASS + "return round(14 - c), round(14 - r)": r"swapped\.",
        MASS + "return round(c - 14), round(r - 14)": "and the signs",
        MASS.replace("image.astype(float)", "(image > 0) * 1.0")
        + "return round(14 - r), round(14 - c)": "Weight it",
        "r, c = (np.flatnonzero(image.any(axis=a)) for a in (1, 0)); "
        "return [round(14 - (p[0] + p[-1]) / 2) for p in (r, c)]": "centers the box",
        MASS + "return round(13.5 - r), round(13.5 - c)": "half a pixel",
        MASS + "return round(r), round(c)": "center of mass itself",
        "t = image.sum(); "
        "r = sum((i * image[i]).sum() for i in range(28)) / t; "
        "c = sum((i * image[:, i]).sum() for i in range(28)) / t; "
        "return round(14 - r), round(14 - c)": "start again at 0 after 255",
    },
    "to-payload": {
        "image / 255": "returns nothing",
        "return (image.reshape(1, 784) / 255).tolist()": "Expected a dict",
        "return {'values': image.reshape(1, 784) / 255}": "JSON has no arrays",
        "return {'values': (image.ravel() / 255).tolist()}": "pair of brackets",
        "return {'values': (image / 255).tolist()}": "28 rows of 28",
        "return {'values': [list(np.float32(image.ravel() / 255))]}": "JSON can't write",
        "return {'values': image.reshape(1, 784).tolist()}": "Divide by 255",
        "return {'values': (image.T.reshape(1, 784) / 255).tolist()}": "row by row",
        "return {'values': (1 - image.reshape(1, 784) / 255).tolist()}": "inverted",
        "return {'values': (image.reshape(1, 784) // 255).tolist()}": "without rounding",
        "return {'values': (image.reshape(1, 784) / 256).tolist()}": "divided by 256",
    },
    "score": {
        READ + "(x @ W + b).argmax()": "returns nothing",
        READ + "return int((x @ W + b).argmax())": "has type int",
        "return {'error': 'I can not read this.'}": "This drawing can be read",
        READ + "return {'class': int((x @ W + b).argmax())}": "one key",
        READ + "return {'digit_class': (x @ W + b).ravel().tolist()}": "several numbers",
        READ + "return {'digit_class': int((x @ W).argmax())}": "left out b",
        READ + "return {'digit_class': int((x @ W + b).argmin())}": "lowest score",
        READ + "return {'digit_class': int((255 * x @ W + b).argmax())}": "already divided",
        READ + GOOD: "A server must keep running",
        guarded("return {'digit_class': int(b.argmax())}"): "has no effect",
        guarded("x = x.reshape(28, 28).T.reshape(1, 784); " + GOOD): "swapped",
        guarded("x = 1 - x; " + GOOD): "inverted",
        guarded("x = (x > 0.2) * 1.0; " + GOOD): "used as it is",
        guarded(GOOD).replace("c['height'])", "c['height'], 'lecture')"): "lecture's way",
        guarded("x = x * (c['height'] == 81); " + GOOD): "four other models",
        guarded(GOOD, said="''"): "The error says nothing",
        guarded(GOOD, errors="ValueError"): "score stops with",
    },
}


class TestLesson(LessonTests):
    lesson = Lesson("06-digit-canvas", WRONG, SIGNATURES, {"area": area, "drawing": drawing})


BENCHMARKS = ROOT / "benchmarks"


def rows(name: str) -> dict[str, list[str]]:
    """Return the rows of a benchmark's tables, by their first column."""
    text = (BENCHMARKS / name).read_text(encoding="utf-8")
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {line[0]: line[1:] for line in lines}


def test_numbers_in_the_lesson_match_the_benchmarks() -> None:
    text = " ".join(TestLesson.lesson.path.read_text(encoding="utf-8").split())
    pens, steps = rows("pen_accuracy.md"), rows("preprocessing.md")
    trained = {
        "no copies, MNIST alone": "MNIST alone, 4 passes",
        "all copies but those with slashes, bars and flags": "without habits, 4 passes",
        "all copies but bent and shifted ones": "without shape, 4 passes",
        "all copies but thinner and thicker ones": "without thickness, 4 passes",
        "all copies": "all variations, 4 passes",
        "all copies, three times as long: the course's": (
            "**the course's**, all variations, 12 passes"
        ),
    }
    for label, name in trained.items():
        _, mnist, _, lecture = pens[name]
        assert f"| {label} | {mnist} | {lecture} |" in text
    wrong = {name.removeprefix("misread, "): row for name, row in pens.items() if "misread" in name}
    ours, theirs = wrong["MNIST's way"], wrong["the lecture's"]
    assert f"the network misreads {theirs[-1]} of them, in MNIST's way {ours[-1]}." in text
    assert f"misreads {theirs[-1]} instead of {ours[-1]}" in text
    shares = (1 - int(ours[-1]) / 1000, 1 - int(theirs[-1]) / 1000)
    assert f'{{"MNIST\'s way": {shares[0]:.3f}, "the lecture\'s way": {shares[1]:.3f}}}' in text
    _, thin, thin_own = pens["3 to 5 pixels"]
    assert f"reads {thin} with this step and {thin_own} without" in text
    above, above_own = pens["pen strokes, MNIST's way"][-1], pens["pen strokes, own pen"][-1]
    assert f"it takes {above_own} of the digits for something else, with it {above}." in text
    caught = float(pens["other things, none of these kinds fitted"][-1].rstrip("%")) / 100
    words = {8: "eight", 9: "nine", 10: "ten"}
    assert f"one in {words[round(1 / (1 - caught))]} passes then" in text
    shown = [f"{float(row[0].rstrip('%')):.0f}%" for row in list(steps.values())[2:4]]
    centered = steps["20 by 20, by the center of mass"][0]
    for share in (*shown, centered):
        assert f"{share} " in text
    assert f"they read {steps['as they are'][0]}, without the division" in text
    assert f"inverted, {steps['inverted'][0]})" in text
