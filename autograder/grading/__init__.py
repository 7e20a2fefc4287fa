"""Grade one notebook: read the submission, merge it, run it, score it."""
