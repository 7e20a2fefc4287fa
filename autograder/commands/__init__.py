"""The instructor's commands, one module each, named like the command.

Each has a `SUMMARY` for the help, `add_arguments` and `run`, which returns the exit status. They
import what they run when they run it: the libraries take seconds to load, and help must not.
"""
