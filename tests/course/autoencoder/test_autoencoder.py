"""The network, its file format, and the trained one that ships."""

from __future__ import annotations

import importlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.assets import make_digit_autoencoder
from course import autoencoder, data
from course.autoencoder import archive, frozen
from course.metrics import squared_error

real = pytest.mark.skipif(
    not (Path(os.environ.get("COURSE_DATA", "")) / "mnist.npz").is_file(),
    reason="COURSE_DATA names no folder with mnist.npz",
)


def digits(n: int = 50) -> Any:
    return data.digits("bundled").x_test[:n]


def test_the_papers_network_has_the_papers_size() -> None:
    model = autoencoder.build(784, 1000, 500, 250, 30)
    assert model.count_params() == 2_837_314
    assert [layer.units for layer in model.layers[1:]] == [1000, 500, 250, 30, 250, 500, 1000, 784]
    assert model.get_layer("code").activation.__name__ == "linear"
    assert model.encoder.count_params() + model.decoder.count_params() == 2_837_314


def test_encoder_and_decoder_share_the_models_weights() -> None:
    model = autoencoder.build(784, 20, 3)
    x = digits()
    model.get_layer("code").bias.assign([1.0, 2.0, 3.0])
    model.get_layer("copy").bias.assign(np.linspace(-1, 1, 784))
    np.testing.assert_allclose(model.decoder(model.encoder(x)), model(x), atol=1e-6)


@pytest.mark.parametrize("hidden", archive.HIDDEN)
def test_a_signal_neither_dies_nor_explodes_at_the_start(hidden: str) -> None:
    model = autoencoder.build(100, 200, 150, 100, 10, hidden=hidden)
    code = model.encoder(np.random.default_rng(0).standard_normal((200, 100))).numpy()
    assert 0.1 < code.std() < 2


def test_gelu_and_its_gradient_are_those_of_keras() -> None:
    tf, keras = (importlib.import_module(name) for name in ("tensorflow", "keras"))
    x = tf.constant(np.linspace(-9, 9, 999, dtype=np.float32))
    results = []
    for gelu in (
        autoencoder.build(4, 3, 2).layers[1].activation,
        lambda x: keras.activations.gelu(x, approximate=True),
    ):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = gelu(x)
        results.append((y.numpy(), tape.gradient(y, x, tf.sin(x)).numpy()))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_the_seed_decides_the_start() -> None:
    first, again, other = (
        autoencoder.build(9, 4, 2, seed=seed).get_weights() for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.allclose(first[0], other[0])
    square = autoencoder.build(8, 8, 8).get_weights()
    assert not np.allclose(square[0], square[2])  # layers of the same shape differ


@pytest.mark.parametrize("sizes", [(), (784,), (784, 0), (784, 2.5), (784, "30"), (True, 3)])
def test_invalid_sizes_are_rejected(sizes: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="whole numbers above 0"):
        autoencoder.build(*sizes)


def test_layers_too_large_for_memory_are_reported() -> None:
    with pytest.raises(MemoryError, match=r"build\(400000, 400000, 30\).*1\.3 TB.*640 GB"):
        autoencoder.build(400_000, 400_000, 30)  # the first layer fails, so that none is filled


def test_unknown_activations_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"hidden must be .*relu.* got 'rule'"):
        autoencoder.build(4, 2, hidden="rule")
    with pytest.raises(ValueError, match=r"output must be .*sigmoid.* got 'gelu'"):
        autoencoder.build(4, 2, output="gelu")


@pytest.mark.parametrize("output", archive.OUTPUTS)
@pytest.mark.parametrize("hidden", archive.HIDDEN)
def test_frozen_computes_what_keras_computes(tmp_path: Path, hidden: str, output: str) -> None:
    model = autoencoder.build(784, 30, 20, 5, hidden=hidden, output=output)
    chance = np.random.default_rng(0)
    model.set_weights([w + 0.05 * chance.standard_normal(w.shape) for w in model.get_weights()])
    autoencoder.save(model, tmp_path / "net.npz")
    net, x = frozen.read(tmp_path / "net.npz"), digits()
    np.testing.assert_allclose(net.encode(x), model.encoder(x), atol=1e-3)
    np.testing.assert_allclose(net.reconstruct(x), model(x), atol=1e-3)
    assert net.encode(x).dtype == net.reconstruct(x).dtype == np.float32
    assert net.error(x).mean() == pytest.approx(squared_error(x, model(x).numpy()), rel=1e-3)
    assert net.sizes == (784, 30, 20, 5, 20, 30, 784)
    assert (net.code_size, net.parameters) == (5, model.count_params())


