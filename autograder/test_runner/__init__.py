"""Run an instructor's tests in a separate process that talks to the student's kernel."""
