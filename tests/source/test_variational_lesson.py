"""Lesson 7: the solution passes, the stub fails, each wrong answer gets its own hint."""

from __future__ import annotations

import pytest

from course.assets import code_plane
from tests.source.lesson import Lesson, LessonTests

COST = "def cloud_cost(mean, log_variance): "
PARTS = "mean**2 + np.exp(log_variance) - 1 - log_variance"
DRAW = "def draw(mean, log_variance, noise): "
BACK = "def send_back(gradient, log_variance, noise): "
BILL = (
    "def mean_bill(x, copies, code_costs, beta=1.0):\n"
    "    copy = -(x * np.log(copies) + (1 - x) * np.log(1 - copies)).sum(axis=1)\n    "
)
SHARE = "def sure_share(probabilities, level=0.9): "
SOLUTION = Lesson("07-variational-autoencoder", {}).cells["draw-code"].source
# Answers to draw-code run after the solution, so that they may replace one of its functions.
WRONG = {
    "cloud-cost": {
        COST + f"0.5 * ({PARTS}).sum(axis=1)": "returns nothing",
        COST + f"return 0.5 * ({PARTS})": "One cost per number",
        COST + f"return 0.5 * ({PARTS}).sum(axis=0)": "summed over the images",
        COST + f"return 0.5 * ({PARTS}).sum()": "a single number",
        COST + f"return ({PARTS}).sum(axis=1)": "the factor ½",
        COST + f"return 0.5 * ({PARTS}).mean(axis=1)": "don't average",
        COST + f"return -0.5 * ({PARTS}).sum(axis=1)": "never negative",
        COST + f"return 0.5 * ({PARTS.replace(' - 1', '')}).sum(axis=1)": "brings its own -1",
        COST + "s = 2 * log_variance; "
        "return 0.5 * (mean**2 + np.exp(s) - 1 - s).sum(axis=1)": "as log σ. It is",
        COST + f"return 0.5 * ({PARTS.replace('1 -', '1 +')}).sum(axis=1)": "sign of the logarithm",
        COST + "return 0.5 * (mean**2).sum(axis=1)": "spread has no effect",
        COST + "return 0.5 * (mean**2 + log_variance - 1 - log_variance).sum(axis=1)": "cancels",
        COST + f"return 0.5 * ({PARTS.replace('**2', '')}).sum(axis=1)": "not squared",
        COST + "return 0.5 * ((1 + mean**2) / np.exp(log_variance) - 1 + log_variance).sum(1)": (
            "divergence of the prior from the cloud"
        ),
        COST + "return abs(mean).sum(axis=1)": "Expected the costs",
    },
    "draw-code": {
        DRAW + "mean + np.exp(0.5 * log_variance) * noise": "draw returns nothing",
        DRAW
        + "return np.random.normal(mean, np.exp(0.5 * log_variance))": "throw the dice in here",
        DRAW + "return mean": "the noise has no effect",
        DRAW + "return np.exp(0.5 * log_variance) * noise": "where is the mean",
        DRAW + "return mean + np.exp(log_variance) * noise": "multiply by the variance",
        DRAW + "return mean + log_variance * noise": "multiply by the logarithm",
        DRAW + "return mean + noise": "draw: the spread has no effect",
        DRAW + "return mean - np.exp(0.5 * log_variance) * noise": "subtract the noise",
        DRAW + "return mean + noise / np.exp(0.5 * log_variance)": "divide by the spread",
        DRAW + "return (mean + np.exp(0.5 * log_variance) * noise).sum(axis=1)": "codes of shape",
        BACK + "gradient, gradient": "send_back returns nothing",
        BACK + "return gradient": "two gradients",
        BACK + "return 0 * gradient, gradient * noise * 0.5 * np.exp(0.5 * log_variance)": (
            "no gradient reaches the mean"
        ),
        BACK + "return gradient * noise * 0.5 * np.exp(0.5 * log_variance), gradient": "swapped",
        BACK + "return np.ones_like(noise), gradient * noise * np.exp(0.5 * log_variance)": (
            "1 is the slope of the code"
        ),
        BACK + "return gradient, 0 * gradient": "no gradient reaches the spread",
        BACK + "return gradient.sum(axis=1), gradient": "the shape of the code",
        BACK + "return gradient * noise, gradient": "exactly as far as the mean",
        BACK + "return gradient, gradient * 0.5 * np.exp(0.5 * log_variance)": "lacks the noise",
        BACK + "return gradient, gradient * noise * 0.5": "lacks the spread",
        BACK + "return gradient, gradient * noise": "gradient for σ",
        BACK + "return gradient, gradient * noise * np.exp(0.5 * log_variance)": "twice too large",
        BACK + "return gradient, gradient * noise * 0.5 * np.exp(log_variance)": "variance σ² in",
        BACK + "return gradient, -gradient": "for log_variance, got",
    },
    "mean-bill": {
        BILL + "(copy + beta * code_costs).mean()": "returns nothing",
        BILL + "return copy + beta * code_costs": "Expected one number, got 2",
        BILL + "return (copy / 3 + beta * code_costs).mean()": "averaged the pixels",
        BILL + "return (copy + beta * code_costs).sum()": "summed over the images",
        BILL + "return (copy + code_costs).mean()": "price has no effect",
        BILL + "return (beta * copy + code_costs).mean()": "price multiplies the copies",
        BILL + "return beta * (copy + code_costs).mean()": "multiplies the whole bill",
        BILL + "return (copy - beta * code_costs).mean()": "subtract the codes",
        BILL + "return (beta * code_costs - copy).mean()": "copies have the wrong sign",
        BILL
        + "return (beta * code_costs - (x * np.log(copies)).sum(axis=1)).mean()": "only the ink",
        BILL
        + "return (((x - copies) ** 2).sum(axis=1) + beta * code_costs).mean()": "squared errors",
        BILL + "return (copy / np.log(2) + beta * code_costs).mean()": "That is in bits",
        BILL + "return copy.mean()": "missing from the bill",
        BILL + "return beta * code_costs.mean()": "Expected 17.7176",
    },
    "sure-share": {
        SHARE + "(probabilities.max(axis=1) > level).mean()": "returns nothing",
        SHARE + "return probabilities.max(axis=1) > level": "Expected one share, got 8",
        SHARE + "return (probabilities.max(axis=1) > level).sum()": "how many images",
        SHARE + "return 100 * (probabilities.max(axis=1) > level).mean()": "a percentage",
        SHARE + "return (probabilities.max(axis=1) >= level).mean()": "exactly 0.75",
        SHARE + "return (probabilities.max(axis=1) <= level).mean()": "images it is not sure of",
        SHARE + "return (probabilities > level).mean()": "averaged over single probabilities",
        SHARE + "return probabilities.max(axis=1).mean()": "how sure it is on average",
        SHARE + "return (probabilities.max(axis=0) > level).mean()": "largest along the images",
        SHARE + "return (probabilities.max(axis=1) > 0.9).mean()": "level has no effect",
        SHARE + "return (probabilities.argmax(axis=1) == 0).mean() / 8": "Expected 0.375",
    },
}
LESSON = Lesson("07-variational-autoencoder", WRONG, {"draw-code": f"{SOLUTION}\n"})


