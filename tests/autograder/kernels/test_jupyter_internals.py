"""The private Jupyter APIs that the grader overrides or calls still exist, unchanged.

If a test fails after an upgrade: read what the package changed, adapt `jupyter_internals` (or
`sandbox.inside.kernel_main` for ipykernel), then update the signature here and the version in
`CHECKED_VERSIONS`.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from importlib.metadata import version

import pytest
import zmq
from ipykernel import ipkernel, kernelapp, kernelbase
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.client import KernelClient
from jupyter_client.manager import AsyncKernelManager, KernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_client.session import Session
from nbclient import NotebookClient
from nbformat.v4 import new_notebook

from autograder.kernels.jupyter_internals import CHECKED_VERSIONS

METHODS = [  # package, class, method, the names of its parameters
    ("nbclient", NotebookClient, "_async_poll_output_msg", "self parent_msg_id cell cell_index"),
    ("nbclient", NotebookClient, "_async_poll_kernel_alive", "self"),
    ("nbclient", NotebookClient, "_update_display_id", "self display_id msg"),
    ("nbclient", NotebookClient, "output", "self outs msg display_id cell_index"),
    ("nbclient", NotebookClient, "handle_comm_msg", "self outs msg cell_index"),
    ("nbclient", NotebookClient, "process_message", "self msg cell cell_index"),
    ("jupyter_client", KernelClient, "_async_wait_for_ready", "self timeout"),
    ("jupyter_client", KernelClient, "_async_is_alive", "self"),
    ("jupyter_client", AsyncKernelClient, "start_channels", "self shell iopub stdin hb control"),
    ("jupyter_client", KernelManager, "_async_launch_kernel", "self kernel_cmd kw"),
    ("jupyter_client", KernelManager, "_async_wait", "self pollinterval"),
    ("jupyter_client", KernelManager, "client", "self kwargs"),
    ("jupyter_client", LocalProvisioner, "wait", "self"),
    ("jupyter_client", Session, "deserialize", "self msg_list content copy"),
    ("jupyter_client", Session, "sign", "self msg_list"),
    ("ipykernel", IPKernelApp, "parse_command_line", "self argv"),
    ("ipykernel", IPKernelApp, "init_control", "self context"),
    ("ipykernel", IPKernelApp, "init_heartbeat", "self"),
    ("ipykernel", IPKernelApp, "init_kernel", "self"),
]


def advice(package: str) -> str:
    return (
        f"{package} {version(package)} changed a private API that the grader uses (checked with"
        f" {CHECKED_VERSIONS[package]}); see the docstring of this test module"
    )


@pytest.mark.parametrize(("package", "owner", "name", "parameters"), METHODS)
def test_method_has_the_expected_signature(
    package: str, owner: type, name: str, parameters: str
) -> None:
    method = getattr(owner, name, None)
    assert callable(method), f"{owner.__name__}.{name} is gone: {advice(package)}"
    installed = " ".join(inspect.signature(method).parameters)
    assert installed == parameters, f"{owner.__name__}.{name}: {advice(package)}"


def test_nbclient_stores_its_state_in_the_expected_attributes() -> None:
    client = NotebookClient(new_notebook())
    client.reset_execution_trackers()
    for name in ("task_poll_for_reply", "_display_id_map", "kc", "km"):
        assert hasattr(client, name), f"NotebookClient.{name} is gone: {advice('nbclient')}"
    source = inspect.getsource(NotebookClient)
    for call in ("self._async_poll_output_msg(", "self._async_poll_kernel_alive()"):
        assert call in source, f"NotebookClient no longer calls {call}: {advice('nbclient')}"


def test_jupyter_client_calls_the_overridden_methods() -> None:
    source = inspect.getsource(KernelManager)
    for expression in ("self._async_launch_kernel(", "self._async_wait(", "self._kernel_spec"):
        assert expression in source, f"{expression} is gone: {advice('jupyter_client')}"
    # The public names are bound when the class is made, so the subclass has to bind them again.
    assert AsyncKernelClient.wait_for_ready is KernelClient._async_wait_for_ready
    assert AsyncKernelManager._launch_kernel is KernelManager._async_launch_kernel
    factory = KernelProvisionerFactory.instance()
    assert isinstance(factory.provisioners, dict), advice("jupyter_client")
    assert factory.GROUP_NAME


def test_ipykernel_has_the_attributes_that_kernel_main_replaces() -> None:
    message = advice("ipykernel")
    assert ipkernel.sys is sys, f"ipkernel does not import sys as a module: {message}"  # type: ignore[attr-defined] # private
    assert "sys.modules" in inspect.getsource(ipkernel), f"it need not be hidden: {message}"
    assert "self.shell_channel_thread" in inspect.getsource(kernelapp), message
    assert kernelbase.Kernel._execute_sleep is not None, message
    assert importlib.import_module("ipykernel.debugger"), message


def test_zmq_can_adopt_open_sockets() -> None:
    assert list(inspect.signature(zmq.Socket.bind).parameters) == ["self", "addr"]
    assert zmq.USE_FD
