"""Programs that run in a student's process tree; they import the standard library only."""
