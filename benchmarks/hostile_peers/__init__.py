"""The hostile submissions of `tests/hostile`, graded by stock nbgrader, otter-grader and here."""
