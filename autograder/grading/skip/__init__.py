"""Decide which cells can be skipped without changing a score."""
