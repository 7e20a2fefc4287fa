"""Attacks on the real grader.

``HOSTILE_LENGTH=10 make long`` makes the random ones ten times as long.
"""

import os

LENGTH = int(os.environ.get("HOSTILE_LENGTH", "1"))
