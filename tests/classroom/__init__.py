"""A simulated class that goes from release to feedback with nbgrader's own commands."""
