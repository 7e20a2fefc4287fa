"""How the course is published and graded; for instructors only.

The rooms, in the order in which work passes through them:

- ``publish``: the text in ``source/`` becomes notebooks, and what students may see a release.
- ``judge``: a submission is fitted into the instructor's notebook, run, and scored.
- ``kernels``: the processes in which students' code runs, and their limits.

Nothing in ``course`` imports anything from here.
"""
