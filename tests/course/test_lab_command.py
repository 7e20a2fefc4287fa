from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from course.__main__ import lab_command, lab_environment

PAGE_CONFIG = """
import json, sys
from jupyter_core.paths import jupyter_path
from jupyterlab_server.config import get_page_config
print(json.dumps(get_page_config(jupyter_path("labextensions"))))
"""

SERVER_EXTENSIONS = """
import json
from jupyter_core.paths import jupyter_config_path
from jupyter_server.extension.config import ExtensionConfigManager
manager = ExtensionConfigManager(read_config_path=jupyter_config_path())
print(json.dumps(manager.get_jpserver_extensions()))
"""


def test_a_learner_sees_no_tools_of_instructors_and_no_news() -> None:
    output = subprocess.run(
        [sys.executable, "-c", PAGE_CONFIG],
        env=lab_environment(),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    config = json.loads(output)
    assert {
        "@jupyter/nbgrader:create-assignment",
        "@jupyter/nbgrader:assignment-list",
        "@jupyterlab/apputils-extension:announcements",
    } <= set(config["disabledExtensions"])
    installed = {extension["name"] for extension in config["federated_extensions"]}
    assert {"@jupyter/nbgrader", "autoencoder-course"} <= installed


def test_a_learners_server_leaves_out_the_extensions_that_look_for_a_class() -> None:
    """In a clone they'd load the grader's settings, whose packages ``make lab`` doesn't install."""
    enabled = {
        name: json.loads(
            subprocess.run(
                [sys.executable, "-c", SERVER_EXTENSIONS],
                env=environment,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            ).stdout
        )
        for name, environment in (("hub", dict(os.environ)), ("laptop", lab_environment()))
    }
    for extension in ("formgrader", "validate_assignment", "assignment_list", "course_list"):
        name = f"nbgrader.server_extensions.{extension}"
        assert enabled["hub"][name]
        assert not enabled["laptop"][name]
    assert enabled["laptop"]["course.server"]


def test_python_in_the_terminal_is_the_one_with_the_course() -> None:
    python = shutil.which("python", path=lab_environment()["PATH"])
    assert python is not None
    assert Path(python).parent == Path(sys.executable).parent


def test_kernels_write_no_warnings_into_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    name = "--KernelManager.transport_encryption="
    command = lab_command(tmp_path, tmp_path, browser=False, more=[])
    chosen = next(option.removeprefix(name) for option in command if option.startswith(name))
    for setting in ("disabled", chosen):
        manager = KernelManager(transport_encryption=setting)
        manager.start_kernel()
        try:
            client = manager.blocking_client()
            client.start_channels()
            client.wait_for_ready(timeout=120)
            client.execute_interactive("print(6 * 7)", timeout=120)
            client.stop_channels()
        finally:
            manager.shutdown_kernel(now=True)
        output = capfd.readouterr()
        assert "42" in output.out
        assert ("without encryption" in output.err) == (setting == "disabled")
