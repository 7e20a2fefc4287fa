"""JupyterLab's server for a hub on one machine, listening on a socket that root has opened.

``python -m course.server.hub_server`` replaces ``jupyterhub-singleuser``. No other student's
process can listen on this server's port and impersonate it.
"""

from __future__ import annotations

from jupyterlab.labhubapp import SingleUserLabApp

from course.server.inherited_socket import take_socket


class HubServer(SingleUserLabApp):  # type: ignore[misc]  # JupyterLab's is untyped
    """JupyterLab's hub server on an inherited socket."""

    def _find_http_port(self) -> None:
        """Keep the port: the socket is already bound to it."""

    def _bind_http_server_tcp(self) -> bool:
        self.http_server.add_socket(take_socket())
        return True


if __name__ == "__main__":
    HubServer.launch_instance()
