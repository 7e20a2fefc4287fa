"""The classes and functions that ``nbgrader_config.py`` plugs into nbgrader."""
