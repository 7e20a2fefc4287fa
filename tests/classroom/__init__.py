"""A simulated class that goes through the whole teaching loop with nbgrader's own commands."""
