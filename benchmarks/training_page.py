"""The page of the benchmark of training, made from its record."""

from __future__ import annotations

from typing import Any

from course.autoencoder.measured import MeasuredRun

SIZES = (784, 1000, 500, 250, 30)
_NOT_YET = "Not measured."


def line(*cells: object) -> str:
    """Return a line of a Markdown table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def page(record: dict[str, Any]) -> str:
    """Return the page, with the parts that there are."""
    methods, changes = record.get("methods"), record.get("changes")
    return f"""# How good the training is, and how fast

Written by `python -m benchmarks.training`; no number is typed.
Layers {"-".join(map(str, SIZES))} and their mirror, MNIST.
Error: squared error summed over the 784 pixels, mean over the 10,000 test images.
5-NN: share of 2,000 test codes that their five nearest neighbors among 10,000 training codes name
right.

## Methods

{_methods(methods) if methods else _NOT_YET}

## What helps, and what does not

{_changes(changes) if changes else _NOT_YET}
"""


def _methods(part: dict[str, Any]) -> str:
    table = [
        line("method", "numbers in the code", "test error", "seconds", "5-NN of the code"),
        line(":--", "--:", "--:", "--:", "--:"),
    ]
    for row in (MeasuredRun(**each) for each in part["rows"]):
        seconds = "–" if row.seconds is None else f"{row.seconds:.0f}"
        named = "–" if row.neighbours is None else f"{100 * row.neighbours:.1f}%"
        table.append(line(row.method, row.numbers, f"{row.error:.2f}", seconds, named))
    return f"""{_how(part)}

{chr(10).join(table)}

"The copied recipe" is what most tutorials show: ReLU, Adam 1e-3, batch 256, binary cross-entropy,
`model.fit`, with the same layers and a linear code. It and the course's own runs took turns, epoch
by epoch; the seconds of the first epoch hold the building of the graph. Those of the network that
ships were measured when it was trained (`benchmarks/assets/make_digit_autoencoder.py`).

The paper's error, 3.00, with a learning rate planned for {part["epochs"]} epochs:

{chr(10).join(map(_reached, part["to_target"]))}"""


def _reached(found: dict[str, Any]) -> str:
    target = f"{found['target']:.2f}"
    if found["epoch"] is None:
        return f"- {found['method']}: not below {target}; best {found['error']:.3f}."
    return (
        f"- {found['method']}: below {target} after epoch {found['epoch']}, "
        f"{found['seconds']:.0f} seconds of training ({found['error']:.3f})."
    )


def _changes(part: dict[str, Any]) -> str:
    table = [
        line("change", "test error", "against the recipe", "seconds an epoch", "against it"),
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
Each line changes one thing; all take turns, epoch by epoch. Epochs: {part["epochs"]}. So short a
run says nothing of what only pays in long ones, such as the shifts. Seconds: the median epoch but
for the first, in which the graph is built. The recipe stands there twice: as far as its two lines
are apart, chance goes. Networks with a normalization, and those that learn by Keras's `fit`, have
products in float32 unless their line says otherwise, and Keras's `fit` shifts no images: compare
these with each other.

{chr(10).join(table)}"""


def _how(part: dict[str, Any]) -> str:
    load = part["load"]
    told = (
        "The machine had nothing else to do."
        if load < 0.5
        else f"The machine was busy with {load:.0f} other processes when this began: only ratios "
        "of seconds say something."
    )
    return (
        f"Measured by `{part['command']}` on {part['device']},\n"
        f'products in {part["products"]} where "auto" chooses. Seconds are of training alone, '
        f"without measuring.\n{told}"
    )
