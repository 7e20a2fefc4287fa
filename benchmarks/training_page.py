"""The page of the training benchmark, made from its results."""

from __future__ import annotations

from typing import Any

from course.autoencoder.measured import MeasuredRun, cells

SIZES = (784, 1000, 500, 250, 30)
_NOT_YET = "Not measured."


def line(*cells: object) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def page(record: dict[str, Any]) -> str:
    """Return the page, with the parts that were measured."""
    methods, forms, changes = (record.get(part) for part in ("methods", "forms", "changes"))
    floor = f"{forms['floor']:.1f}" if forms else "some"
    return f"""# Quality and speed of the training

Written by `python -m benchmarks.training`; don't edit the numbers.
Layers {"-".join(map(str, SIZES))} and their mirror, MNIST.
Error: squared error summed over the 784 pixels, mean over the 10,000 test images.
Cross-entropy: of the same copies, in nats, summed and averaged likewise. Pixels are gray, so even
perfect copies have {floor}. Copies that leave [0, 1], as PCA's do, have none; numbers below 1e-7
count as 1e-7, as in Keras.
5-NN: 5-nearest-neighbor accuracy of 2,000 test codes, with 10,000 training codes.

## Methods

{_methods(methods) if methods else _NOT_YET}

## Other forms of autoencoder

{_forms(forms) if forms else _NOT_YET}

## What helps, and what doesn't

{_changes(changes) if changes else _NOT_YET}
"""


def _methods(part: dict[str, Any]) -> str:
    return f"""{_how(part)}

{_table(part["rows"])}

"The copied recipe" is what most tutorials show: ReLU, Adam 1e-3, batch 256, binary cross-entropy,
`model.fit`, with the same layers and a linear code. It and the course's runs took turns, epoch by
epoch; the first epoch includes building the graph. The time of the network that ships was measured
when it was trained (`benchmarks/assets/make_digit_autoencoder.py`). Its error is the lowest that we
have measured or read for these layers, but we have read few: of [Raiko, Valpola and LeCun
2012](https://proceedings.mlr.press/v22/raiko12.html), who train a deep autoencoder, too, only the
abstract, which has no numbers.

The paper's error, 3.00, with a learning rate planned for the epochs stated; `train` plans for 20
unless told otherwise:

{chr(10).join(map(_reached, part["to_target"]))}"""


def _forms(part: dict[str, Any]) -> str:
    return f"""{_how(part)}
All took turns and used all images {part["epochs"]} times. The dense and the variational network
have the layers named at the top; a variational code is the mean of its cloud, and training adds the
price of the code, so its copies are worse. The convolutional network has {part["weights"]:,}
weights. The sparse one is a dictionary of 1,000 directions, of which each image uses the strongest
30.

{_table(part["rows"])}"""


def _table(rows: list[dict[str, Any]]) -> str:
    head = ["method", "numbers in the code", "test error", "cross-entropy", "seconds", "5-NN"]
    table = [line(*head), line(":--", *["--:"] * 5)]
    table += [line(*cells(MeasuredRun(**row))) for row in rows]
    return "\n".join(table)


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
        else f"The load was {load:.0f} at the start, so only ratios of seconds are meaningful"
        + ("; waiting for other programs doesn't count." if part.get("waiting_excluded") else ".")
    )
    return (
        f"Measured by `{part['command']}` on {part['device']},\n"
        f'products in {part["products"]} where "auto" chooses. Seconds are of training alone, '
        f"without measuring.\n{note}"
    )
