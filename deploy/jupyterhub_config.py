"""The hub's configuration: five pieces, each in a file of its own in `hub/`."""

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
if str(CHECKOUT) not in sys.path:
    sys.path.insert(0, str(CHECKOUT))

from deploy.hub import network, roles, services, settings, spawner  # noqa: E402  (it lies there)

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (JupyterHub provides it)

chosen = settings.load()
network.configure(c, chosen)  # addresses, the proxy, the hub's own files
roles.configure(c, chosen)  # who logs in, and what each group may do
spawner.configure(c, chosen)  # their servers: view, limits, idle time
services.configure(c, chosen)  # formgrader and instant feedback
