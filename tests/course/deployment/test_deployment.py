"""What the deployments answer, and their error messages."""

from __future__ import annotations

import concurrent.futures
import json
import os
import pkgutil
import socket
import threading
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from course import classifier, data, deployment, drawing
from course.autoencoder import frozen
from course.deployment import body, prepare, schemas, scoring, thread_limit

MODULES = [
    module.name for module in pkgutil.iter_modules(deployment.__path__, "course.deployment.")
]


def preprocess(name: str, way: drawing.Way = "mnist") -> drawing.Preprocessed:
    return drawing.preprocess(drawing.stored()[name].rgba, way)


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize("kind", ["model", "function"])
@pytest.mark.parametrize("digit", range(10))
def test_both_deployments_read_the_stored_drawings(
    client: httpx.Client, kind: Any, digit: int
) -> None:
    preprocessed = preprocess(str(digit))
    answer = client.post(f"/{kind}/predict", json=preprocessed.payload(kind))
    assert answer.status_code == 200
    assert answer.json()["values"] == [digit]
    (reading,) = answer.json()["details"]
    assert reading["digit"] == digit
    probabilities = classifier.load().probabilities(preprocessed.vector)[0]
    np.testing.assert_allclose(reading["probabilities"], probabilities, atol=1e-4)
    assert reading["error"] == pytest.approx(
        frozen.digits().error(preprocessed.vector)[0], abs=0.01
    )
    copy = frozen.digits().reconstruct(preprocessed.vector)[0]
    np.testing.assert_allclose(reading["reconstruction"], copy, atol=0.003)
    assert reading["looks_like_a_digit"] is True


def test_both_deployments_return_the_same_reading(client: httpx.Client) -> None:
    for way in drawing.WAYS:
        preprocessed = preprocess("4", way)
        by_model = client.post("/model/predict", json=preprocessed.payload("model")).json()
        url = f"/function/predict?way={way}"
        by_function = client.post(url, json=preprocessed.payload("function")).json()
        first, second = by_model["details"][0], by_function["details"][0]
        np.testing.assert_allclose(first["probabilities"], second["probabilities"], atol=1e-4)
        assert first["error"] == pytest.approx(second["error"], abs=0.01)


@pytest.mark.parametrize("kind", ["model", "function"])
def test_the_wrapped_form_is_answered_in_the_same_form(client: httpx.Client, kind: Any) -> None:
    three, four = (preprocess(name).payload(kind) for name in "34")
    both = {"values": three["values"] + four["values"]}
    answer = client.post(f"/{kind}/predict", json={"input_data": [both, four]})
    predictions = answer.json()["predictions"]
    assert [prediction["values"] for prediction in predictions] == [[3, 4], [4]]
    assert [len(prediction["details"]) for prediction in predictions] == [2, 1]


