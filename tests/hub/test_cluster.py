"""The cluster's files follow the same rules as one machine, as far as this can be tested here."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from jupyterhub.app import JupyterHub
from traitlets import TraitError
from traitlets.config import Config

from deploy.feedback.identity import Person
from deploy.feedback.signed_token import TokenReader
from deploy.hub import collect, mount_view, roles
from deploy.hub.settings import CHECKOUT, SETTINGS_VARIABLE, HubSettings, load
from tests.hub import charts
from tests.hub.running_hub import RunningHub, wait_until
from tests.ports import free_ports

FOLDER = CHECKOUT / "deploy" / "zero-to-jupyterhub"


def documents(name: str) -> Any:
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


def values() -> Any:
    (content,) = documents("values.yaml")
    return content


def grader_pod() -> Any:
    (deployment,) = [item for item in documents("grader.yaml") if item["kind"] == "Deployment"]
    return deployment["spec"]["template"]["spec"]


def configured_spawner(part: str) -> Any:
    """Run a part of the hub's extra configuration; return the spawner it configured."""
    config = SimpleNamespace(KubeSpawner=SimpleNamespace(environment={}))
    exec(values()["hub"]["extraConfig"][part], {"c": config})
    return config.KubeSpawner


ADA = SimpleNamespace(
    user=SimpleNamespace(name="ada", groups=[SimpleNamespace(name="nbgrader-autoencoders")])
)


def test_the_roles_are_those_of_one_machine() -> None:
    cluster_roles = values()["hub"]["loadRoles"]
    for role in roles.roles(HubSettings()):
        if role["name"] != "operator":
            cluster_role = cluster_roles[role["name"]]
            assert set(cluster_role["scopes"]) == set(role["scopes"])
            assert cluster_role.get("groups", []) == role.get("groups", [])
            assert cluster_role.get("services", []) == role.get("services", [])


def test_only_the_grader_may_start_workers() -> None:
    """Workers see the course folder and run any code they are sent."""
    (gateway,) = documents("dask-gateway.yaml")
    name = gateway["gateway"]["auth"]["jupyterhub"]["jupyterhubServiceName"]
    assert name in values()["hub"]["services"]
    access = f"access:services!service={name}"
    roles = values()["hub"]["loadRoles"]
    allowed = {key: role for key, role in roles.items() if access in role["scopes"]}
    assert allowed == {"grading": {"scopes": [access], "services": ["autoencoders"]}}
    for scope in ("access:services", "access:services!", "admin:services", "inherit"):
        assert not any(scope in role["scopes"] for role in roles.values())


