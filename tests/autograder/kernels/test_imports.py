from __future__ import annotations

from autograder.kernels.imports import find_modules


def test_modules_of_a_lesson_are_found_in_its_source() -> None:
    modules = find_modules(["from course.figures import intro", "%magic", "import json as j"])
    assert {"json", "course.figures.intro", "matplotlib.figure", "numpy"} <= set(modules)
    assert "tensorflow" not in modules
    assert "tensorflow" in find_modules(["import tensorflow as tf"])
    assert "keras" in find_modules(["from course import autoencoder"])
