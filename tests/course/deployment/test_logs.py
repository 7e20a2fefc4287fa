"""The log, the page's files and the OpenAPI schema."""

from __future__ import annotations

import json
import logging
import re
import time
from typing import Any

import httpx
import pytest

from course import drawing
from course.deployment import logs, page, prepare


def logged(caplog: pytest.LogCaptureFixture, *routes: str) -> list[logging.LogRecord]:
    """Wait for one record of each route; it is logged just after its answer."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        records = [record for record in caplog.records if record.name == "course.deployment"]
        by_route = {getattr(record, "fields", {}).get("route"): record for record in records}
        if set(routes) <= set(by_route):
            return [by_route[route] for route in routes]
        time.sleep(0.01)
    raise AssertionError(f"not all of {routes} were logged: {caplog.records}")


def test_an_unexpected_error_is_logged_and_hidden_from_the_client(
    client: httpx.Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(prepare, "model_rows", breaks)
    with caplog.at_level(logging.INFO, "course.deployment"):
        answer = client.post("/model/predict", json={"values": [[0.0] * 784]})
        assert client.get("/samples.json").status_code == 200  # the server is still up
        record, _ = logged(caplog, "/model/predict", "/samples.json")
    assert answer.status_code == 500
    assert answer.json() == {"error": "Internal error; see the server's log", "fields": []}
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"] == page.POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    fields = record.__dict__["fields"]
    assert fields["status"] == 500
    assert fields["bytes_out"] == len(answer.content)
    # The error is logged once, by no other logger.
    assert [record.name for record in caplog.records if record.exc_info] == ["course.deployment"]


def test_the_log_has_no_personal_data(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    payload = drawing.preprocess(drawing.stored()["2"].rgba).payload()
    with caplog.at_level(logging.INFO, "course.deployment"):
        client.post("/model/predict?name=Jane", json=payload)
        client.get("/jane/secret")
        records = logged(caplog, "/model/predict", "other")
        lines = [logs.JsonFormatter().format(record) for record in records]
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


def test_the_page_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    for route, (_, media_type) in page.FILES.items():
        answer = client.get(f"/{route}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(media_type)
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        # no other host, no absolute path: the page works behind any prefix
        text = answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text
        assert 'src="/' not in text
        assert 'href="/' not in text
        assert client.head(f"/{route}").headers["etag"] == answer.headers["etag"]
        cached = client.get(f"/{route}", headers={"if-none-match": answer.headers["etag"]})
        assert cached.status_code == 304
    assert set(client.get("/samples.json").json()) >= set("0123456789")


def test_the_schema_describes_every_route(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    assert set(schema["paths"]) == {
        "/model/predict",
        "/function/predict",
        "/preprocess",
        "/health",
    }
    models = schema["components"]["schemas"]
    row = models["ModelRequest"]["properties"]["values"]["items"]
    assert (row["minItems"], row["maxItems"]) == (784, 784)
    assert (row["items"]["minimum"], row["items"]["maximum"]) == (0, 1)
    text = json.dumps(schema)
    for name in set(re.findall(r'"#/components/schemas/(\w+)"', text)):
        assert name in models
