#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Event files read back: every kind of record, by checksums and protoc; and by TensorBoard itself where there is one.

NTC_PEERS_PYTHON names a Python with tensorboard and numpy for the last test; without, the test's own is asked.
"""
import array
import json
import math
import sys
import zlib

import event_reader
import support
from probe import SOURCE
from support import struct, subprocess


def tensors(path):
    """name -> values of the f32 tensors of a safetensors file."""
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + size])
    return {name: array.array("f", raw[8 + size:][slice(*entry["data_offsets"])])
            for name, entry in header.items() if name != "__metadata__" and entry["dtype"] == "F32"}


def png_size(data):
    """(width, height) of a PNG whose chunks and pixels are whole."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, pixels = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        content = data[at + 8:at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + content), kind
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", content[:10])
        pixels += content if kind == b"IDAT" else b""
        at += 12 + length
    assert kind == b"IEND"
    row = (width * {0: 1, 2: 3, 6: 4}[colour] * depth + 7) // 8 + 1
    assert len(zlib.decompress(pixels)) == row * height
    return width, height


def as_f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def plugin(value, name):
    """The content of a value of that plugin, or None."""
    data = value.get("metadata", [{}])[0].get("plugin_data", [{}])[0]
    return data.get("content", [b""])[0] if data.get("plugin_name") == [name.encode()] else None


