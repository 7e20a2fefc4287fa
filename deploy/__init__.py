"""The course on a JupyterHub: on one machine, or on a cluster with `zero-to-jupyterhub/`.

The hub reads `jupyterhub_config.py`, which combines the parts in `hub/`.
``python -m deploy --help`` lists the administrator's commands.
"""
