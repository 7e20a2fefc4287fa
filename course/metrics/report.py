"""Measure and tabulate how well codes separate classes.

Example:
    >>> from course import data
    >>> from course.baselines import PCA
    >>> digits = data.digits("bundled")
    >>> train, test = map(PCA(2).fit(digits.x_train).encode, (digits.x_train, digits.x_test))
    >>> bool(0.4 < separability(train, digits.y_train, test, digits.y_test).knn < 0.8)
    True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from course.metrics.codes import knn_accuracy, linear_probe, silhouette, trustworthiness


@dataclass(frozen=True)
class Separability:
    """Four measures of how well a code separates classes.

    Example:
        >>> Separability(knn=0.4255, probe=0.45, trustworthiness=0.741, silhouette=0.025)
        Separability(knn=0.4255, probe=0.45, trustworthiness=0.741, silhouette=0.025)

    Attributes:
        knn: 5-nearest-neighbor accuracy: do neighbors share the label?
        probe: Accuracy of a linear classifier: is the label linearly readable?
        trustworthiness: Are neighbors in the code also neighbors in the data? None without data.
        silhouette: Are the classes round and compact? See the caveat in `silhouette`.
    """

    knn: float
    probe: float
    trustworthiness: float | None
    silhouette: float


def separability(
    code_train: ArrayLike,
    y_train: ArrayLike,
    code_test: ArrayLike,
    y_test: ArrayLike,
    x_test: ArrayLike | None = None,
) -> Separability:
    """Measure how well a code separates classes, in four ways.

    Example:
        >>> codes = [[0], [1], [2], [3], [90], [91], [92], [93]]
        >>> labels = [0, 0, 0, 0, 1, 1, 1, 1]
        >>> separability(codes, labels, codes, labels).knn
        1.0

    Args:
        code_train: ``(n, k)``.
        y_train: Labels ``(n,)``.
        code_test: ``(m, k)``; about 2,000 are enough.
        y_test: Labels ``(m,)``.
        x_test: The test examples themselves, ``(m, d)``, for the trustworthiness.

    Raises:
        ValueError: Shapes don't match, or there are too few examples or labels.
    """
    codes = (code_train, y_train, code_test, y_test)
    return Separability(
        knn=knn_accuracy(*codes),
        probe=linear_probe(*codes),
        trustworthiness=None if x_test is None else trustworthiness(x_test, code_test),
        silhouette=silhouette(code_test, y_test),
    )


def separability_table(rows: Mapping[str, Separability]) -> str:
    """Return a Markdown table of several codes, also readable as plain text.

    Example:
        >>> print(separability_table({"PCA-2": Separability(0.4255, 0.45, 0.741, 0.025)}))
        | code  |  5-NN | linear probe | trustworthiness | silhouette |
        | :---- | ----: | -----------: | --------------: | ---------: |
        | PCA-2 | 42.5% |        45.0% |           0.741 |      0.025 |

    ``rows`` holds the measures of each code, by name.
    """
    lines = [["code", "5-NN", "linear probe", "trustworthiness", "silhouette"]]
    for name, row in rows.items():
        trust = "–" if row.trustworthiness is None else f"{row.trustworthiness:.3f}"
        accuracies = [f"{row.knn:.1%}", f"{row.probe:.1%}"]
        lines.append([name, *accuracies, trust, f"{row.silhouette:.3f}"])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    lines.insert(1, rule)
    return "\n".join(
        "| " + " | ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) + " |"
        for line in lines
    )
