"""The hub goes away, politely or not, and comes back: people's servers answer all the time."""

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
from tests.hub.site import Site, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]


class Visitor(threading.Thread):
    """Asks a student's server again and again, through the proxy."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(daemon=True)
        self._request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
        self._enough = threading.Event()
        self.replies: list[int] = []

    def run(self) -> None:
        while not self._enough.wait(0.2):
            try:
                with urllib.request.urlopen(self._request, timeout=60) as reply:
                    self.replies.append(reply.status)
            except urllib.error.HTTPError as error:
                self.replies.append(error.code)
            except OSError:
                self.replies.append(0)

    def stop(self) -> list[int]:
        self._enough.set()
        self.join()
        return self.replies


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_servers_answer_while_the_hub_restarts(hub: Site, how: str) -> None:
    token, kept = hub.token("ada"), network.proxy_pid(hub.settings)
    services, servers = set(hub.services()), hub.servers("ada")
    # Her server has asked the hub whose token it is, and believes it for some minutes.
    visitor = Visitor(f"{hub.settings.address}/user/{hub.account('ada')}/api/status", token)
    visitor.start()
    assert wait_for(lambda: 200 in visitor.replies)
    if how == "stopped":
        hub_api.stop(hub.settings, servers=False)
    else:
        os.kill(network.hub_pid(hub.settings), signal.SIGKILL)
    hub.start()
    replies = visitor.stop()
    assert len(replies) > 3
    assert set(replies) == {200}
    assert network.proxy_pid(hub.settings) == kept
    assert hub.servers("ada") == servers
    assert wait_for(lambda: len(hub.services()) == 2)
    assert not services & set(hub.services())
    assert hub_api.request(hub.settings, "GET", f"users/{hub.account('ada')}")["server"]


def test_a_proxy_that_dies_is_started_again(hub: Site) -> None:
    old = network.proxy_pid(hub.settings)
    os.kill(old, signal.SIGKILL)
    assert wait_for(lambda: network.proxy_pid(hub.settings) not in {0, old})
    assert wait_for(lambda: hub_api.is_ready(hub.settings))


def test_a_proxy_of_other_addresses_is_no_heir(hub: Site) -> None:
    file = hub.settings.hub / "proxy.pid"
    public, api = hub.settings.address, f"http://127.0.0.1:{hub.settings.hub_port + 1}"
    command = [str(network.PROXY_PROGRAM)]
    assert proxy.running_proxy(file, command, public, api) == network.proxy_pid(hub.settings)
    assert proxy.running_proxy(file, command, "http://127.0.0.1:809", api) == 0
    assert proxy.running_proxy(file, ["/opt/other/proxy"], public, api) == 0
    assert proxy.running_proxy(file.with_name("none.pid"), command, public, api) == 0


def test_every_account_has_a_place_of_its_own() -> None:
    numbers = [0, 1000, 1001, 65_534, 2**23 - 1, 2**23, 2**23 + 1001, 2**31, 2**32 - 1]
    places = {privileged_ports.loopback_address(number) for number in numbers}
    assert len(places) == len(numbers)
    assert all(512 <= port < privileged_ports.FIRST_UNPRIVILEGED_PORT for _, port in places)
    own = privileged_ports.loopback_address(pwd.getpwnam("root").pw_uid)
    with privileged_ports.open_port(*own) as held:
        assert held.getsockname() == own


@pytest.mark.parametrize(
    ("settings", "port"),
    [
        (HubSettings(address="http://127.0.0.1:8000"), 8000),
        (HubSettings(hub_port=1021), 1024),
    ],
)
def test_ports_that_a_student_could_take_are_refused(settings: HubSettings, port: int) -> None:
    with pytest.raises(RuntimeError, match=f"a student could listen on port {port}"):
        network.reserve_ports(settings)


def test_a_machine_that_lets_everybody_listen_is_told(tmp_path: Path) -> None:
    told = tmp_path / "ip_unprivileged_port_start"
    told.write_text("0\n")
    assert "only root may listen on ports below 1024" in network.reserve_ports(HubSettings(), told)
    assert told.read_text() == "1024"
    assert network.reserve_ports(HubSettings(), told) == ""
    assert network.reserve_ports(HubSettings(), tmp_path / "none") == ""


def test_a_machine_that_can_not_be_told_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "ip_unprivileged_port_start"
    told.write_text("80\n")

    def closed(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "write_text", closed)
    with pytest.raises(RuntimeError, match="could impersonate the hub; write 1024 to"):
        network.reserve_ports(HubSettings(), told)
