"""The parts of the hub's configuration, combined by `jupyterhub_config.py`."""
