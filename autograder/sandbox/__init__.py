"""Isolate a student's kernel: namespaces, Landlock, system call filters, limits."""
