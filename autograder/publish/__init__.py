"""Build notebooks from text, and check that releases and packages hold no answers."""
