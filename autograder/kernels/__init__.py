"""The processes in which students' code runs, and their limits."""
