"""Simple codes for a network to beat, all with the methods `fit`, `encode`, `decode`.

Example:
    >>> from course import data
    >>> from course.baselines import PCA
    >>> digits = data.digits("bundled")
    >>> pca = PCA(30).fit(digits.x_train)
    >>> pca.encode(digits.x_test).shape
    (2000, 30)
    >>> pca.reconstruct(digits.x_test).shape
    (2000, 784)

A network is useful only if it beats simple methods. On MNIST with 30 numbers per image, squared
error summed over the 784 pixels, mean over the 10,000 test images:

==================  ========  ====================================================
baseline            error     source of the number
==================  ========  ====================================================
`MeanImage`         52.90     measured
`PCA` (30)          13.87     Hinton and Salakhutdinov 2006, and measured
`ClippedPCA` (30)   12.59     measured
`LogisticPCA` (30)  8.01      Hinton and Salakhutdinov 2006; see its docstring
==================  ========  ====================================================

`LSA` is PCA's counterpart for word counts.

Source: G. E. Hinton and R. R. Salakhutdinov, *Reducing the dimensionality of data with
neural networks*, Science 313 (2006), https://doi.org/10.1126/science.1127647.
"""

from __future__ import annotations

from course.baselines.linear import LSA, PCA, ClippedPCA, MeanImage
from course.baselines.logistic import LogisticPCA
from course.baselines.protocol import Baseline, NotFittedError

__all__ = [
    "LSA",
    "PCA",
    "Baseline",
    "ClippedPCA",
    "LogisticPCA",
    "MeanImage",
    "NotFittedError",
]
