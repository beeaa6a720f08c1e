#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Model files as other tools see them: onnx.checker accepts them and ONNX Runtime computes what `ntc predict` does.

    VENV/bin/python test/conformance/onnx_runtime.py [--ntc build/bin/ntc]     # needs onnx, onnxruntime, numpy

For every family of the zoo: the fresh model.pb, and after some steps of training the exported trained.onnx and trained.pb.
Then runs whose data is prepared (a Normalize by channel, a table with missing values and categories, a time series): ONNX Runtime
gets raw data, and the exported graph does the rest.
Prints one row of a Markdown table per file and ends with 1 if a file is refused or a logit differs by more than 1e-5.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

TOLERANCE = 1e-5  # absolute, on logits
SAMPLES, BATCH, STEPS = 64, 16, 50
FAMILIES = {  # name -> shape of one sample
    "linear": (5,),
    "mlp": (1, 28, 28),
    "cnn": (1, 28, 28),
    "lenet": (3, 32, 32),
    "vae": (1, 28, 28),
    "resnet18": (3, 32, 32),
}
STEPS_OF = {"resnet18": 3}


def make_data(path, family, input_name):
    """Writes the archive that both sides read; returns the inputs."""
    rng = np.random.default_rng(0)
    x = rng.random((SAMPLES, *FAMILIES[family]), dtype=np.float32)
    if family == "vae":
        np.savez(path, **{input_name: x})
    elif family == "linear":
        np.savez(path, **{input_name: x, "target": rng.random((SAMPLES, 1), dtype=np.float32)})
    else:
        np.savez(path, **{input_name: x, "label": rng.integers(0, 10, SAMPLES, dtype=np.int64)})
    return x


def silence_noise(path):
    """Makes a variance of e^-4000, zero, that neither the draw of fresh values nor the steps of training make visible."""
    model = onnx.load(path, format="protobuf")
    for tensor in model.graph.initializer:
        if tensor.name.startswith("fc22."):
            values = np.full(list(tensor.dims), -4000 if tensor.name == "fc22.bias" else 0, np.float32)
            tensor.raw_data = values.tobytes()
    info = model.training_info[0]
    info.ClearField("initialization")
    del info.initialization_binding[:]
    onnx.save(model, path)


