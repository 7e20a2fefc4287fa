"""What a cluster gets: an image without answers, and the same rules as one machine."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from course import quiz
from deploy.hub import collect, image, people
from deploy.hub.settings import CHECKOUT, Settings


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("image")
    image.prepare(folder)
    return folder


def test_its_files_are_those_that_are_named(context: Path) -> None:
    assert {path.name for path in context.iterdir()} == {*image.HELD, "student", "postBuild"}
    held = {path.relative_to(context).as_posix() for path in context.rglob("*") if path.is_file()}
    tracked = set(
        subprocess.check_output(["git", "ls-files", "course", "release"], cwd=CHECKOUT, text=True)
        .replace(".gitkeep", "")
        .split()
    )
    assert tracked <= held
    for words in ("source/", "autograder", "gradebook", ".token", "keys.json", "tests/", ".git/"):
        assert not [name for name in held if words in name]


def test_no_lesson_in_it_holds_an_answer(context: Path) -> None:
    lessons = sorted(context.glob("release/*/*.ipynb"))
    assert len(lessons) == 6
    for path in lessons:
        text = path.read_text(encoding="utf-8")
        assert "BEGIN SOLUTION" not in text
        assert "HIDDEN TESTS" not in text
        assert not re.search(r"- \[x\]", text)


def test_no_explanation_of_a_question_is_anywhere_in_it(context: Path) -> None:
    said = {
        option.explanation.splitlines()[0]
        for path in sorted((CHECKOUT / "source").glob("*/*.md"))
        for option in quiz.parse(path.read_text(encoding="utf-8")).options
        if len(option.explanation) > 30
    }
    assert len(said) > 20
    everything = "\n".join(
        path.read_text(encoding="utf-8", errors="replace")
        for path in context.rglob("*")
        if path.is_file() and path.suffix in {".py", ".md", ".ipynb", ".js", ".json", ".yml"}
    )
    assert [words for words in said if words in everything] == []


def test_the_hubs_version_is_the_locked_one(context: Path) -> None:
    script = (context / "postBuild").read_text()
    assert re.search(r'"jupyterhub==\d+\.\d+\.\d+"', script)
    assert os.access(context / "postBuild", os.X_OK)
    assert subprocess.run(["sh", "-n", str(context / "postBuild")], check=False).returncode == 0


def test_a_folder_in_use_is_left_alone(context: Path) -> None:
    with pytest.raises(FileExistsError, match="is not empty"):
        image.prepare(context)


def cluster(name: str) -> Any:
    path = CHECKOUT / "deploy" / "zero-to-jupyterhub" / name
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def test_the_cluster_has_the_same_roles_as_one_machine() -> None:
    (values,) = cluster("values.yaml")
    there = values["hub"]["loadRoles"]
    for role in people.roles(Settings()):
        if role["name"] != "operator":
            found = there[role["name"]]
            assert set(found["scopes"]) == set(role["scopes"])
            assert found.get("groups", []) == role.get("groups", [])
            assert found.get("services", []) == role.get("services", [])


def test_the_cluster_counts_owners_as_the_collector_does() -> None:
    (values,) = cluster("values.yaml")
    script = values["hub"]["extraConfig"]["owners"].replace("c.KubeSpawner", "spawner")
    given: dict[str, Any] = {"spawner": SimpleNamespace()}
    exec(script, given)
    person = SimpleNamespace(user=SimpleNamespace(name="ada"))
    assert given["spawner"].uid(person) == collect.number("ada")


def test_the_clusters_services_are_where_the_hub_looks_for_them() -> None:
    (values,) = cluster("values.yaml")
    objects = {item["kind"]: item for item in cluster("grader.yaml")}
    ports = {port["name"]: port["port"] for port in objects["Service"]["spec"]["ports"]}
    name = objects["Service"]["metadata"]["name"]
    services = values["hub"]["services"]
    assert services["autoencoders"]["url"] == f"http://{name}:{ports['formgrader']}"
    assert services["feedback"]["url"] == f"http://{name}:{ports['feedback']}"
    assert objects["Deployment"]["spec"]["replicas"] == 1
