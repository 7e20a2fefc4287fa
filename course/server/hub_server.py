"""A Jupyter server on a hub of one machine: it listens where root has opened a port for it.

``python -m course.server.hub_server`` is ``jupyterhub-singleuser``, but for that. Another student's
process can then never listen in this server's place and be taken for it.
"""

from __future__ import annotations

from jupyterlab.labhubapp import SingleUserLabApp

from course.server.inherited_socket import taken


class HubServer(SingleUserLabApp):  # type: ignore[misc]  # JupyterLab's is untyped
    """JupyterLab's server for hubs, on a socket that is open already."""

    def _find_http_port(self) -> None:
        """Leave the port as it is: it has been found, and opened."""

    def _bind_http_server_tcp(self) -> bool:
        self.http_server.add_socket(taken())
        return True


if __name__ == "__main__":
    HubServer.launch_instance()
