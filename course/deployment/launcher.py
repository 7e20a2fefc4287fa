"""The tile in JupyterLab's launcher: jupyter-server-proxy starts the server on a click.

Example:
    >>> tile()["launcher_entry"]["title"]
    'Digit canvas'
"""

from __future__ import annotations

import sys
from typing import Any

from course.deployment.page import ICON


def tile() -> dict[str, Any]:
    """Return the entry for jupyter-server-proxy (entry point ``jupyter_serverproxy_servers``).

    The server listens on a Unix socket in a folder only its user may enter. So on a hub it can be
    reached only through the user's own Jupyter server.
    """
    return {
        "command": [sys.executable, "-m", "course", "serve", "--unix-socket", "{unix_socket}"],
        "unix_socket": True,
        "timeout": 60,
        "new_browser_tab": True,
        "launcher_entry": {"title": "Digit canvas", "icon_path": str(ICON)},
    }
