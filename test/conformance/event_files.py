#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Event files as TensorBoard reads them: every kind of record of a run comes back through its own reader.

    VENV/bin/python test/conformance/event_files.py [--ntc build/bin/ntc] [--run RUN]     # needs tensorboard, numpy

Trains the zoo's mlp for two epochs on look-alikes of MNIST, and compares what TensorBoard's event
accumulator returns with metrics.jsonl and with the checkpoint. With --run, reads that run instead. Prints one row of a
Markdown table per kind of record and ends with 1 if one is missing or differs.
"""

import argparse
import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np
import tensorboard
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.util import tensor_util


def make_mnist(folder):
    """Images with a bright row, which tells the class, in MNIST's format."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for prefix, count in (("train", 640), ("t10k", 160)):
        labels = rng.integers(0, 10, count).astype(np.uint8)
        images = rng.integers(0, 200, (count, 28, 28)).astype(np.uint8)
        images[np.arange(count), labels * 2 + 2] = 255
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 2051, count, 28, 28) + images.tobytes())
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, count) + labels.tobytes())


def train(ntc, here):
    make_mnist(here / "mnist")
    subprocess.run([ntc, "new", "mlp", "--hidden", "16", "-o", "model.pb"], cwd=here, check=True)
    for out, length in (("run", ["--epochs", "2"]), ("one", ["--max-steps", "1"])):
        subprocess.run([ntc, "train", "model.pb", "--data", f"mnist:{here / 'mnist'}", "--val", f"mnist:{here / 'mnist'}",
                        "--batch-size", "32", "--out", out, *length], cwd=here, check=True, stdout=subprocess.DEVNULL)
    return here / "run"


class Checks:
    def __init__(self):
        self.failed = False

    def row(self, kind, ok, what):
        self.failed |= not ok
        print(f"| {kind} | {'ok' if ok else 'FAILED'} | {what} |")


def last_checkpoint(run):
    """Tensors of the newest checkpoint, by name."""
    path = sorted((run / "checkpoints").glob("step-*.safetensors"))[-1]
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + size])
    data = raw[8 + size:]
    return {name: np.frombuffer(data[slice(*entry["data_offsets"])], np.float32)
            for name, entry in header.items() if name != "__metadata__" and entry["dtype"] == "F32"}


