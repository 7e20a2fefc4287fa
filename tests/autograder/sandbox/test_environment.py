from __future__ import annotations

from autograder.sandbox import environment


def test_only_listed_variables_are_inherited() -> None:
    grader = {"LANG": "de_DE.UTF-8", "JUPYTERHUB_API_TOKEN": "t", "SSH_AUTH_SOCK": "s", "X": "1"}
    own = {"NBGRADER_EXECUTION": "autograde"}
    env = environment.kernel_env(own, data_dir="/srv/data", grader_env=grader)
    assert env["LANG"] == "de_DE.UTF-8"
    assert env["NBGRADER_EXECUTION"] == "autograde"
    assert env["COURSE_DATA"] == "/srv/data"
    assert not {"JUPYTERHUB_API_TOKEN", "SSH_AUTH_SOCK", "X"} & set(env)
    assert env["PIP_RETRIES"] == "0"  # there is no network
    assert all(env[name].startswith(environment.HOME) for name in ("HOME", "TMPDIR"))
