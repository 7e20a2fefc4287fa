"""The course on a JupyterHub: for one machine here, for a cluster in `zero-to-jupyterhub/`.

`jupyterhub_config.py` is what the hub reads; it puts together the pieces in `hub/`.
``python -m deploy --help`` lists the commands for running it.
"""
