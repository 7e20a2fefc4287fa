"""The classes that nbgrader loads from ``nbgrader_config.py``; nothing else subclasses nbgrader."""
