"""Grade a whole class: schedule jobs, cache results, write the gradebook."""
