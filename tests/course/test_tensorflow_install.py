"""Installing TensorFlow while lessons are open, with small packages in its place."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import types
import zipfile
from pathlib import Path
from typing import Final

import pytest

from course import self_test, tensorflow_install
from course.__main__ import lab_command, main
from course.autoencoder import backend
from course.server.tensorflow import TensorFlowInstall

ROOT: Final = Path(__file__).resolve().parents[2]
UV = shutil.which("uv") or shutil.which(ROOT / ".tools" / "bin" / "uv")
NOWHERE: Final = "http://127.0.0.1:9/simple"
# A background process ignores Ctrl+C unless it restores the handler.
INSTALL: Final = """
import signal, sys
from pathlib import Path
from course import tensorflow_install
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    tensorflow_install.install(folder=Path(sys.argv[1]), lock=Path(sys.argv[2]))
except tensorflow_install.InstallError as error:
    sys.exit(f"InstallError: {error}")
"""
HALF: Final = """#!/bin/sh
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/tensorflow" && echo "half = 1" > "$2/tensorflow/__init__.py"
echo "Downloading tensorflow-cpu (245.2MiB)"
exec sleep 600
"""


def make_wheel(folder: Path, name: str, code: str) -> str:
    """Write a wheel of one module, and return its line in a lock."""
    files = {
        f"{name}/__init__.py": code,
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{path},sha256={digest.decode()},{len(text)}\n"
    files[f"{name}-1.0.dist-info/RECORD"] = f"{record}{name}-1.0.dist-info/RECORD,,\n"
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


class Place:
    """A folder to install to, a lock, and the packages that it names."""

    def __init__(self, root: Path) -> None:
        self.folder, self.lock = root / "share" / "tensorflow", root / "lock.txt"
        self.wheels = root / "wheels"
        self.wheels.mkdir()
        self.lock_packages()
        self.variables = {
            "UV": UV or "",
            "UV_CACHE_DIR": str(root / "cache"),
            "UV_FIND_LINKS": str(self.wheels),
            "UV_NO_INDEX": "1",
        }

    def lock_packages(self, code: str = "__version__ = '1.0'\n") -> None:
        lines = [make_wheel(self.wheels, name, code) for name in ("keras", "tensorflow")]
        self.lock.write_text("".join(lines))

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", INSTALL, str(self.folder), str(self.lock)],
            env=os.environ | self.variables,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def install(self) -> str:
        return self.start().communicate()[0]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    if UV is None:
        pytest.skip("uv is missing; `make` fetches it")
    return Place(tmp_path)


def test_it_is_installed_in_one_step_and_then_current(place: Place) -> None:
    output = place.install()
    assert output.splitlines()[-1] == "Importing it for the first time …"
    assert sorted(path.name for path in place.folder.parent.iterdir()) == [
        "tensorflow",
        "tensorflow.json",
    ]
    state = tensorflow_install.read_state(place.folder)
    assert state is not None
    assert (state.step, state.error, state.running) == ("Installed", "", False)
    assert tensorflow_install._is_current(place.folder, place.lock)
    place.lock_packages("__version__ = 'corrected'\n")
    assert not tensorflow_install._is_current(place.folder, place.lock)
    place.variables["UV_CACHE_DIR"] += "-2"  # the version is the same
    place.install()
    assert tensorflow_install._is_current(place.folder, place.lock)
    assert "corrected" in (place.folder / "tensorflow" / "__init__.py").read_text()


def test_packages_with_other_hashes_are_refused(place: Place) -> None:
    place.lock.write_text(re.sub(r"sha256:\w{4}", "sha256:0000", place.lock.read_text()))
    assert "InstallError" in place.install()
    assert not place.folder.exists()
    state = tensorflow_install.read_state(place.folder)
    assert state is not None
    assert "hash" in state.error.lower()


def test_without_a_network_it_says_so(place: Place) -> None:
    online, place.variables = (
        place.variables,
        {name: place.variables[name] for name in ("UV", "UV_CACHE_DIR")},
    )
    place.variables |= {"UV_NO_CONFIG": "1", "UV_DEFAULT_INDEX": NOWHERE, "UV_HTTP_RETRIES": "0"}
    output = place.install()
    assert "InstallError: The package index can't be reached." in output
    assert "The package index can't be reached." in tensorflow_install.advice(place.folder)
    place.variables = online
    place.install()
    assert place.folder.is_dir()


def test_what_does_not_start_is_not_used(place: Place) -> None:
    place.lock_packages("raise ImportError('no AVX')\n")
    assert "TensorFlow doesn't start on this computer: ImportError: no AVX" in place.install()
    assert [path.name for path in place.folder.parent.iterdir()] == ["tensorflow.json"]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_half_an_installation_is_never_used(
    place: Place, tmp_path: Path, end: signal.Signals
) -> None:
    script = tmp_path / "half"
    script.write_text(HALF)
    script.chmod(0o755)
    uv, place.variables["UV"] = place.variables["UV"], str(script)
    process = place.start()
    assert process.stdout is not None
    for line in process.stdout:
        if "tensorflow-cpu (245 MiB)" in line:
            break
    state = tensorflow_install.read_state(place.folder)
    assert state is not None
    assert (state.step, state.running) == ("Downloading tensorflow-cpu (245 MiB)", True)
    (partial,) = place.folder.parent.glob("*.partial-*")
    process.send_signal(end)
    if end == signal.SIGKILL:
        subprocess.run(["pkill", "-P", str(process.pid)], check=False)
    process.communicate()
    assert partial.exists() == (end == signal.SIGKILL)
    assert not place.folder.exists()
    assert not tensorflow_install.wait(place.folder)
    assert "The installation was interrupted." in tensorflow_install.advice(place.folder)
    place.variables["UV"] = uv
    place.install()
    assert not partial.exists()
    assert (place.folder / "keras" / "__init__.py").is_file()


def test_a_terminal_finds_the_uv_that_make_has_fetched(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    uv = tmp_path / ".tools" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.touch(0o755)
    assert tensorflow_install._command(place.folder, place.lock)[0] == str(uv)


def test_pip_does_without_uv(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: object())
    command = tensorflow_install._command(place.folder, place.lock)
    assert command[1:4] == ["-m", "pip", "install"]
    python = Path(sys.base_prefix) / "bin" / "python3"
    pip = [str(python), "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("this Python has no pip")
    offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1"}
    environment = os.environ | offline | {"PIP_FIND_LINKS": str(place.wheels)}
    subprocess.run([*pip, *command[3:]], env=environment, check=True, capture_output=True)
    assert (place.folder / "tensorflow" / "__init__.py").is_file()
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(tensorflow_install.InstallError, match="ensurepip"):
        tensorflow_install._command(place.folder, place.lock)


def test_pips_messages_are_understood() -> None:
    lines = [
        "WARNING: Retrying after connection broken by 'NewConnectionError(...)': /simple/keras/",
        "ERROR: No matching distribution found for keras==3.15.1",
    ]
    assert "can't be reached" in tensorflow_install._reason(lines)
    assert tensorflow_install._reason([lines[1]]) == lines[1]
    line = "  Downloading tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl (250.1 MB)"
    found = tensorflow_install._STEP.match(line)
    assert found is not None
    assert found.groups() == ("tensorflow_cpu", "250.1", "MB")


def test_a_cell_waits_for_a_running_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    folder = tmp_path / "tensorflow"
    states = [
        tensorflow_install.InstallState("Downloading keras (1 MB)", "", os.getpid(), 0.0),
        tensorflow_install.InstallState("Importing it for the first time", "", os.getpid(), 0.0),
    ]
    monkeypatch.setattr(tensorflow_install, "_is_alive", lambda pid, _started: pid > 0)
    monkeypatch.setattr(tensorflow_install, "_POLL_S", 0.0)

    def read_state(_folder: Path) -> tensorflow_install.InstallState:
        if states:
            return states.pop(0)
        folder.mkdir(exist_ok=True)
        return tensorflow_install.InstallState("Installed", "", 0, 0.0)

    monkeypatch.setattr(tensorflow_install, "read_state", read_state)
    assert tensorflow_install.wait(folder)
    assert capsys.readouterr().out.splitlines() == [
        "TensorFlow is still being installed. This cell waits for it, then goes on.",
        "Downloading keras (1 MB) …",
        "Importing it for the first time …",
    ]
    assert sys.path[-1] == str(folder)
    assert not tensorflow_install.wait(folder), "a second import would fail in the same way"


def test_the_lessons_import_goes_on_after_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    keras = types.ModuleType("keras")
    keras.backend = types.SimpleNamespace(backend=lambda: "tensorflow")  # type: ignore[attr-defined]
    tensorflow = types.ModuleType("tensorflow")
    for name in ("keras", "tensorflow"):
        monkeypatch.setitem(sys.modules, name, None)

    def wait() -> bool:
        monkeypatch.setitem(sys.modules, "keras", keras)
        monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
        return True

    monkeypatch.setattr(tensorflow_install, "wait", wait)
    assert backend.tensorflow() == (tensorflow, keras)


def test_the_command_leaves_an_installed_one_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["tensorflow"])
    assert capsys.readouterr().out == "TensorFlow is already installed.\n"
    monkeypatch.setattr(tensorflow_install, "is_importable", lambda: False)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def fail() -> None:
        raise tensorflow_install.InstallError("no space left")

    monkeypatch.setattr(tensorflow_install, "install", fail)
    with pytest.raises(SystemExit, match=r"TensorFlow was not installed\. no space left"):
        main(["tensorflow"])


def test_only_the_learners_lab_installs_it(tmp_path: Path) -> None:
    command = lab_command(tmp_path, tmp_path, browser=False, more=[])
    assert "--TensorFlowInstall.enabled=True" in command
    assert not TensorFlowInstall().enabled


def test_a_server_starts_it_once_and_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = False
    monkeypatch.setattr(tensorflow_install, "is_importable", lambda: installed)
    monkeypatch.setattr(tensorflow_install, "read_state", lambda: None)
    started: list[list[str]] = []
    popen = subprocess.Popen

    def start(command: list[str], **_options: object) -> subprocess.Popen[bytes]:
        started.append(command[1:])
        return popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    monkeypatch.setattr(subprocess, "Popen", start)
    server = TensorFlowInstall()
    server.start()
    assert (started, server.view()) == ([], None), "a hub's server installs nothing"
    server = TensorFlowInstall(enabled=True)
    server.start()
    server.start(again=True)
    assert started == [["-m", "course", "tensorflow"]]
    assert server.view() == {"state": "installing", "text": "Preparing", "seconds": 0}
    assert server._process is not None
    server._process.communicate(b"\n")
    failed = server.view()
    assert failed is not None
    assert (failed["state"], failed["text"]) == ("failed", "The installation was interrupted.")
    server.start()
    assert len(started) == 1, "only the learner tries again"
    server.start(again=True)
    assert len(started) == 2
    installed = True
    server._process.communicate(b"\n")
    done = server.view()
    assert done is not None
    assert done["state"] == "installed"


def test_a_python_without_tensorflow_is_told_so_and_nothing_is_tried(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tensorflow_install, "NEWEST_PYTHON", (3, 10))
    monkeypatch.setattr(tensorflow_install, "is_importable", lambda: False)
    with pytest.raises(tensorflow_install.InstallError, match="has no release for Python 3"):
        tensorflow_install.install(folder=place.folder, lock=place.lock)
    assert not place.folder.parent.exists()
    assert tensorflow_install.advice(place.folder) == tensorflow_install.UNAVAILABLE
    service = TensorFlowInstall(enabled=True)
    service.start()
    view = service.view()
    assert view
    assert (view["state"], view["text"]) == ("unavailable", tensorflow_install.UNAVAILABLE)
    assert self_test.main(ROOT) == 0
    assert f"TensorFlow: not installed. {tensorflow_install.UNAVAILABLE}" in capsys.readouterr().out
