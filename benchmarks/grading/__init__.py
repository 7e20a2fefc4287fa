"""How fast graders are; run ``python -m benchmarks.grading --help``."""
