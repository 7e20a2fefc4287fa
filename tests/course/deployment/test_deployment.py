"""The deployments: what they answer, and what they say to those who ask wrongly."""

from __future__ import annotations

import concurrent.futures
import doctest
import json
import os
import socket
import threading
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from course import classifier, data, deployment, drawing
from course.autoencoder import frozen
from course.deployment import (
    app,
    background,
    batching,
    body,
    errors,
    launcher,
    logs,
    page,
    prepare,
    schemas,
    scoring,
    serve,
    thread_limit,
)

MODULES = [
    app, background, batching, body, deployment, errors, launcher, logs, page, prepare, schemas,
    scoring, serve, thread_limit,
]  # fmt: skip


def prepared(name: str, way: drawing.Way = "mnist") -> drawing.Preprocessed:
    return drawing.preprocess(drawing.stored()[name].rgba, way)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.split(".")[-1])
def test_the_docstrings_hold(module: Any) -> None:
    assert doctest.testmod(module, optionflags=doctest.IGNORE_EXCEPTION_DETAIL).failed == 0


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize("kind", ["model", "function"])
@pytest.mark.parametrize("digit", range(10))
def test_both_deployments_read_the_stored_drawings(
    client: httpx.Client, kind: Any, digit: int
) -> None:
    found = prepared(str(digit))
    answer = client.post(f"/{kind}/predict", json=found.payload(kind))
    assert answer.status_code == 200
    assert answer.json()["values"] == [digit]
    (reading,) = answer.json()["details"]
    assert reading["digit"] == digit
    probabilities = classifier.load().probabilities(found.vector)[0]
    np.testing.assert_allclose(reading["probabilities"], probabilities, atol=1e-4)
    assert reading["error"] == pytest.approx(frozen.digits().error(found.vector)[0], abs=0.01)
    copy = frozen.digits().reconstruct(found.vector)[0]
    np.testing.assert_allclose(reading["reconstruction"], copy, atol=0.003)
    assert reading["looks_like_a_digit"] is (reading["error"] <= reading["error_limit"])


def test_model_and_function_say_the_same(client: httpx.Client) -> None:
    for way in drawing.WAYS:
        found = prepared("4", way)
        by_model = client.post("/model/predict", json=found.payload("model")).json()
        address = f"/function/predict?way={way}"
        by_function = client.post(address, json=found.payload("function")).json()
        first, second = by_model["details"][0], by_function["details"][0]
        np.testing.assert_allclose(first["probabilities"], second["probabilities"], atol=1e-4)
        assert first["error"] == pytest.approx(second["error"], abs=0.01)


@pytest.mark.parametrize("kind", ["model", "function"])
def test_the_wrapped_form_is_answered_in_kind(client: httpx.Client, kind: Any) -> None:
    three, four = (prepared(name).payload(kind) for name in "34")
    both = {"values": three["values"] + four["values"]}
    answer = client.post(f"/{kind}/predict", json={"input_data": [both, four]})
    assert [one["values"] for one in answer.json()["predictions"]] == [[3, 4], [4]]
    assert [len(one["details"]) for one in answer.json()["predictions"]] == [2, 1]


def test_a_star_is_no_digit(client: httpx.Client) -> None:
    for name, looks in (("star", False), ("8", True)):
        answer = client.post("/model/predict", json=prepared(name).payload()).json()
        assert answer["details"][0]["looks_like_a_digit"] is looks


@pytest.mark.skipif(
    not (Path(os.environ.get("COURSE_DATA", "")) / "mnist.npz").is_file(),
    reason="COURSE_DATA names no folder with mnist.npz",
)
def test_one_digit_in_a_hundred_lies_above_the_limit() -> None:
    errors = frozen.digits().error(data.digits("mnist").x_test)
    assert 0.005 < (errors > scoring.ERROR_LIMIT).mean() < 0.015


def test_the_page_gets_the_pipeline_of_the_notebook(client: httpx.Client) -> None:
    one = drawing.stored()["5"]
    for way in drawing.WAYS:
        for kind in ("model", "function"):
            asked = {"strokes": one.strokes, "pen": one.pen, "way": way, "deployment": kind}
            answer = client.post("/preprocess", json=asked).json()
            found = prepared("5", way)
            assert answer["payload"] == found.payload(kind)
            assert [stage["name"] for stage in answer["stages"]] == [s.name for s in found.stages]


# ---------------------------------------------------------------- wrong requests

ROW = [0.0] * 784


