"""The tile in JupyterLab's launcher: jupyter-server-proxy starts the server when it is clicked.

Example:
    >>> tile()["launcher_entry"]["title"]
    'Digit canvas'
"""

from __future__ import annotations

import sys
from typing import Any

from course.deployment.page import ICON


def tile() -> dict[str, Any]:
    """Return what jupyter-server-proxy asks for (entry point ``jupyter_serverproxy_servers``).

    The server listens on a unix socket in a folder that only its user may enter, so that on a hub
    nobody reaches it but through the user's own Jupyter server.
    """
    return {
        "command": [sys.executable, "-m", "course", "serve", "--unix-socket", "{unix_socket}"],
        "unix_socket": True,
        "timeout": 60,
        "new_browser_tab": True,
        "launcher_entry": {"title": "Digit canvas", "icon_path": str(ICON)},
    }