def onnx_logits(path, x):
    """Checks the file with ONNX's checker, runs its graph in ONNX Runtime."""
    model = onnx.load(path, format="protobuf")
    onnx.checker.check_model(model)
    # Strict shape inference takes the graph alone: sparse slots of the training step have no typed operators.
    inference = onnx.ModelProto()
    inference.CopyFrom(model)
    del inference.training_info[:]
    onnx.checker.check_model(inference, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    batches = [session.run(None, {session.get_inputs()[0].name: x[i:i + BATCH]})[0] for i in range(0, SAMPLES, BATCH)]
    return np.concatenate(batches)


def colored(folder):
    """Pictures of three channels in CIFAR-10's format, normalized by channel."""
    rng = np.random.default_rng(1)
    pictures, labels = rng.integers(0, 256, (SAMPLES, 3, 32, 32), dtype=np.uint8), rng.integers(0, 10, SAMPLES, dtype=np.uint8)
    records = np.concatenate([labels[:, None], pictures.reshape(SAMPLES, -1)], axis=1).tobytes()
    for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
        (folder / name).write_bytes(records)
    train = ["--transform", "RandomCrop(32, padding=4), ToTensor(), Normalize((0.49, 0.48, 0.44), (0.2, 0.25, 0.26))"]
    return ["lenet"], f"cifar10:{folder}", f"cifar10:{folder}", train, {
        "image": pictures.astype(np.float32) / 255}


def table(folder):
    """Columns of large and small numbers and of texts, some of them missing; row 1 has a category that is none."""
    rng = np.random.default_rng(2)
    age, income = rng.normal(40, 12, SAMPLES), rng.normal(5e6, 3e2, SAMPLES)
    city = rng.choice(["Kyiv", "Lima", "Oslo, old town", ""], SAMPLES)
    grade = rng.choice(["a", "b"], SAMPLES)
    age[rng.random(SAMPLES) < 0.2] = np.nan
    price = np.where(np.isnan(age), 30, age) / 10 + (city == "Lima")
    rows = ["age,city,income,grade,price"]
    for each in zip(age, city, income, grade, price):
        cells = ["" if isinstance(cell, float) and np.isnan(cell) else repr(float(cell)) if isinstance(cell, float) else
                 f'"{cell}"' for cell in each]
        rows.append(",".join(cells))
    (folder / "data.csv").write_text("\n".join(rows) + "\n")
    city[1] = "Atlantis"
    rows[2] = rows[2].split(",")[0] + ',"Atlantis",' + ",".join(rows[2].rsplit(",", 3)[1:])
    (folder / "raw.csv").write_text("\n".join(rows) + "\n")
    inputs = {name: values.reshape(-1, 1) for name, values in (("age", age), ("city", city.astype(object)),
                                                               ("income", income), ("grade", grade.astype(object)))}
    return (["mlp", "--input", "7", "--hidden", "16", "--classes", "1", "--loss", "mse"],
            f"csv:{folder}/data.csv?target=price&scale=standard&missing=median", f"csv:{folder}/raw.csv?unknown=ignore", [], inputs)


def series(folder):
    """Windows of two columns with missing values, scaled to [0, 1]."""
    rng = np.random.default_rng(3)
    values = np.stack([np.cumsum(rng.normal(0, 1, SAMPLES + 12)) + 1e3, rng.random(SAMPLES + 12)], axis=1)
    values[rng.random(SAMPLES + 12) < 0.1, 1] = np.nan
    rows = ["load,heat"] + [f"{a!r},{'' if np.isnan(b) else repr(b)}" for a, b in values.tolist()]
    (folder / "data.csv").write_text("\n".join(rows) + "\n")
    data = f"csv:{folder}/data.csv?target=load&window=12&scale=minmax&missing=mean"
    windows = np.stack([values[i:i + 12] for i in range(SAMPLES)])
    return (["mlp", "--input", "12,2", "--hidden", "16", "--classes", "1", "--loss", "mse"], data, data, [], {"x": windows})


PREPARED = {"Normalize by channel": colored, "table": table, "time series": series}


def onnx_outputs(path, inputs):
    """Runs the file on raw inputs, given by name or, where there is one, in order."""
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return session.run(None, inputs if len(names) > 1 else {names[0]: next(iter(inputs.values()))})[0]


def check_prepared(ntc, name):
    """Trains, exports, compares; returns whether a number differs."""
    with tempfile.TemporaryDirectory(prefix="ntc-onnx-") as path:
        folder = pathlib.Path(path)
        model, train, raw, flags, inputs = PREPARED[name](folder)
        ntc("new", *model, "-o", folder / "model.pb")
        ntc("train", folder / "model.pb", "--data", train, "--batch-size", BATCH, "--epochs", 5, *flags, "--out", folder / "run")
        ntc("predict", folder / "run", "--data", raw, "-o", folder / "ours.npy")
        ntc("export", folder / "run", "-o", folder / "trained.onnx")
        ntc("export", folder / "run", "--bare", "-o", folder / "bare.onnx")
        expected = np.load(folder / "ours.npy")[:SAMPLES]
        outputs = onnx_outputs(folder / "trained.onnx", inputs).reshape(expected.shape)
        away = float(np.abs(outputs - expected).max())
        print(f"| {name} | trained.onnx | ok | {np.abs(expected).max():.2f} | {away:.1e} |", flush=True)
        # A graph without its preparation must differ, or this comparison shows nothing.
        bare = [each.name for each in onnx.load(folder / "bare.onnx").graph.node]
        if any(node.startswith("/preprocessing/") for node in bare):
            raise SystemExit(f"{name}: --bare has nodes of the preprocessing")
        if len(inputs) == 1:
            values = next(iter(inputs.values())).astype(np.float32)
            unprepared = onnx_outputs(folder / "bare.onnx", {"x": values}).reshape(expected.shape)
            if np.allclose(unprepared, expected, atol=100 * TOLERANCE):
                raise SystemExit(f"{name}: the network alone computes the same; the data tells nothing apart")
        return not away <= TOLERANCE


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ntc", default=str(pathlib.Path(__file__).resolve().parents[2] / "build/bin/ntc"))
    args = parser.parse_args()
    failed = 0

    def ntc(*words):
        done = subprocess.run([args.ntc, *map(str, words)], capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise SystemExit(f"ntc {' '.join(map(str, words))}: {done.stderr.strip() or done.stdout.strip()}")

    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}\n")
    print("| family | file | checker | largest logit | largest difference |")
    print("|---|---|---|---|---|")
    for family in FAMILIES:
        with tempfile.TemporaryDirectory(prefix="ntc-onnx-") as name:
            folder = pathlib.Path(name)
            ntc("new", family, "-o", folder / "model.pb")
            if family == "vae":
                silence_noise(folder / "model.pb")
            steps = STEPS_OF.get(family, STEPS)
            x = make_data(folder / "data.npz", family,
                          onnx.load(folder / "model.pb", format="protobuf").graph.input[0].name)
            data = f"npz:{folder}/data.npz"
            ntc("compile", folder / "model.pb", "-o", folder / "model.so", "--batch-size", BATCH)
            ntc("predict", folder / "model.so", "--data", data, "--batch-size", BATCH, "-o", folder / "fresh.npy")
            ntc("train", folder / "model.so", "--data", data, "--batch-size", BATCH, "--max-steps", steps, "--epochs", steps,
                "--out", folder / "run")
            ntc("predict", folder / "run", "--data", data, "--batch-size", BATCH, "-o", folder / "trained.npy")
            for file in ("trained.onnx", "trained.pb"):
                ntc("export", folder / "run", "-o", folder / file)
            fresh, trained = np.load(folder / "fresh.npy"), np.load(folder / "trained.npy")
            if np.array_equal(fresh, trained):
                raise SystemExit(f"{family}: training changed nothing")
            for file, expected in (("model.pb", fresh), ("trained.onnx", trained), ("trained.pb", trained)):
                try:
                    logits, checked = onnx_logits(folder / file, x), "ok"
                except Exception as problem:  # the checker's and the runtime's own classes
                    print(f"| {family} | {file} | {type(problem).__name__}: {str(problem).splitlines()[0]} | | |")
                    failed += 1
                    continue
                same = logits.shape == expected.shape
                away = float(np.abs(logits - expected).max()) if same else float("inf")
                failed += not away <= TOLERANCE
                print(f"| {family} | {file} | {checked} | {np.abs(expected).max():.2f} | {away:.1e} |", flush=True)
    for name in PREPARED:
        failed += check_prepared(ntc, name)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