def test_a_saved_model_loads_unchanged(tmp_path: Path) -> None:
    model = autoencoder.build(784, 12, 3, hidden="tanh", output="linear")
    path = tmp_path / "mine.npz"
    path.write_text("an older file")
    autoencoder.save(model, str(path))
    again = autoencoder.load(path)
    for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_allclose(again.encoder(digits()), model.encoder(digits()), atol=1e-6)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.npz"]


def test_a_save_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.npz"
    autoencoder.save(autoencoder.build(9, 2), path)
    before = path.read_bytes()

    def full(file: Any, **_: Any) -> None:
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="no space"):
        autoencoder.save(autoencoder.build(9, 2, seed=1), path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_model_of_your_own_with_the_same_layers_can_be_saved(tmp_path: Path) -> None:
    keras = importlib.import_module("keras")
    dense = keras.layers.Dense
    mine = keras.Sequential([keras.Input((9,)), dense(2), dense(9, activation="sigmoid")])
    autoencoder.save(mine, tmp_path / "mine.npz")
    x = np.random.default_rng(0).random((5, 9), np.float32)
    np.testing.assert_allclose(autoencoder.load(tmp_path / "mine.npz")(x), mine(x), atol=1e-6)


def test_a_model_that_the_format_cannot_store_is_rejected(tmp_path: Path) -> None:
    keras = importlib.import_module("keras")
    dense = keras.layers.Dense
    for layers in (
        [dense(2), keras.layers.Dropout(0.1), dense(9, activation="sigmoid")],
        [dense(2, activation="relu"), dense(9, activation="sigmoid")],
        [dense(2), dense(9, activation="relu")],
        [dense(4), dense(2), dense(3), dense(9, activation="sigmoid")],
        [dense(2, use_bias=False), dense(9, activation="sigmoid")],
    ):
        with pytest.raises(ValueError, match=r"only models from build\(\) can be saved"):
            autoencoder.save(keras.Sequential([keras.Input((9,)), *layers]), tmp_path / "x.npz")
    assert list(tmp_path.iterdir()) == []


def arrays(**changed: Any) -> dict[str, Any]:
    good = {"kernel_0": (4, 2), "bias_0": (2,), "kernel_1": (2, 4), "bias_1": (4,)}
    made: dict[str, Any] = {name: np.zeros(shape, np.float32) for name, shape in good.items()}
    return {k: v for k, v in {**made, **changed}.items() if v is not None}


class MaliciousPickle:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("created",)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kernel_0": np.array([MaliciousPickle()], dtype=object)}, "allow_pickle"),
        (
            {"kernel_0": np.zeros((4, 3), np.float32)},
            r"kernel_0 and bias_0 must .* got \(4, 3\) and \(2,\)",
        ),
        ({"kernel_1": np.zeros((3, 4), np.float32)}, "has 3 inputs.*has 2 outputs"),
        ({"bias_1": np.full(4, np.nan, np.float32)}, "bias_1"),
        ({"bias_1": np.array(["a"] * 4)}, "bias_1 must .* got <U1"),
        (
            {"kernel_1": np.zeros((2, 5), np.float32), "bias_1": np.zeros(5, np.float32)},
            "4 inputs and 5 outputs",
        ),
        ({"bias_1": None}, "kernel_0, bias_0"),
        ({"kernel_1": None, "bias_1": None}, "even number"),
        ({"extra": np.zeros(1)}, "extra"),
        ({"about": np.array("[1]")}, "JSON object"),
        ({"about": np.array("{")}, "JSON object"),
        ({"about": np.array('{"hidden": "__import__"}')}, "activations .* got '__import__'"),
        ({"about": np.array('{"output": ["sigmoid"]}')}, "activations"),
    ],
)
def test_malicious_files_are_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "malicious.npz"
    np.savez(path, **arrays(**changed))
    with pytest.raises(ValueError, match=message) as error_info:
        autoencoder.load(path)
    assert "malicious.npz" in str(error_info.value)
    assert not (tmp_path / "created").exists()


