"""The Python package for students of the autoencoder course.

Example:
    >>> from course import data
    >>> digits = data.digits()
    >>> digits.image_shape
    (28, 28)

The import is fast: TensorFlow, scikit-learn and Matplotlib load on first use. The package contains
no solutions.
"""
