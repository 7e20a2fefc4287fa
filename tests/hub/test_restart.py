"""The hub is stopped or killed and comes back: users' servers answer all the time."""

from __future__ import annotations

import errno
import os
import pwd
import signal
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from deploy.hub import hub_api, network, privileged_ports, proxy
from deploy.hub.settings import HubSettings
from tests.hub.running_hub import WAIT_TIMEOUT_S, RunningHub, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]


class PollingClient(threading.Thread):
    """Requests a page of a student's server again and again, through the proxy."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(daemon=True)
        self._request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
        self._stopped = threading.Event()
        self.replies: list[int | str] = []  # statuses and errors

    def run(self) -> None:
        while not self._stopped.wait(0.2):
            try:
                with urllib.request.urlopen(self._request, timeout=WAIT_TIMEOUT_S) as reply:
                    self.replies.append(reply.status)
            except urllib.error.HTTPError as error:
                self.replies.append(error.code)
            except OSError as error:
                self.replies.append(repr(error))

    def stop(self) -> list[int | str]:
        self._stopped.set()
        self.join()
        return self.replies


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_servers_answer_while_the_hub_restarts(hub: RunningHub, how: str) -> None:
    token, proxy_pid = hub.token("ada"), network.proxy_pid(hub.settings)
    hub.wait_for_services()
    services, servers = set(hub.services()), hub.servers("ada")
    # The server has asked the hub whose token it is and caches the answer for some minutes.
    client = PollingClient(f"{hub.settings.address}/user/{hub.account('ada')}/api/status", token)
    client.start()
    wait_until("ada's server replies", lambda: 200 in client.replies)
    if how == "stopped":
        hub_api.stop(hub.settings, servers=False)
    else:
        os.kill(network.hub_pid(hub.settings), signal.SIGKILL)
    hub.start()
    count = len(client.replies)
    wait_until("ada's server replies to the new hub", lambda: len(client.replies) > count + 3)
    assert set(client.stop()) == {200}
    assert network.proxy_pid(hub.settings) == proxy_pid
    assert hub.servers("ada") == servers
    wait_until(
        "both services are new ones",
        lambda: len(hub.services()) == 2 and not services & set(hub.services()),
    )
    assert hub_api.request(hub.settings, "GET", f"users/{hub.account('ada')}")["server"]


def test_a_dead_proxy_is_restarted(hub: RunningHub) -> None:
    old = network.proxy_pid(hub.settings)
    os.kill(old, signal.SIGKILL)
    wait_until("a new proxy runs", lambda: network.proxy_pid(hub.settings) not in {0, old})
    wait_until("the hub is ready", lambda: hub_api.is_ready(hub.settings))


def test_a_proxy_with_other_addresses_is_not_kept(hub: RunningHub) -> None:
    file = hub.settings.hub / "proxy.pid"
    public, api = hub.settings.address, f"http://127.0.0.1:{hub.settings.hub_port + 1}"
    command = [str(network.PROXY_PROGRAM)]
    assert proxy.running_proxy(file, command, public, api) == network.proxy_pid(hub.settings)
    assert proxy.running_proxy(file, command, "http://127.0.0.1:809", api) == 0
    assert proxy.running_proxy(file, ["/opt/other/proxy"], public, api) == 0
    assert proxy.running_proxy(file.with_name("none.pid"), command, public, api) == 0


def test_every_account_has_its_own_loopback_address() -> None:
    uids = [0, 1000, 1001, 65_534, 2**23 - 1, 2**23, 2**23 + 1001, 2**31, 2**32 - 1]
    addresses = {privileged_ports.loopback_address(uid) for uid in uids}
    assert len(addresses) == len(uids)
    assert all(512 <= port < privileged_ports.FIRST_UNPRIVILEGED_PORT for _, port in addresses)
    address = privileged_ports.loopback_address(pwd.getpwnam("root").pw_uid)
    with privileged_ports.open_port(*address) as listener:
        assert listener.getsockname() == address


@pytest.mark.parametrize(
    ("settings", "port"),
    [
        (HubSettings(address="http://127.0.0.1:8000"), 8000),
        (HubSettings(hub_port=1021), 1024),
    ],
)
def test_ports_that_students_could_open_are_refused(settings: HubSettings, port: int) -> None:
    with pytest.raises(RuntimeError, match=f"a student could listen on port {port}"):
        network.reserve_ports(settings)


def test_low_ports_are_reserved_for_root(tmp_path: Path) -> None:
    setting = tmp_path / "ip_unprivileged_port_start"
    setting.write_text("0\n")
    message = network.reserve_ports(HubSettings(), setting)
    assert "only root may listen on ports below 1024" in message
    assert setting.read_text() == "1024"
    assert network.reserve_ports(HubSettings(), setting) == ""
    assert network.reserve_ports(HubSettings(), tmp_path / "none") == ""


def test_the_hub_does_not_start_if_low_ports_can_not_be_reserved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = tmp_path / "ip_unprivileged_port_start"
    setting.write_text("80\n")

    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(RuntimeError, match="could impersonate the hub; write 1024 to"):
        network.reserve_ports(HubSettings(), setting)