def with_last(value: str) -> str:
    return '{"values": [[' + "0, " * 783 + value + "]]}"


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        ("", 400, "The body is empty"),
        (" \n", 400, "The body is empty"),
        ("{", 400, "The body is no JSON"),
        ('{"values": [[0]]} x', 400, "The body is no JSON"),
        (b"\xff\xfe", 400, "The body is no JSON"),
        ("[" * 100_000, 400, "The body is no JSON"),
        ("[]", 422, "body: input should be an object"),
        ("null", 422, "body: input should be an object"),
        ("{}", 422, "body: either values or input_data must be there"),
        ('{"vaules": [[0]]}', 422, "vaules: there is no such field"),
        ('{"values": []}', 422, "values: 0 items; at least 1 are right"),
        ('{"values": [[]]}', 422, "values[0]: 0 items; at least 784 are right"),
        (json.dumps({"values": [ROW, ROW[1:]]}), 422, "values[1]: 783 items; at least 784"),
        (json.dumps({"values": [[*ROW, 0]]}), 422, "values[0]: 785 items; at most 784"),
        (json.dumps({"values": [ROW] * 65}), 422, "values: 65 items; at most 64 are right"),
        (with_last("NaN"), 422, "values[0][783]: input should be a finite number, not nan"),
        (with_last("Infinity"), 422, "values[0][783]: input should be a finite number, not inf"),
        (with_last("-Infinity"), 422, "values[0][783]: input should be a finite number, not -inf"),
        (with_last("1e999"), 422, "values[0][783]: input should be a finite number, not inf"),
        (with_last('"1"'), 422, "values[0][783]: input should be a valid number, not '1'"),
        (with_last("true"), 422, "values[0][783]: input should be a valid number, not True"),
        (with_last("null"), 422, "values[0][783]: input should be a valid number"),
        (with_last("1.5"), 422, "values[0][783]: input should be less than or equal to 1, not 1.5"),
        (with_last("-1"), 422, "values[0][783]: input should be greater than or equal to 0"),
        (with_last("255"), 422, "values[0][783]: input should be less than or equal to 1, not 255"),
        ('{"input_data": [{"values": [[1]]}]}', 422, "input_data[0].values[0]: 1 items"),
        (
            json.dumps({"input_data": [{"values": [ROW] * 43}] * 3}),
            422,
            "input_data: 129 items in all; at most 128 are right",
        ),
        (json.dumps({"values": [ROW], "input_data": [{"values": [ROW]}]}), 422, "and not both"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_the_model_names_what_is_wrong(
    client: httpx.Client, content: str | bytes, status: int, words: str
) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post("/model/predict", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert words in answer.json()["error"]
    for one in answer.json()["fields"]:
        assert set(one) == {"field", "message"}
    assert bool(answer.json()["fields"]) is (status == 422)


def canvas(**changes: Any) -> dict[str, Any]:
    return {"values": [{"data": [0, 0, 0, 9] * 100, "height": 10} | changes]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (canvas(height=11), "values[0].data: 400 numbers; a square of height 11 has 11 * 11 * 4"),
        (canvas(data=[0] * 400), "values[0].data: The canvas is empty"),
        (canvas(data=[0] * 399 + [256]), "values[0].data[399]: whole numbers from 0 to 255 are"),
        (canvas(data=[0] * 399 + [0.5]), "values[0].data[399]: input should be a valid integer"),
        (canvas(data=[-1] + [0] * 399), "values[0].data[0]: whole numbers from 0 to 255 are right"),
        (canvas(data=[10**40] + [0] * 399), "values[0].data[0]: whole numbers from 0 to 255"),
        (canvas(data=[True] + [0] * 399), "values[0].data[0]: input should be a valid integer"),
        (canvas(data=["0"] * 400), "values[0].data[0]: input should be a valid integer, not '0'"),
        (canvas(height="10"), "values[0].height: input should be a valid integer, not '10'"),
        (canvas(height=-3), "values[0].height: input should be greater than or equal to 8"),
        (canvas(height=10**30), "values[0].height: "),
        (canvas(width=10), "values[0].width: there is no such field"),
        ({"values": [{"height": 10}]}, "values[0].data: field required"),
        ({"values": [ROW]}, "values[0]: input should be an object"),
        ({"input_data": [canvas(height=11)]}, "input_data[0].values[0].data: 400 numbers"),
        (
            {"input_data": [{"values": canvas()["values"] * 6}] * 3},
            "input_data: 18 items in all; at most 16 are right",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_function_names_what_is_wrong(client: httpx.Client, content: Any, words: str) -> None:
    answer = client.post("/function/predict", json=content)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(words)
    assert words.startswith(answer.json()["fields"][0]["field"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"strokes": []}, "The canvas is empty"),
        ({"strokes": [[[140, 140]]]}, "That is a dot"),
        ({"strokes": [[]]}, "strokes[0]: 0 items; at least 1"),
        ({"strokes": [[[1]]]}, "strokes[0][0]: 1 items; at least 2"),
        ({"strokes": [[["a", 2]]]}, "strokes[0][0][0]: input should be a valid number, not 'a'"),
        ({"strokes": [[[1, 1], [9, 9]]], "pen": 0}, "pen: input should be greater"),
        (
            {"strokes": [[[1, 1], [9, 9]]], "way": "mine"},
            "way: input should be 'mnist' or 'lecture'",
        ),
        ({"strokes": [[[1e300, 0], [5, 5]]]}, ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_drawing_that_cannot_be_read_says_why(
    client: httpx.Client, changes: Any, words: str
) -> None:
    answer = client.post("/preprocess", json=changes)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(words)


def test_no_request_keeps_the_server_busy_for_minutes(client: httpx.Client) -> None:
    zigzag = [[[0 if i % 2 else 511, 37 * i % 512] for i in range(20_000)]]
    asked = {"strokes": zigzag, "width": 512, "height": 512, "pen": 200}
    answer = client.post("/preprocess", json=asked)
    assert answer.status_code == 422
    assert "20,000 points with a pen of 200 are too much to draw" in answer.json()["error"]
    dots = np.zeros((512, 512, 4), np.uint8)
    dots[::2, ::2] = 255
    content = {"values": [{"data": dots.ravel().tolist(), "height": 512}]}
    answer = client.post("/function/predict", json=content)
    assert answer.status_code == 422
    assert "65,536 pieces" in answer.json()["error"]


def test_the_most_rows_of_a_request_are_read(client: httpx.Client) -> None:
    rows = prepared("3").payload()["values"] * 64
    answer = client.post("/model/predict", json={"input_data": [{"values": rows}] * 2})
    assert [one["values"] for one in answer.json()["predictions"]] == [[3] * 64] * 2


def test_when_drawings_queue_up_the_next_is_asked_to_come_again(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, begun = threading.Event(), threading.Semaphore(0)

    def slow(_: Any) -> Any:
        begun.release()
        assert gate.wait(20)
        return prepared("1")

    monkeypatch.setattr(prepare, "drawn", slow)
    monkeypatch.setattr(thread_limit, "MOST_WAITING", 0)
    content = {"strokes": drawing.stored()["1"].strokes}
    with concurrent.futures.ThreadPoolExecutor(thread_limit.AT_ONCE) as pool:
        drawn = [pool.submit(client.post, "/preprocess", json=content) for _ in range(2)]
        try:
            assert all(begun.acquire(timeout=20) for _ in drawn)
            refused = client.post("/preprocess", json=content)
            other = client.post("/model/predict", json=prepared("4").payload())
        finally:
            gate.set()
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert "Too many drawings wait already" in refused.json()["error"]
    assert other.json()["values"] == [4]  # the numbers' way is free meanwhile
    assert [one.result().status_code for one in drawn] == [200, 200]


def test_a_body_that_does_not_come_is_408(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "SECONDS", 0.2)
    address = client.base_url
    head = "POST /model/predict HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    with socket.create_connection((address.host, address.port), timeout=20) as slow:
        slow.sendall(f'{head}Content-Length: 100\r\n\r\n{{"values"'.encode())
        answer = b"".join(iter(lambda: slow.recv(4096), b""))  # up to the end: it is closed, too
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"The body did not come within 0.2 seconds" in answer


@pytest.mark.parametrize("address", ["/model/predict", "/function/predict", "/preprocess"])
def test_wrong_types_and_sizes_are_turned_away(client: httpx.Client, address: str) -> None:
    for content_type in ("text/plain", "", "application/x-www-form-urlencoded", "multipart/x"):
        answer = client.post(address, content="{}", headers={"content-type": content_type})
        assert answer.status_code == 415
        assert "application/json is right" in answer.json()["error"]
    packed = {"content-type": "application/json", "content-encoding": "gzip"}
    assert client.post(address, content="{}", headers=packed).status_code == 415
    plain = {"content-type": "application/json"}
    announced = client.post(address, content=b"0" * 10_000_000, headers=plain)
    streamed = client.post(address, content=iter([b"0" * 1_000_000] * 10), headers=plain)
    for answer in (announced, streamed):
        assert answer.status_code == 413
        assert answer.json()["error"] == "The body is too large; 4,194,304 bytes are the limit"


def test_the_largest_canvas_is_read(client: httpx.Client) -> None:
    side = schemas.MOST_SIDE
    pixels = np.zeros((side, side, 4), np.uint8)
    pixels[20:-20, side // 2 - 20 : side // 2 + 20] = 255
    content = {"values": [{"data": pixels.ravel().tolist(), "height": side}]}
    answer = client.post("/function/predict", json=content)
    assert answer.json()["values"] == [1]


def test_other_addresses_and_methods_answer_in_json(client: httpx.Client) -> None:
    for method, address, status in (
        ("GET", "/nowhere", 404),
        ("GET", "/model/predict", 405),
        ("DELETE", "/", 405),
        ("POST", "/function/predict?way=mine", 422),
        ("GET", "/%2e%2e/course/__init__.py", 404),
    ):
        answer = client.request(method, address)
        assert answer.status_code == status
        assert answer.json()["error"]
    assert client.get("/health").json() == {"status": "ok"}
