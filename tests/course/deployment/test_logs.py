"""What the deployments say of themselves: the log, the page, the schema."""

from __future__ import annotations

import json
import logging
import re
import time
from typing import Any

import httpx
import pytest

from course import drawing
from course.deployment import (
    logs,
    page,
    prepare,
)


def logged(caplog: pytest.LogCaptureFixture, *routes: str) -> list[logging.LogRecord]:
    """Wait for a line of each route: it comes just after its answer, others may come late."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        ours = [one for one in caplog.records if one.name == "course.deployment"]
        found = {getattr(one, "facts", {}).get("route"): one for one in ours}
        if set(routes) <= set(found):
            return [found[route] for route in routes]
        time.sleep(0.01)
    raise AssertionError(f"no line of each of {routes}: {caplog.records}")


def test_what_breaks_is_logged_and_not_told(
    client: httpx.Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(prepare, "model_rows", breaks)
    with caplog.at_level(logging.INFO, "course.deployment"):
        answer = client.post("/model/predict", json={"values": [[0.0] * 784]})
        assert client.get("/samples.json").status_code == 200  # the server goes on
        line, _ = logged(caplog, "/model/predict", "/samples.json")
    assert answer.status_code == 500
    assert answer.json() == {"error": "Something broke here; it is logged", "fields": []}
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"] == page.POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    facts = line.__dict__["facts"]
    assert facts["status"] == 500
    assert facts["bytes_out"] == len(answer.content)
    # What broke is told once, and no other logger tells it again.
    assert [one.name for one in caplog.records if one.exc_info] == ["course.deployment"]


def test_a_line_of_the_log_holds_facts_and_no_drawing(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    payload = drawing.preprocess(drawing.stored()["2"].rgba).payload()
    with caplog.at_level(logging.INFO, "course.deployment"):
        client.post("/model/predict?name=Jane", json=payload)
        client.get("/jane/secret")
        found = logged(caplog, "/model/predict", "other")
        lines = [logs.JsonLines().format(record) for record in found]
    first, second = map(json.loads, lines)
    assert {key: first[key] for key in ("method", "route", "status", "level")} == {
        "method": "POST", "route": "/model/predict", "status": 200, "level": "info",
    }  # fmt: skip
    assert first["bytes_in"] > 784
    assert first["milliseconds"] > 0
    assert second["status"] == 404
    assert "ane" not in caplog.text + "".join(lines)
    assert "values" not in "".join(lines)


# ---------------------------------------------------------------- the page's files


def test_the_page_and_all_it_names_are_here(client: httpx.Client) -> None:
    for address, (_, media_type) in page.FILES.items():
        answer = client.get(f"/{address}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(media_type)
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        # nothing from elsewhere, nothing from the root: any prefix will do
        text = answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text
        assert 'src="/' not in text
        assert 'href="/' not in text
        assert client.head(f"/{address}").headers["etag"] == answer.headers["etag"]
        again = client.get(f"/{address}", headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304
    assert set(client.get("/samples.json").json()) >= set("0123456789")


def test_the_schema_describes_every_address(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    assert set(schema["paths"]) == {
        "/model/predict",
        "/function/predict",
        "/preprocess",
        "/health",
    }
    parts = schema["components"]["schemas"]
    row = parts["ModelRequest"]["properties"]["values"]["items"]
    assert (row["minItems"], row["maxItems"]) == (784, 784)
    assert (row["items"]["minimum"], row["items"]["maximum"]) == (0, 1)
    text = json.dumps(schema)
    for name in set(re.findall(r'"#/components/schemas/(\w+)"', text)):
        assert name in parts
