"""The page of the training benchmark, made from its results."""

from __future__ import annotations

from typing import Any

from course.autoencoder.measured import MeasuredRun

SIZES = (784, 1000, 500, 250, 30)
_NOT_YET = "Not measured."


def line(*cells: object) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def page(record: dict[str, Any]) -> str:
    """Return the page, with the parts that were measured."""
    methods, changes = record.get("methods"), record.get("changes")
    return f"""# Quality and speed of the training

Written by `python -m benchmarks.training`; don't edit the numbers.
Layers {"-".join(map(str, SIZES))} and their mirror, MNIST.
Error: squared error summed over the 784 pixels, mean over the 10,000 test images.
5-NN: 5-nearest-neighbor accuracy of 2,000 test codes, with 10,000 training codes.

## Methods

{_methods(methods) if methods else _NOT_YET}

## What helps, and what doesn't

{_changes(changes) if changes else _NOT_YET}
"""


def _methods(part: dict[str, Any]) -> str:
    table = [
        line("method", "numbers in the code", "test error", "seconds", "5-NN of the code"),
        line(":--", "--:", "--:", "--:", "--:"),
    ]
    for row in (MeasuredRun(**values) for values in part["rows"]):
        seconds = "–" if row.seconds is None else f"{row.seconds:.0f}"
        knn = "–" if row.neighbours is None else f"{row.neighbours:.1%}"
        table.append(line(row.method, row.numbers, f"{row.error:.2f}", seconds, knn))
    return f"""{_how(part)}

{chr(10).join(table)}

"The copied recipe" is what most tutorials show: ReLU, Adam 1e-3, batch 256, binary cross-entropy,
`model.fit`, with the same layers and a linear code. It and the course's runs took turns, epoch by
epoch; the first epoch includes building the graph. The time of the network that ships was measured
when it was trained (`benchmarks/assets/make_digit_autoencoder.py`).

The paper's error, 3.00, with a learning rate planned for {part["epochs"]} epochs:

{chr(10).join(map(_reached, part["to_target"]))}"""


def _reached(result: dict[str, Any]) -> str:
    target = f"{result['target']:.2f}"
    if result["epoch"] is None:
        return f"- {result['method']}: not below {target}; best {result['error']:.3f}."
    return (
        f"- {result['method']}: below {target} after epoch {result['epoch']}, "
        f"{result['seconds']:.0f} seconds of training ({result['error']:.3f})."
    )


def _changes(part: dict[str, Any]) -> str:
    table = [
        line("change", "test error", "vs. the recipe", "seconds per epoch", "vs. it"),
        line(":--", "--:", "--:", "--:", "--:"),
    ]
    base = part["rows"][0]
    for row in part["rows"]:
        if row["failed"]:
            table.append(line(row["change"], f"fails: {row['failed']}", "–", "–", "–"))
            continue
        error, seconds = row["error"], row["seconds"]
        versus = (f"{error - base['error']:+.2f}", f"{seconds / base['seconds']:.2f}×")
        first = ("–", "–") if row is base else versus
        table.append(line(row["change"], f"{error:.2f}", first[0], f"{seconds:.1f}", first[1]))
    return f"""{_how(part)}
Each row changes one thing; all took turns, epoch by epoch. Epochs: {part["epochs"]}. Such
short runs don't show benefits that need long ones, such as those of the shifts. Seconds: the median
epoch, without the first, in which the graph is built. The recipe is there twice: the difference
between its rows is chance. Networks with a normalization, and those trained with Keras's `fit`,
multiply in float32 unless their row says otherwise, and Keras's `fit` shifts no images: compare
these with each other.

{chr(10).join(table)}"""


def _how(part: dict[str, Any]) -> str:
    load = part["load"]
    note = (
        "The machine was otherwise idle."
        if load < 0.5
        else f"The load was {load:.0f} at the start, so only ratios of seconds are meaningful."
    )
    return (
        f"Measured by `{part['command']}` on {part['device']},\n"
        f'products in {part["products"]} where "auto" chooses. Seconds are of training alone, '
        f"without measuring.\n{note}"
    )
