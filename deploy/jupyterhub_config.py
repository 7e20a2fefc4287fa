"""The hub's configuration, combined from the parts in `hub/`."""

from deploy.hub import lti_login, network, roles, services, settings, spawner

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (JupyterHub provides it)

chosen = settings.load()
network.configure(c, chosen)  # addresses, the proxy, the hub's files
roles.configure(c, chosen)  # who may log in, and what each group may do
if chosen.lti:
    lti_login.configure(c, chosen.lti)  # from a learning management system
spawner.configure(c, chosen)  # users' servers: view, limits, idle time
services.configure(c, chosen)  # formgrader and instant feedback