def dash(width: int, length: int) -> Any:
    image = np.zeros((28, 28))
    image[14 : 14 + width, 14 - length // 2 : 14 + length // 2] = 1
    return image


RANDOM = np.random.default_rng(0)
NOT_DIGITS = {
    "empty": np.zeros(784),
    "one pixel": np.eye(784)[400],
    "a gray veil": np.full(784, 0.05),
    "a brighter veil": np.full(784, 0.1),
    "faint noise": RANDOM.normal(0, 0.05, 784).clip(0, 1),
    "noise": RANDOM.normal(0, 0.1, 784).clip(0, 1),
    "a thin dash": dash(1, 10),
    "a dash": dash(2, 16),
    "a thick dash": dash(4, 20),
}


@pytest.mark.parametrize("name", NOT_DIGITS)
def test_pictures_with_hardly_any_ink_and_dashes_are_no_digits(
    client: httpx.Client, name: str
) -> None:
    payload = {"values": [NOT_DIGITS[name].ravel().tolist()]}
    answer = client.post("/model/predict", json=payload).json()
    assert answer["details"][0]["looks_like_a_digit"] is False


def test_a_star_is_not_recognized_as_a_digit(client: httpx.Client) -> None:
    for name, expected in (("star", False), ("8", True)):
        answer = client.post("/model/predict", json=preprocess(name).payload()).json()
        assert answer["details"][0]["looks_like_a_digit"] is expected


@pytest.mark.skipif(
    not (Path(os.environ.get("COURSE_DATA", "")) / "mnist.npz").is_file(),
    reason="needs mnist.npz in the folder COURSE_DATA",
)
def test_one_percent_of_mnist_exceeds_the_error_limit() -> None:
    test_images = data.digits("mnist").x_test
    errors = frozen.digits().error(test_images)
    assert 0.005 < (errors > scoring.ERROR_LIMIT).mean() < 0.015
    readings = scoring.read_digits(test_images[:2000])
    assert np.mean([reading.looks_like_a_digit for reading in readings]) > 0.985


def test_the_page_uses_the_same_pipeline_as_the_notebook(client: httpx.Client) -> None:
    sample = drawing.stored()["5"]
    for way in drawing.WAYS:
        for kind in ("model", "function"):
            request = {"strokes": sample.strokes, "pen": sample.pen, "way": way, "deployment": kind}
            answer = client.post("/preprocess", json=request).json()
            expected = preprocess("5", way)
            assert answer["payload"] == expected.payload(kind)
            names = [stage["name"] for stage in answer["stages"]]
            assert names == [stage.name for stage in expected.stages]


# ---------------------------------------------------------------- invalid requests

ROW = [0.0] * 784


def row_ending_in(value: str) -> str:
    return '{"values": [[' + "0, " * 783 + value + "]]}"


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        ("", 400, "The body is empty"),
        (" \n", 400, "The body is empty"),
        ("{", 400, "The body isn't valid JSON"),
        ('{"values": [[0]]} x', 400, "The body isn't valid JSON"),
        (b"\xff\xfe", 400, "The body isn't valid JSON"),
        ("[" * 100_000, 400, "The body isn't valid JSON"),
        ("[]", 422, "body: input should be an object"),
        ("null", 422, "body: input should be an object"),
        ("{}", 422, "body: must have either values or input_data, not both"),
        ('{"vaules": [[0]]}', 422, "vaules: unknown field"),
        ('{"values": []}', 422, "values: must have at least 1 item, got 0"),
        ('{"values": [[]]}', 422, "values[0]: must have exactly 784 numbers, got 0"),
        (
            json.dumps({"values": [ROW, ROW[1:]]}),
            422,
            "values[1]: must have exactly 784 numbers, got 783",
        ),
        (
            json.dumps({"values": [[*ROW, 0]]}),
            422,
            "values[0]: must have exactly 784 numbers, got 785",
        ),
        (json.dumps({"values": [ROW] * 65}), 422, "values: must have at most 64 items, got 65"),
        (row_ending_in("NaN"), 422, "values[0][783]: input should be a finite number, got nan"),
        (
            row_ending_in("Infinity"),
            422,
            "values[0][783]: input should be a finite number, got inf",
        ),
        (
            row_ending_in("-Infinity"),
            422,
            "values[0][783]: input should be a finite number, got -inf",
        ),
        (row_ending_in("1e999"), 422, "values[0][783]: input should be a finite number, got inf"),
        (row_ending_in('"1"'), 422, "values[0][783]: input should be a valid number, got '1'"),
        (row_ending_in("true"), 422, "values[0][783]: input should be a valid number, got True"),
        (row_ending_in("null"), 422, "values[0][783]: input should be a valid number"),
        (
            row_ending_in("1.5"),
            422,
            "values[0][783]: input should be less than or equal to 1, got 1.5",
        ),
        (row_ending_in("-1"), 422, "values[0][783]: input should be greater than or equal to 0"),
        (
            row_ending_in("255"),
            422,
            "values[0][783]: input should be less than or equal to 1, got 255",
        ),
        (
            '{"input_data": [{"values": [[1]]}]}',
            422,
            "input_data[0].values[0]: must have exactly 784",
        ),
        (
            json.dumps({"input_data": [{"values": [ROW] * 43}] * 3}),
            422,
            "input_data: must have at most 128 items in total, got 129",
        ),
        (
            json.dumps({"values": [ROW], "input_data": [{"values": [ROW]}]}),
            422,
            "body: must have either",
        ),
    ],
    ids=lambda value: str(value)[:24],
)
def test_the_model_deployment_names_the_invalid_field(
    client: httpx.Client, content: str | bytes, status: int, message: str
) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post("/model/predict", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert message in answer.json()["error"]
    for problem in answer.json()["fields"]:
        assert set(problem) == {"field", "message"}
    assert bool(answer.json()["fields"]) is (status == 422)


def canvas(**changes: Any) -> dict[str, Any]:
    return {"values": [{"data": [0, 0, 0, 9] * 100, "height": 10} | changes]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (canvas(height=11), "values[0].data: a canvas of height 11 must have 11 * 11 * 4"),
        (canvas(data=[0] * 400), "values[0].data: The canvas is empty"),
        (canvas(data=[0] * 399 + [256]), "values[0].data[399]: must be a whole number from 0"),
        (canvas(data=[0] * 399 + [0.5]), "values[0].data[399]: input should be a valid integer"),
        (canvas(data=[-1] + [0] * 399), "values[0].data[0]: must be a whole number from 0"),
        (canvas(data=[10**40] + [0] * 399), "values[0].data[0]: must be a whole number from 0"),
        (canvas(data=[True] + [0] * 399), "values[0].data[0]: input should be a valid integer"),
        (canvas(data=["0"] * 400), "values[0].data[0]: input should be a valid integer, got '0'"),
        (canvas(height="10"), "values[0].height: input should be a valid integer, got '10'"),
        (canvas(height=-3), "values[0].height: input should be greater than or equal to 8"),
        (canvas(height=10**30), "values[0].height: "),
        (canvas(width=10), "values[0].width: unknown field"),
        ({"values": [{"height": 10}]}, "values[0].data: field required"),
        ({"values": [ROW]}, "values[0]: input should be an object"),
        (
            {"input_data": [canvas(height=11)]},
            "input_data[0].values[0].data: a canvas of height 11",
        ),
        (
            {"input_data": [{"values": canvas()["values"] * 6}] * 3},
            "input_data: must have at most 16 items in total, got 18",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_function_deployment_names_the_invalid_field(
    client: httpx.Client, content: Any, message: str
) -> None:
    answer = client.post("/function/predict", json=content)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(message)
    assert message.startswith(answer.json()["fields"][0]["field"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strokes": []}, "The canvas is empty"),
        ({"strokes": [[[140, 140]]]}, "That is a dot"),
        ({"strokes": [[]]}, "strokes[0]: must have at least 1 item, got 0"),
        ({"strokes": [[[1]]]}, "strokes[0][0]: must have at least 2 items, got 1"),
        ({"strokes": [[["a", 2]]]}, "strokes[0][0][0]: input should be a valid number, got 'a'"),
        ({"strokes": [[[1, 1], [9, 9]]], "pen": 0}, "pen: input should be greater"),
        (
            {"strokes": [[[1, 1], [9, 9]]], "way": "mine"},
            "way: input should be 'mnist' or 'lecture'",
        ),
        ({"strokes": [[[1e300, 0], [5, 5]]]}, ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_unreadable_drawing_is_explained(
    client: httpx.Client, changes: Any, message: str
) -> None:
    answer = client.post("/preprocess", json=changes)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(message)


def test_expensive_drawings_are_refused(client: httpx.Client) -> None:
    zigzag = [[[0 if i % 2 else 511, 37 * i % 512] for i in range(20_000)]]
    request = {"strokes": zigzag, "width": 512, "height": 512, "pen": 200}
    answer = client.post("/preprocess", json=request)
    assert answer.status_code == 422
    assert "20,000 points with a pen of 200 are too much to draw" in answer.json()["error"]
    dots = np.zeros((512, 512, 4), np.uint8)
    dots[::2, ::2] = 255
    content = {"values": [{"data": dots.ravel().tolist(), "height": 512}]}
    answer = client.post("/function/predict", json=content)
    assert answer.status_code == 422
    assert "65,536 pieces" in answer.json()["error"]


def test_the_largest_request_is_read(client: httpx.Client) -> None:
    rows = preprocess("3").payload()["values"] * 64
    answer = client.post("/model/predict", json={"input_data": [{"values": rows}] * 2})
    predictions = answer.json()["predictions"]
    assert [prediction["values"] for prediction in predictions] == [[3] * 64] * 2


def test_a_full_drawing_queue_answers_503_and_the_model_still_answers(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, started = threading.Event(), threading.Semaphore(0)

    def slow(_: Any) -> Any:
        started.release()
        assert released.wait(120)
        return preprocess("1")

    monkeypatch.setattr(prepare, "preprocess_drawing", slow)
    monkeypatch.setattr(thread_limit, "MAX_WAITING", 0)
    content = {"strokes": drawing.stored()["1"].strokes}
    with concurrent.futures.ThreadPoolExecutor(thread_limit.MAX_THREADS) as pool:
        running = [pool.submit(client.post, "/preprocess", json=content) for _ in range(2)]
        try:
            assert all(started.acquire(timeout=120) for _ in running)
            refused = client.post("/preprocess", json=content)
            other = client.post("/model/predict", json=preprocess("4").payload())
        finally:
            released.set()
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert "Too many drawings are waiting" in refused.json()["error"]
    assert other.json()["values"] == [4]  # the model deployment has its own queue
    assert [request.result().status_code for request in running] == [200, 200]


def test_an_incomplete_body_gets_408(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "READ_TIMEOUT_S", 0.2)
    url = client.base_url
    head = "POST /model/predict HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    with socket.create_connection((url.host, url.port), timeout=120) as slow:
        slow.sendall(f'{head}Content-Length: 100\r\n\r\n{{"values"'.encode())
        answer = b"".join(iter(lambda: slow.recv(4096), b""))  # the server closes it
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"The body did not arrive within 0.2 seconds" in answer


@pytest.mark.parametrize("route", ["/model/predict", "/function/predict", "/preprocess"])
def test_wrong_types_and_sizes_are_rejected(client: httpx.Client, route: str) -> None:
    for content_type in ("text/plain", "", "application/x-www-form-urlencoded", "multipart/x"):
        answer = client.post(route, content="{}", headers={"content-type": content_type})
        assert answer.status_code == 415
        assert "must be application/json" in answer.json()["error"]
    gzip = {"content-type": "application/json", "content-encoding": "gzip"}
    assert client.post(route, content="{}", headers=gzip).status_code == 415
    plain = {"content-type": "application/json"}
    announced = client.post(route, content=b"0" * 10_000_000, headers=plain)
    streamed = client.post(route, content=iter([b"0" * 1_000_000] * 10), headers=plain)
    for answer in (announced, streamed):
        assert answer.status_code == 413
        assert answer.json()["error"] == "The body is too large; the limit is 4,194,304 bytes"


def test_the_largest_canvas_is_read(client: httpx.Client) -> None:
    side = schemas.MAX_SIDE
    pixels = np.zeros((side, side, 4), np.uint8)
    pixels[20:-20, side // 2 - 20 : side // 2 + 20] = 255
    content = {"values": [{"data": pixels.ravel().tolist(), "height": side}]}
    answer = client.post("/function/predict", json=content)
    assert answer.json()["values"] == [1]


def test_unknown_routes_and_methods_answer_in_json(client: httpx.Client) -> None:
    for method, route, status in (
        ("GET", "/nowhere", 404),
        ("GET", "/model/predict", 405),
        ("DELETE", "/", 405),
        ("POST", "/function/predict?way=mine", 422),
        ("GET", "/%2e%2e/course/__init__.py", 404),
    ):
        answer = client.request(method, route)
        assert answer.status_code == status
        assert answer.json()["error"]
    assert client.get("/health").json() == {"status": "ok"}
