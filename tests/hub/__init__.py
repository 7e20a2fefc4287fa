"""A real hub with real accounts and a real browser. One hub for all tests of a run."""
