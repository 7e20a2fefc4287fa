"""A run over a class: many graders side by side, one writer, nothing done twice."""
