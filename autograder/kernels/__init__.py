"""Start a student's kernel, run cells in it with a time limit, and restart it."""
