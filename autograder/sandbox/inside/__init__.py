"""Code that runs inside the student's process tree; imports only the standard library."""
