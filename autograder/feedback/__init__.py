"""The page that a student gets back: what was chosen, what it earned, and why."""