def test_workers_mount_the_course_where_the_grader_does() -> None:
    (gateway,) = documents("dask-gateway.yaml")
    worker = gateway["gateway"]["backend"]["worker"]
    pod = grader_pod()
    paths = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    (mount,) = worker["extraContainerConfig"]["volumeMounts"]
    assert mount == {"name": "state", "mountPath": paths["state"], "readOnly": True}
    assert worker["extraPodConfig"]["securityContext"] == pod["securityContext"]
    (volume,) = worker["extraPodConfig"]["volumes"]
    (state,) = [volume for volume in pod["volumes"] if volume["name"] == "state"]
    claim = state["persistentVolumeClaim"]["claimName"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim
    assert worker["threads"] == worker["cores"]["limit"]


def test_user_ids_are_computed_as_in_the_collector() -> None:
    assert configured_spawner("owners").uid(ADA) == collect.cluster_uid("ada")


def test_the_service_reads_the_tokens_the_cluster_hub_signs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COURSE_BADGE_KEY", "the key")
    token = configured_spawner("tokens").environment["COURSE_FEEDBACK_TOKEN"](ADA)
    assert TokenReader("the key").read(token) == Person("ada", frozenset({"nbgrader-autoencoders"}))
    assert TokenReader("another").read(token) is None


def test_the_hub_and_students_have_the_addresses_of_the_services() -> None:
    objects = {item["kind"]: item for item in documents("grader.yaml")}
    ports = {port["name"]: port["port"] for port in objects["Service"]["spec"]["ports"]}
    name = objects["Service"]["metadata"]["name"]
    services = values()["hub"]["services"]
    assert services["autoencoders"]["url"] == f"http://{name}:{ports['formgrader']}"
    assert services["feedback"]["url"] == f"http://{name}:{ports['feedback']}"
    student = values()["singleuser"]
    url = student["extraEnv"]["COURSE_FEEDBACK_URL"]
    assert url == f"{services['feedback']['url']}/services/feedback"
    (rule,) = student["networkPolicy"]["egress"]  # to feedback, but not to formgrader in its pod
    assert [port["port"] for port in rule["ports"]] == [ports["feedback"]]
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
    (target,) = rule["to"]
    assert target["podSelector"]["matchLabels"].items() <= labels.items()
    assert objects["Deployment"]["spec"]["replicas"] == 1


def test_the_hub_does_not_start_until_an_authenticator_is_chosen() -> None:
    """The chart's default lets everybody log in as anybody."""
    config = Config({"JupyterHub": values()["hub"]["config"]["JupyterHub"]})
    with pytest.raises(TraitError, match="choose-your-authenticator"):
        JupyterHub(config=config)


def test_no_group_gets_access_to_the_exchange() -> None:
    """A pod's fsGroup lets the group read and write every volume it mounts."""
    pod = grader_pod()
    assert "fsGroup" not in pod["securityContext"]
    (first,) = pod["initContainers"]
    assert first["command"] == ["python", "-m", "deploy", "folders"]
    assert first["securityContext"]["runAsUser"] == 0


def test_values_are_valid_by_the_charts_schemas() -> None:
    folder = os.environ.get("COURSE_CHARTS")
    if not folder:
        pytest.skip("COURSE_CHARTS must name a folder with checkouts of the charts")
    for name in charts.CHARTS:
        assert charts.schema_errors(Path(folder), name) == []
    invalid = charts.merge_values(values(), {"singleuser": {"memory": {"limit": []}, "color": 1}})
    assert len(charts.schema_errors(Path(folder), "values.yaml", invalid)) == 2


@pytest.mark.slow
@pytest.mark.xdist_group("hub")
def test_the_grader_starts_on_an_empty_volume(hub: RunningHub, tmp_path: Path) -> None:
    """Run what the pod's init container does, then its feedback service."""
    tmp_path.chmod(0o755)
    state, file = tmp_path / "state", tmp_path / "hub.toml"
    lines = [f'state = "{state}"', f'grader = "{hub.settings.grader}"', 'course = "autoencoders"']
    file.write_text("\n".join(lines))
    environment = {
        "PATH": os.environ["PATH"],
        SETTINGS_VARIABLE: str(file),
        "PYTHONPATH": str(CHECKOUT),
        "COURSE_BADGE_KEY": "the key",
        "JUPYTERHUB_SERVICE_PREFIX": "/services/feedback/",
    }
    for _ in range(2):  # the second time changes nothing
        subprocess.run(
            [sys.executable, "-m", "deploy", "folders"], cwd=CHECKOUT, env=environment, check=True
        )
    inbound = state / "exchange" / "autoencoders" / "inbound"
    assert (inbound.owner(), inbound.stat().st_mode & 0o7777) == (hub.settings.grader, 0o3733)
    (port,) = free_ports(1)
    environment["JUPYTERHUB_SERVICE_URL"] = f"http://127.0.0.1:{port}"
    view = mount_view.grader_view(load(file)).command()
    command = [*view, sys.executable, "-m", "deploy.feedback"]
    url = f"http://127.0.0.1:{port}/services/feedback/"
    process = subprocess.Popen(command, env=environment, cwd="/", start_new_session=True)

    def answer() -> Any:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=10) as reply:
            return json.loads(reply.read())

    try:
        wait_until(
            "the service answers or exits",
            lambda: process.poll() is not None or answer() is not None,
        )
        assert answer() == {"keys": True}
    finally:
        os.killpg(process.pid, 15)
        process.wait()
