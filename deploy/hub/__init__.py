"""The pieces of the hub's configuration, one idea each; `jupyterhub_config.py` joins them."""