def check(run):
    checks = Checks()
    events = event_accumulator.EventAccumulator(str(run), size_guidance={key: 0 for key in event_accumulator.DEFAULT_SIZE_GUIDANCE})
    events.Reload()
    tags = events.Tags()

    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    worst, count = 0.0, 0
    for tag in tags["scalars"]:
        expected = [(line["step"], line[tag]) for line in lines if tag in line]
        found = [(event.step, event.value) for event in events.Scalars(tag)]
        same = [step for step, _ in expected] == [step for step, _ in found]
        pairs = list(zip(expected, found)) if same else [((0, 0.0), (0, 1e9))]
        worst = max(worst, max(abs(a[1] - b[1]) / max(abs(a[1]), 1e-30) for a, b in pairs))
        count += len(found)
    wanted = {key for line in lines for key in line} - {"step", "time_s"}
    # simple_value is a float: half a unit in its last place.
    checks.row("scalars", wanted <= set(tags["scalars"]) and worst <= 6e-8, f"{count} values of {len(tags['scalars'])} tags")

    state = last_checkpoint(run)
    names = [name for name in state if not name.startswith("optimizer.")]
    ok = bool(names)
    for name in names:
        histogram = events.Histograms("weights/" + name)[-1].histogram_value
        values = state[name].astype(np.float64)
        ok &= histogram.num == values.size and abs(histogram.sum - values.sum()) < 1e-9 * max(1, np.abs(values).sum())
        ok &= histogram.min == values.min() and histogram.max == values.max()
        # Counts below every bound, up to values that lie on it.
        total = 0
        for limit, bucket in zip(histogram.bucket_limit, histogram.bucket):
            total += bucket
            slack = abs(limit) * 1e-9
            ok &= (values < limit - slack).sum() <= total <= (values < limit + slack + 1e-300).sum()
        ok &= total == values.size
    checks.row("histograms of weights", ok, f"{len(names)} tensors against the checkpoint")
    for kind in ("updates", "gradients"):
        found = [tag for tag in tags["histograms"] if tag.startswith(kind + "/")]
        checks.row(f"histograms of {kind}", len(found) == len(names), f"{len(found)} tensors")

    images = [image for tag in tags["images"] for image in events.Images(tag)]
    ok = bool(images)
    for image in images:
        decoded = decode_png(image.encoded_image_string)
        ok &= decoded == (image.width, image.height)
    checks.row("images", ok, f"{len(images)} PNG")

    graph = events.Graph() if tags["graph"] else None
    nodes = {node.name: node for node in graph.node} if graph else {}
    ok = len(nodes) > 3 and all(name.split(":")[0] in nodes for node in nodes.values() for name in node.input)
    checks.row("graph", ok, f"{len(nodes)} nodes")

    hparams = {}
    end = None
    metadata = events.PluginTagToContent("hparams")
    for tag, content in metadata.items():
        data = plugin_data_pb2.HParamsPluginData.FromString(content)
        if data.HasField("session_start_info"):
            hparams = dict(data.session_start_info.hparams)
        if data.HasField("session_end_info"):
            end = data.session_end_info.status
    checks.row("hparams", "lr" in hparams and "batch_size" in hparams and end == 1, f"{len(hparams)} settings, status {end}")

    curves = events.PluginTagToContent("pr_curves")
    ok = bool(curves)
    for tag in curves:
        event = events.Tensors(tag)[-1]
        rows = tensor_util.make_ndarray(event.tensor_proto)
        ok &= rows.shape[0] == 6 and np.allclose(rows[0] + rows[3], rows[0][0]) and np.allclose(rows[1] + rows[2], rows[1][0])
        ok &= bool((np.diff(rows[0]) <= 0).all() and (rows[4] <= 1).all() and (rows[5] <= 1).all())
    checks.row("PR curves", ok, f"{len(curves)} classes")

    text = events.PluginTagToContent("text")
    command = tensor_util.make_ndarray(events.Tensors("command")[-1].tensor_proto)[0].decode() if "command" in text else ""
    checks.row("text", "--data" in command, "the command line")
    return checks.failed


def check_gradients(run):
    """After one step from zeros Adam's exp_avg is (1 - beta1) times the gradient."""
    events = event_accumulator.EventAccumulator(str(run), size_guidance={event_accumulator.HISTOGRAMS: 0})
    events.Reload()
    state = last_checkpoint(run)
    worst = 0.0
    names = [name for name in state if not name.startswith("optimizer.")]
    for name in names:
        gradient = state["optimizer.exp_avg." + name].astype(np.float64) / (1 - np.float64(np.float32(0.9)))
        histogram = events.Histograms("gradients/" + name)[-1].histogram_value
        for found, expected, size in ((histogram.sum, gradient.sum(), np.abs(gradient).sum()),
                                      (histogram.sum_squares, (gradient ** 2).sum(), (gradient ** 2).sum())):
            worst = max(worst, abs(found - expected) / size)
    # f32 has 0.9 with a relative error of 3e-8, and 1 - 0.9 with ten times that.
    ok = bool(names) and worst < 1e-6
    print(f"| gradients of the first step | {'ok' if ok else 'FAILED'} | {len(names)} tensors against exp_avg |")
    return not ok


def decode_png(data):
    """Width and height of a PNG that a decoder accepts."""
    try:
        from PIL import Image
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            return image.size
    except ImportError:
        return struct.unpack(">II", data[16:24])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ntc", default="build/bin/ntc")
    parser.add_argument("--run")
    arguments = parser.parse_args()
    print(f"tensorboard {tensorboard.__version__}\n\n| record | read back | what |\n|---|---|---|")
    if arguments.run:
        return check(pathlib.Path(arguments.run))
    with tempfile.TemporaryDirectory() as folder:
        run = train(str(pathlib.Path(arguments.ntc).resolve()), pathlib.Path(folder))
        return check(run) | check_gradients(run.with_name("one"))


sys.exit(main())
