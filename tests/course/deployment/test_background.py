"""Starting and stopping the server: in a notebook, as a command, from the launcher."""

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


def test_importing_the_package_loads_no_web_framework() -> None:
    code = (
        "import sys\nfrom course import deployment, __main__\n"
        "print(sorted({'fastapi', 'uvicorn', 'pydantic', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_server_answers_until_it_is_stopped() -> None:
    before = threading.active_count()
    server = deployment.start()
    try:
        assert server.running
        assert server.url in repr(server)
        assert httpx.post(server.url + "model/predict", json=PAYLOAD).json()["values"] == [6]
    finally:
        server.stop()
    server.stop()  # stopping twice is harmless
    assert repr(server) == "Server(stopped)"
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url + "health")
    assert threading.active_count() <= before


def test_answers_are_sent_without_nagle_delay() -> None:
    with background.listen_on_port(0) as listener:
        assert listener.proto == socket.IPPROTO_TCP  # asyncio sets TCP_NODELAY only for these


def test_two_servers_run_at_once_and_a_port_in_use_is_named() -> None:
    with deployment.start() as first, deployment.start() as second:
        assert first.url != second.url
        port = int(first.url.rstrip("/").rpartition(":")[2])
        with pytest.raises(OSError, match=f"can't listen on port {port} of 127.0.0.1"):
            deployment.start(port)
    with deployment.start(port) as restarted:
        assert restarted.url == first.url


def test_the_server_listens_on_the_loopback_address_only() -> None:
    with deployment.start() as server:
        assert server.url.startswith("http://127.0.0.1:")


def test_the_server_stops_with_the_kernel() -> None:
    code = (
        "from course import deployment\nserver = deployment.start()\n"
        "print(server.url)\n"  # then exit without stop(), as a kernel does
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    with pytest.raises(httpx.ConnectError):
        httpx.get(done.stdout.strip() + "health")
    assert done.stderr == ""


@contextmanager
def serve_command(*options: str) -> Iterator[subprocess.Popen[str]]:
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


def test_the_command_serves_logs_and_stops_on_sigint() -> None:
    with serve_command("--port", "0") as process:
        assert process.stdout is not None
        match = re.fullmatch(
            r"Digit canvas: (http://127\.0\.0\.1:\d+/)\n", process.stdout.readline()
        )
        assert match
        with httpx.Client(base_url=match[1], timeout=120) as client:
            assert client.get("/health").json() == {"status": "ok"}
            assert client.post("/model/predict", json=PAYLOAD).json()["values"] == [6]
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=120)
    lines = [json.loads(line) for line in log.splitlines()]  # uvicorn's lines are JSON, too
    routes = [line["route"] for line in lines if line["message"] == "request"]
    assert routes == ["/health", "/model/predict"]


def test_the_command_reports_a_port_in_use() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with serve_command("--port", str(other.getsockname()[1])) as process:
            _, log = process.communicate(timeout=120)
    assert process.returncode == 1
    assert log.startswith("Not started: can't listen on port ")
    assert log.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--port", "70000"], 2, "argument --port: must be from 0 to 65535, got '70000'"),
        (["--port", "-1"], 2, "argument --port: must be from 0 to 65535, got '-1'"),
        (["--port", "eighty"], 2, "argument --port: must be from 0 to 65535, got 'eighty'"),
        (["--host", "192.0.2.1"], 1, "host '192.0.2.1' is not an address of this machine"),
        (["--host", "no.such.invalid"], 1, "Not started: can't resolve host 'no.such.invalid'"),
        (["--unix-socket", "/nowhere/x"], 1, "Not started: can't create the socket /nowhere/x"),
        (["--unix-socket", "x" * 200], 1, "(AF_UNIX path too long)"),
    ],
)
def test_invalid_options_are_reported(options: list[str], status: int, message: str) -> None:
    with serve_command(*options) as process:
        _, log = process.communicate(timeout=120)
    assert process.returncode == status
    assert message in log
    assert "Traceback" not in log


def has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no address ::1")
def test_the_command_listens_on_an_ipv6_address() -> None:
    with serve_command("--host", "::1", "--port", "0") as process:
        assert process.stdout is not None
        match = re.fullmatch(r"Digit canvas: (http://\[::1\]:\d+/)\n", process.stdout.readline())
        assert match
        assert httpx.get(f"{match[1]}health", timeout=120).json() == {"status": "ok"}


def test_unknown_options_are_rejected() -> None:
    with serve_command("--prot", "8000") as process:
        _, log = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "unrecognized arguments: --prot" in log


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")
def test_the_launcher_tile_serves_on_a_unix_socket(tmp_path: Path) -> None:
    tile = launcher.tile()
    assert Path(tile["launcher_entry"]["icon_path"]).read_text(encoding="utf-8").startswith("<svg")
    path = tmp_path / "socket"
    argv = [word.replace("{unix_socket}", str(path)) for word in tile["command"]]
    assert argv[0] == sys.executable
    with serve_command(*argv[4:], "--root-path", "/user/jane/digits") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Digit canvas: {path}\n"
        transport = httpx.HTTPTransport(uds=str(path))
        with httpx.Client(transport=transport, base_url="http://any", timeout=120) as client:
            assert client.get("/health").json() == {"status": "ok"}
            assert "Digit canvas" in client.get("/").text
            assert client.post("/model/predict", json=PAYLOAD).json()["values"] == [6]
        process.send_signal(signal.SIGINT)
        process.wait(timeout=120)
    assert not path.exists()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")
def test_a_stale_socket_is_replaced_and_another_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    for _ in range(2):
        background.listen_on_path(path).close()
        assert path.is_socket()
    (tmp_path / "file").write_text("kept")
    with pytest.raises(OSError, match=r"can't create the socket .*file"):
        background.listen_on_path(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"
