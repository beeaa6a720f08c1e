#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Model files as other tools see them: onnx.checker accepts them and ONNX Runtime computes what `ntc predict` does.

    VENV/bin/python test/conformance/onnx_runtime.py [--ntc build/bin/ntc]     # needs onnx, onnxruntime, numpy

For every family of the zoo: the fresh model.pb, and after some steps of training the exported trained.onnx and trained.pb.
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
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
