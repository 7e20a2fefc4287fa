"""Starting and stopping: beside a notebook, as a command, behind a prefix, from the launcher."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from course import deployment, drawing
from course.deployment import background, launcher

PAYLOAD = drawing.preprocess(drawing.stored()["6"].rgba).payload()


def test_importing_it_loads_no_web_framework() -> None:
    code = (
        "import sys\nfrom course import deployment, __main__\n"
        "print(sorted({'fastapi', 'uvicorn', 'pydantic', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_answers_until_it_is_stopped() -> None:
    before = threading.active_count()
    server = deployment.start()
    try:
        assert server.running
        assert server.url in repr(server)
        assert httpx.post(server.url + "model/predict", json=PAYLOAD).json()["values"] == [6]
    finally:
        server.stop()
    server.stop()  # once more is no harm
    assert repr(server) == "Server(stopped)"
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url + "health")
    assert threading.active_count() <= before


def test_an_answer_is_sent_at_once() -> None:
    listener = background.listen(0)
    with listener:
        assert listener.proto == socket.IPPROTO_TCP  # what asyncio looks at to switch delays off


def test_two_servers_live_side_by_side_and_a_taken_port_is_named() -> None:
    with deployment.start() as one, deployment.start() as two:
        assert one.url != two.url
        port = int(one.url.rstrip("/").rpartition(":")[2])
        with pytest.raises(OSError, match=f"port {port} of 127.0.0.1 cannot be used"):
            deployment.start(port)
    with deployment.start(port) as again:
        assert again.url == one.url


def test_only_this_machine_is_served() -> None:
    with deployment.start() as server:
        assert server.url.startswith("http://127.0.0.1:")


def test_it_ends_with_the_kernel() -> None:
    code = (
        "from course import deployment\nserver = deployment.start()\n"
        "print(server.url)\n"  # and the program ends, as a kernel does, without stop()
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    with pytest.raises(httpx.ConnectError):
        httpx.get(done.stdout.strip() + "health")
    assert done.stderr == ""


@contextmanager
def command(*options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "course", "serve", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_command_serves_logs_and_stops_when_asked() -> None:
    with command("--port", "0") as process:
        assert process.stdout is not None
        found = re.fullmatch(
            r"Digit canvas: (http://127\.0\.0\.1:\d+/)\n", process.stdout.readline()
        )
        assert found
        with httpx.Client(base_url=found[1], timeout=30) as client:
            assert client.get("/health").json() == {"status": "ok"}
            assert client.post("/model/predict", json=PAYLOAD).json()["values"] == [6]
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=20)
    lines = [json.loads(line) for line in log.splitlines()]  # each line is JSON, uvicorn's too
    routes = [line["route"] for line in lines if line["message"] == "request"]
    assert routes == ["/health", "/model/predict"]


def test_the_command_says_that_a_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with command("--port", str(taken.getsockname()[1])) as process:
            _, log = process.communicate(timeout=30)
    assert process.returncode == 1
    assert log.startswith("Not started: port ")
    assert log.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (["--port", "70000"], 2, "argument --port: '70000': a number from 0 to 65535 is right"),
        (["--port", "-1"], 2, "argument --port: '-1': a number from 0 to 65535 is right"),
        (["--port", "eighty"], 2, "argument --port: 'eighty': a number from 0"),
        (["--host", "192.0.2.1"], 1, "Not started: host '192.0.2.1' is none of this machine"),
        (["--host", "no.such.invalid"], 1, "Not started: host 'no.such.invalid' is no address"),
        (["--unix-socket", "/nowhere/x"], 1, "Not started: /nowhere/x cannot be a socket"),
        (["--unix-socket", "x" * 200], 1, "cannot be a socket (AF_UNIX path too long)"),
    ],
)
def test_options_that_cannot_be_are_named(options: list[str], status: int, words: str) -> None:
    with command(*options) as process:
        _, log = process.communicate(timeout=30)
    assert process.returncode == status
    assert words in log
    assert "Traceback" not in log


def ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@pytest.mark.skipif(not ipv6(), reason="this machine has no address ::1")
def test_it_listens_on_an_address_of_the_newer_kind() -> None:
    with command("--host", "::1", "--port", "0") as process:
        assert process.stdout is not None
        found = re.fullmatch(r"Digit canvas: (http://\[::1\]:\d+/)\n", process.stdout.readline())
        assert found
        assert httpx.get(f"{found[1]}health", timeout=30).json() == {"status": "ok"}


def test_the_command_knows_its_options() -> None:
    with command("--prot", "8000") as process:
        _, log = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "unrecognized arguments: --prot" in log


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no unix sockets here")
def test_the_launcher_s_command_serves_on_a_unix_socket(tmp_path: Path) -> None:
    tile = launcher.tile()
    assert Path(tile["launcher_entry"]["icon_path"]).read_text(encoding="utf-8").startswith("<svg")
    place = tmp_path / "socket"
    words = [word.replace("{unix_socket}", str(place)) for word in tile["command"]]
    assert words[0] == sys.executable
    with command(*words[4:], "--root-path", "/user/jane/digits") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Digit canvas: {place}\n"
        transport = httpx.HTTPTransport(uds=str(place))
        with httpx.Client(transport=transport, base_url="http://any", timeout=30) as client:
            assert client.get("/health").json() == {"status": "ok"}
            assert "Digit canvas" in client.get("/").text
            assert client.post("/model/predict", json=PAYLOAD).json()["values"] == [6]
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
    assert not place.exists()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no unix sockets here")
def test_a_socket_that_was_left_behind_gives_way_and_a_file_does_not(tmp_path: Path) -> None:
    place = tmp_path / "socket"
    for _ in range(2):
        background.listen_at(place).close()
        assert place.is_socket()
    (tmp_path / "file").write_text("kept")
    with pytest.raises(OSError, match="file cannot be a socket"):
        background.listen_at(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"
