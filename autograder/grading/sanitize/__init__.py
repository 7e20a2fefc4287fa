"""Make a student's outputs and Markdown safe to display."""