def test_damaged_files_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    with pytest.raises(FileNotFoundError, match="save\\(model, path\\)"):
        autoencoder.load(path)
    np.savez(path, **arrays())
    saved = path.read_bytes()
    assert autoencoder.load(path).count_params() == 22
    for content in (b"", b"no zip at all", saved[: len(saved) // 2], saved[:90] + saved[120:]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"net\.npz"):
            autoencoder.load(path)


def test_a_damaged_compressed_file_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    np.savez_compressed(path, **arrays())
    content = bytearray(path.read_bytes())
    name_length, extra_length = np.frombuffer(content, "<u2", 2, 26)
    start = 30 + int(name_length) + int(extra_length)  # of the first compressed stream
    content[start : start + 9] = b"\xff" * 9
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"net\.npz is damaged"):
        autoencoder.load(path)


def test_a_file_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path: Path) -> None:
    path, header = tmp_path / "bomb.npz", io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (2**29, 2)}
    )
    np.savez(path, **arrays(kernel_0=None))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
        member = zipfile.ZipInfo("kernel_0.npy")
        member.compress_type = zipfile.ZIP_DEFLATED
        with packed.open(member, "w", force_zip64=True) as file:
            file.write(header.getvalue())
    with pytest.raises(ValueError, match=r"bomb\.npz"):
        autoencoder.load(path)  # claims 4 GB, holds nothing
    blown = path.read_bytes().replace(
        len(header.getvalue()).to_bytes(4, "little"), (2**31).to_bytes(4, "little")
    )
    path.write_bytes(blown)
    with pytest.raises(ValueError, match=r"bomb\.npz"):
        autoencoder.load(path)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros(784), r"x\[None\]"),
        (np.zeros((784, 3)), r"x\.T"),
        (np.zeros((3, 28, 28)), r"reshape"),
        (np.full((2, 784), np.nan), "1568 places"),
        (np.full((2, 784), 1e300), "infinity"),
        ([["a"] * 784], "of numbers"),
        ([[1.0], [1.0, 2.0]], "of numbers"),
    ],
)
def test_the_frozen_network_rejects_invalid_examples(x: Any, message: str) -> None:
    for method in (frozen.digits().encode, frozen.digits().error):
        with pytest.raises(ValueError, match=message):
            method(x)


def test_the_shipped_network_reconstructs_new_digits_but_not_noise() -> None:
    net = frozen.digits()
    assert net is frozen.digits()
    assert net.sizes == (784, 1000, 500, 250, 30, 250, 500, 1000, 784)
    noise = np.random.default_rng(0).random((20, 784))
    assert net.error(noise).mean() > 5 * net.error(digits()).mean()
    assert net.reconstruct(noise).min() >= 0
    assert net.reconstruct(noise).max() <= 1
    assert net.encode(np.zeros((0, 784))).shape == (0, 30)
    assert repr(net) == "FrozenAutoencoder(784-1000-500-250-30-250-500-1000-784, gelu, sigmoid)"
    with pytest.raises(ValueError, match="read-only"):
        net.kernels[0][0, 0] = 1


@real
def test_the_shipped_network_is_as_good_as_is_said() -> None:
    error = float(frozen.digits().error(data.digits("mnist").x_test).mean())
    assert error == pytest.approx(frozen.digits_record()["test_error"], abs=0.01)
    assert error < 2.0


@pytest.mark.slow
def test_the_command_that_made_the_shipped_network_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = frozen.digits_record()
    assert record["epochs"] == make_digit_autoencoder.STOP_AFTER
    assert make_digit_autoencoder.RECIPE.epochs == record["epochs_planned"]
    small, requested = data.digits("bundled"), []

    def given(name: str) -> Any:
        requested.append(name)
        return small

    monkeypatch.setattr(data, "digits", given)
    make_digit_autoencoder.main(["--folder", str(tmp_path), "--stop-after", "1"])
    capsys.readouterr()
    assert requested == ["mnist"]
    made = json.loads((tmp_path / frozen.DIGITS.with_suffix(".json").name).read_text())
    assert (made["epochs"], made["epochs_planned"]) == (1, record["epochs_planned"])
    assert made.keys() == record.keys()
    net = frozen.read(tmp_path / frozen.DIGITS.name)
    assert net.sizes == frozen.digits().sizes
    assert made["test_error"] == pytest.approx(net.error(small.x_test).mean(), abs=1e-3)


def test_importing_and_using_the_frozen_network_needs_no_tensorflow() -> None:
    code = (
        "import sys\n"
        "from course.autoencoder import frozen\n"
        "frozen.digits().reconstruct([[0.0] * 784])\n"
        "print(sorted({'tensorflow', 'keras', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
