"""How fast graders are: see ``__main__``."""
