"""Files for learning management systems: grades, and questions with their keys."""
