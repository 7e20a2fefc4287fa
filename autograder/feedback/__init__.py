"""The HTML page with a student's answers, points and comments."""