class EventFiles(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls("test_the_reader_sees_damage")
        case.here = cls.runs = support.pathlib.Path(cls.shared.name) / "runs"
        case.make_mnist(train=160, test=40)
        case.make_mlp()
        data = ("--data", f"mnist:{cls.runs}/mnist", "--val", f"mnist:{cls.runs}/mnist", "--batch-size", "16", "--no-report")
        case.succeeds("train", "model.pb", *data, "--epochs", "2", "--out", "run")
        case.succeeds("train", "model.pb", *data, "--max-steps", "1", "--out", "one")
        (cls.path,) = (cls.runs / "run").glob("events.out.tfevents.*")
        cls.events = event_reader.events(cls.path)
        cls.values = event_reader.values(cls.path)
        cls.checkpoint = tensors(case.checkpoints("run")[-1])
        cls.names = [name for name in cls.checkpoint if not name.startswith("optimizer.")]

    def test_the_reader_sees_damage(self):
        whole = self.path.read_bytes()
        self.assertEqual(len(event_reader.records(whole)), len(self.events))
        for at in (3, 9, 20, len(whole) // 2, len(whole) - 1):
            with self.assertRaises(ValueError, msg=at):
                event_reader.records(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:])
        with self.assertRaises(ValueError):
            event_reader.records(whole[:-1])
        with self.assertRaisesRegex(ValueError, "field 6"):
            event_reader.decode("Event", b"\x32\x00")

    def test_the_file_begins_with_its_version_and_time_goes_on(self):
        self.assertEqual(self.events[0]["file_version"], [b"brain.Event:2"])
        times = [event["wall_time"][0] for event in self.events]
        self.assertEqual(times, sorted(times))

    def test_scalars_are_the_metrics(self):
        lines = [json.loads(line) for line in (self.runs / "run" / "metrics.jsonl").read_text().splitlines()]
        expected = {(line["step"], key): as_f32(value) for line in lines
                    for key, value in line.items() if key not in ("step", "time_s")}
        found = {(step, tag): as_f32(value["simple_value"][0]) for step, tag, value in self.values if "simple_value" in value}
        self.assertGreaterEqual(len(found), 10)
        self.assertEqual({tag for _, tag in expected} - {tag for _, tag in found}, set())
        for key, value in found.items():
            self.assertEqual(value, expected[key], key)

    def histogram(self, kind, name, values=None):
        return [value["histo"][0] for _, tag, value in values or self.values if tag == f"{kind}/{name}"][-1]

    def test_histograms_of_weights_are_those_of_the_checkpoint(self):
        self.assertEqual(len(self.names), 4)
        for name in self.names:
            found, weights = self.histogram("weights", name), sorted(self.checkpoint[name])
            self.assertEqual(found["num"], [len(weights)])
            self.assertEqual((found.get("min", [0])[0], found.get("max", [0])[0]), (weights[0], weights[-1]))
            self.assertAlmostEqual(found["sum"][0], math.fsum(weights), delta=1e-9 * math.fsum(map(abs, weights)))
            squares = math.fsum(value * value for value in weights)
            self.assertAlmostEqual(found["sum_squares"][0], squares, delta=1e-9 * squares)
            total = 0
            for limit, count in zip(found["limit"], found["count"]):
                total, slack = total + count, abs(limit) * 1e-9  # values that lie on a bound
                self.assertLessEqual(sum(value < limit - slack for value in weights), total)
                self.assertLessEqual(total, sum(value < limit + slack + 1e-300 for value in weights))
            self.assertEqual(total, len(weights))

    def test_updates_are_what_a_step_changed_and_gradients_what_adam_keeps(self):
        (path,) = (self.runs / "one").glob("events.out.tfevents.*")
        values, after = event_reader.values(path), tensors(self.checkpoints_of("one")[-1])
        for name in self.names:
            # After one step from zeros exp_avg is (1 - beta1) g; f32 has 1 - 0.9 with a relative error of 3e-7.
            gradient = [value / (1 - 0.9) for value in after["optimizer.exp_avg." + name]]
            squares = [value / (1 - 0.999) for value in after["optimizer.exp_avg_sq." + name]]
            # Adam's first update is -lr g / (|g| + eps).
            update = [-0.001 * g / (abs(g) + 1e-8) if g else 0.0 for g in gradient]
            for kind, expected, tolerance in (("gradients", gradient, 1e-6), ("updates", update, 1e-3)):
                found, size = self.histogram(kind, name, values), math.fsum(map(abs, expected))
                self.assertEqual(found["num"], [len(expected)])
                self.assertAlmostEqual(found.get("sum", [0])[0], math.fsum(expected), delta=tolerance * size, msg=(kind, name))
            found = self.histogram("gradients", name, values)["sum_squares"][0]
            self.assertAlmostEqual(found, math.fsum(squares), delta=1e-4 * math.fsum(squares), msg=name)
        for kind in ("updates", "gradients"):
            tags = {tag for _, tag, _ in self.values if tag.startswith(kind + "/")}
            self.assertEqual(tags, {f"{kind}/{name}" for name in self.names})

    def checkpoints_of(self, run):
        return sorted((self.runs / run / "checkpoints").glob("step-*.safetensors"))

    def test_images_are_whole_pngs(self):
        images = [value["image"][0] for _, _, value in self.values if "image" in value]
        self.assertTrue(images)
        for image in images:
            self.assertEqual(png_size(image["png"][0]), (image["width"][0], image["height"][0]))
            self.assertEqual(image["colorspace"], [1.0])

    def test_the_graph_has_the_layers_and_no_loose_ends(self):
        (graph,) = [event["graph_def"][0] for event in self.events if "graph_def" in event]
        nodes = {node["name"][0].decode(): node for node in event_reader.decode("GraphDef", graph)["node"]}
        for name in self.names:
            self.assertEqual(nodes[name.replace(".", "/")]["op"], [b"Parameter"])
        self.assertIn(b"Placeholder", [node["op"][0] for node in nodes.values()])
        for name, node in nodes.items():
            self.assertEqual([each for each in node.get("input", []) if each.decode().split(":")[0] not in nodes], [], name)
        shapes = {attribute["key"][0]: attribute["value"][0] for attribute in nodes["fc1/weight"]["attr"]}[b"_output_shapes"]
        dims = shapes["list"][0]["shape"][0]["dim"]
        self.assertEqual([dim["size"][0] for dim in dims], [16, 784])

    def test_hparams_have_settings_and_an_end(self):
        found = {tag: event_reader.decode("Hparams", plugin(value, "hparams"))
                 for _, tag, value in self.values if plugin(value, "hparams") is not None}
        start = found["_hparams_/session_start_info"]["session_start_info"][0]
        settings = {each["key"][0].decode(): list(each["value"][0].values())[0][0] for each in start["hparams"]}
        self.assertEqual((settings["lr"], settings["batch_size"], settings["optimizer"]), (0.001, 16, b"adam"))
        end = found["_hparams_/session_end_info"]["session_end_info"][0]
        self.assertEqual(end["status"], [1])
        self.assertLessEqual(start["start_time_secs"], end["end_time_secs"])

    def test_pr_curves_count_every_sample_at_every_threshold(self):
        curves = {tag: value for _, tag, value in self.values if plugin(value, "pr_curves") is not None}
        self.assertEqual(set(curves), {f"pr/class_{label}" for label in range(10)})
        for tag, value in curves.items():
            self.assertEqual(event_reader.decode("PrCurve", plugin(value, "pr_curves"))["num_thresholds"], [127])
            tensor = value["tensor"][0]
            self.assertEqual([dim["size"][0] for dim in tensor["shape"][0]["dim"]], [6, 127])
            numbers = tensor["float_val"]
            hits, misses, rejected, missed, precision, recall = (numbers[i * 127:i * 127 + 127] for i in range(6))
            for i in range(127):
                # 40 validation samples, 4 of each class.
                self.assertEqual((hits[i] + missed[i], misses[i] + rejected[i]), (4, 36), (tag, i))
                self.assertAlmostEqual(recall[i], hits[i] / 4, places=6)
                self.assertAlmostEqual(precision[i], hits[i] / max(hits[i] + misses[i], 1e-7), places=6)
            self.assertEqual(hits, sorted(hits, reverse=True))
            self.assertEqual((hits[0], misses[0]), (4, 36))

    def test_text_has_the_command(self):
        texts = {tag: value["tensor"][0]["string_val"][0] for _, tag, value in self.values if plugin(value, "text") is not None}
        self.assertIn(b"--batch-size 16", texts["command"])

    def test_a_resumed_run_tells_readers_to_forget(self):
        support.shutil.copytree(self.runs / "one", self.here / "one")
        self.succeeds("train", "--out", "one", "--resume", "--max-steps", "3")
        last = sorted((self.here / "one").glob("events.out.tfevents.*"))[-1]
        (restart,) = [event for event in event_reader.events(last) if "session_log" in event]
        self.assertEqual((restart["session_log"][0]["status"], restart["step"]), ([1], [2]))

    def test_tensorboard_reads_every_kind(self):
        """The real one, where it is installed: test/conformance/event_files.py with its own training run."""
        python = support.os.environ.get("NTC_PEERS_PYTHON", sys.executable)
        imports = subprocess.run([python, "-c", "import numpy, tensorboard"], capture_output=True, check=False)
        if imports.returncode != 0:
            self.skipTest(f"{python} has no tensorboard")
        script = SOURCE / "test" / "conformance" / "event_files.py"
        ended = subprocess.run([python, script, "--ntc", support.NTC], capture_output=True, text=True, check=False)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertEqual(ended.stdout.count("| ok |"), 10, ended.stdout)


if __name__ == "__main__":
    support.main()
