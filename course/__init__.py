"""What a student of the autoencoder course imports.

Example:
    >>> from course import data
    >>> digits = data.digits()
    >>> digits.image_shape
    (28, 28)

Importing the package costs next to nothing: TensorFlow, scikit-learn and
Matplotlib load when they are first used. No answer to any question is in here.
"""