class TestLesson(LessonTests):
    lesson = LESSON
    min_boxes = 2  # the lecture says little about models that generate


def test_the_text_states_the_numbers_of_the_explorer() -> None:
    text = " ".join(LESSON.path.read_text(encoding="utf-8").split())
    facts = code_plane.facts()
    assert ", ".join(f"{error:.1f}" for error in facts.errors[:4]) in text
    for share in facts.hole_shares[:3]:
        assert f"{share:.0%}" in text


@pytest.mark.parametrize("exercise", LESSON.exercises)
def test_another_solution_passes(exercise: str) -> None:
    others = {
        "cloud-cost": (
            "def cloud_cost(mean, log_variance):\n"
            "    sigma = np.sqrt(np.exp(log_variance))\n"
            "    cost = lambda m, s: m * m / 2 + s * s / 2 - 0.5 - np.log(s)\n"
            "    return [float(sum(cost(m, s) for m, s in zip(*row)))\n"
            "            for row in zip(mean, sigma)]"
        ),
        "draw-code": (
            "def draw(mean, log_variance, noise):\n"
            "    return noise * np.sqrt(np.exp(log_variance)) + mean\n"
            "def send_back(gradient, log_variance, noise):\n"
            "    z = draw(0, log_variance, noise)\n"
            "    return [1.0 * gradient, gradient * z / 2]"
        ),
        "mean-bill": (
            "def mean_bill(x, copies, code_costs, beta=1):\n"
            "    nats = -np.log(copies) * x - np.log1p(-copies) * (1 - x)\n"
            "    return np.array([(nats.sum() + beta * sum(code_costs)) / len(x)])"
        ),
        "sure-share": (
            "def sure_share(probabilities, level=0.9):\n"
            "    sure = [any(p > level for p in row) for row in probabilities]\n"
            "    return sum(sure) / len(sure)"
        ),
    }
    LESSON.check_answer(exercise, others[exercise])
