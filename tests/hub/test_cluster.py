"""What a cluster gets: the same rules as one machine, as far as a machine without one can tell."""

from __future__ import annotations

import contextlib
import json
import os
import socket
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
from tests.hub.site import Site, wait_for

VALUES = CHECKOUT / "deploy" / "zero-to-jupyterhub"


def cluster(name: str) -> Any:
    return list(yaml.safe_load_all((VALUES / name).read_text(encoding="utf-8")))


def values() -> Any:
    (found,) = cluster("values.yaml")
    return found


def spawner_after(script: str) -> Any:
    """Run a piece of the hub's configuration; return what it set of the spawner."""
    given: dict[str, Any] = {"c": SimpleNamespace(KubeSpawner=SimpleNamespace(environment={}))}
    exec(script, given)
    return given["c"].KubeSpawner


ADA = SimpleNamespace(
    user=SimpleNamespace(name="ada", groups=[SimpleNamespace(name="nbgrader-autoencoders")])
)


def test_it_has_the_same_roles_as_one_machine() -> None:
    there = values()["hub"]["loadRoles"]
    for role in roles.roles(HubSettings()):
        if role["name"] != "operator":
            found = there[role["name"]]
            assert set(found["scopes"]) == set(role["scopes"])
            assert found.get("groups", []) == role.get("groups", [])
            assert found.get("services", []) == role.get("services", [])


def test_only_the_grader_may_have_workers() -> None:
    """They see the course's folder, and run what they are given."""
    (gateway,) = cluster("dask-gateway.yaml")
    name = gateway["gateway"]["auth"]["jupyterhub"]["jupyterhubServiceName"]
    assert name in values()["hub"]["services"]
    may = f"access:services!service={name}"
    roles = {
        key: role for key, role in values()["hub"]["loadRoles"].items() if may in role["scopes"]
    }
    assert roles == {"grading": {"scopes": [may], "services": ["autoencoders"]}}
    for scope in ("access:services", "access:services!", "admin:services", "inherit"):
        assert not any(scope in role["scopes"] for role in values()["hub"]["loadRoles"].values())


def test_workers_see_the_course_where_the_grader_does() -> None:
    (gateway,) = cluster("dask-gateway.yaml")
    worker = gateway["gateway"]["backend"]["worker"]
    (pod,) = [
        item["spec"]["template"]["spec"]
        for item in cluster("grader.yaml")
        if item["kind"] == "Deployment"
    ]
    theirs = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    (mount,) = worker["extraContainerConfig"]["volumeMounts"]
    assert mount == {"name": "state", "mountPath": theirs["state"], "readOnly": True}
    assert worker["extraPodConfig"]["securityContext"] == pod["securityContext"]
    (volume,) = worker["extraPodConfig"]["volumes"]
    (own,) = [each for each in pod["volumes"] if each["name"] == "state"]
    claim = own["persistentVolumeClaim"]["claimName"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim
    assert worker["threads"] == worker["cores"]["limit"]


def test_it_counts_owners_as_the_collector_does() -> None:
    spawner = spawner_after(values()["hub"]["extraConfig"]["owners"])
    assert spawner.uid(ADA) == collect.cluster_uid("ada")


def test_the_service_reads_the_tokens_the_cluster_hub_signs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COURSE_BADGE_KEY", "the key")
    signed = spawner_after(values()["hub"]["extraConfig"]["tokens"]).environment
    token = signed["COURSE_FEEDBACK_TOKEN"](ADA)
    assert TokenReader("the key").read(token) == Person("ada", frozenset({"nbgrader-autoencoders"}))
    assert TokenReader("another").read(token) is None


def test_its_services_are_where_the_hub_and_the_students_look_for_them() -> None:
    objects = {item["kind"]: item for item in cluster("grader.yaml")}
    ports = {port["name"]: port["port"] for port in objects["Service"]["spec"]["ports"]}
    name = objects["Service"]["metadata"]["name"]
    services = values()["hub"]["services"]
    assert services["autoencoders"]["url"] == f"http://{name}:{ports['formgrader']}"
    assert services["feedback"]["url"] == f"http://{name}:{ports['feedback']}"
    student = values()["singleuser"]
    asked = student["extraEnv"]["COURSE_FEEDBACK_URL"]
    assert asked == f"{services['feedback']['url']}/services/feedback"
    (way,) = student["networkPolicy"]["egress"]  # to feedback, and not to formgrader beside it
    assert [port["port"] for port in way["ports"]] == [ports["feedback"]]
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
    (target,) = way["to"]
    assert target["podSelector"]["matchLabels"].items() <= labels.items()
    assert objects["Deployment"]["spec"]["replicas"] == 1


def test_a_hub_without_an_authenticator_of_yours_does_not_start() -> None:
    """The chart's own value lets anybody in as anybody."""
    config = Config({"JupyterHub": values()["hub"]["config"]["JupyterHub"]})
    with pytest.raises(TraitError, match="choose-your-authenticator"):
        JupyterHub(config=config)


def test_nothing_makes_the_exchange_the_groups() -> None:
    """A pod's fsGroup lets the group read and write all of every volume that it mounts."""
    (pod,) = [
        item["spec"]["template"]["spec"]
        for item in cluster("grader.yaml")
        if item["kind"] == "Deployment"
    ]
    assert "fsGroup" not in pod["securityContext"]
    (first,) = pod["initContainers"]
    assert first["command"] == ["python", "-m", "deploy", "folders"]
    assert first["securityContext"]["runAsUser"] == 0


def test_values_fit_the_charts_schemas() -> None:
    folder = os.environ.get("COURSE_CHARTS")
    if not folder:
        pytest.skip("name a folder with checkouts of the charts as COURSE_CHARTS")
    for name in charts.CHARTS:
        assert charts.errors(Path(folder), name) == []
    wrong = charts.merged(values(), {"singleuser": {"memory": {"limit": []}, "colour": 1}})
    assert len(charts.errors(Path(folder), "values.yaml", wrong)) == 2


@pytest.mark.slow
@pytest.mark.xdist_group("hub")
def test_the_grader_comes_up_on_an_empty_volume(hub: Site, tmp_path: Path) -> None:
    """What the pod's first container does, then its feedback service."""
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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment["JUPYTERHUB_SERVICE_URL"] = f"http://127.0.0.1:{port}"
    command = [
        *mount_view.grader_view(load(file)).command(),
        sys.executable,
        "-m",
        "deploy.feedback",
    ]
    url = f"http://127.0.0.1:{port}/services/feedback/"
    process = subprocess.Popen(command, env=environment, cwd="/", start_new_session=True)

    def answer() -> Any:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=10) as reply:
            return json.loads(reply.read())

    try:
        assert wait_for(lambda: process.poll() is not None or answer() is not None)
        assert answer() == {"keys": True}
    finally:
        os.killpg(process.pid, 15)
        process.wait()
