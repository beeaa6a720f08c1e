#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The program of docs/cpp-training.md, built against an installed tree, does to the last bit what the commands do."""
import json
import re

from support import NTC_RUN, Case, main, os, struct, subprocess, unittest
from probe import BUILD, SANITIZED, SOURCE, needed

SAMPLES, FEATURES, CLASSES = 120, 4, 3


def safetensors(tensors):
    """A file of (name, dtype, shape, bytes)."""
    header, data = {}, b""
    for name, dtype, shape, values in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def data_of_the_page():
    labels = [i % CLASSES for i in range(SAMPLES)]
    values = [(i * 7 + j * 13) % 17 / 16 + (1 if j == labels[i] else 0) for i in range(SAMPLES) for j in range(FEATURES)]
    return safetensors([("x", "F32", [SAMPLES, FEATURES], struct.pack(f"<{len(values)}f", *values)),
                        ("y", "I64", [SAMPLES], struct.pack(f"<{SAMPLES}q", *labels))])


@unittest.skipIf(SANITIZED, "a plain program cannot load a library with sanitizers")
class CppTraining(Case):
    def setUp(self):
        super().setUp()
        self.prefix = self.here / "prefix"
        subprocess.run(["cmake", "--install", str(BUILD / "runtime"), "--prefix", str(self.prefix)], check=True,
                       capture_output=True)
        self.library = next(self.prefix.rglob("libntc_train.so")).parent
        self.environment = {**self.environment, "LD_LIBRARY_PATH": str(self.library)}
        self.succeeds("new", "mlp", "--input", "4", "--hidden", "8", "--classes", "3", "--optimizer", "sgd,lr=0.5", "-o",
                      "tiny.pb")
        self.succeeds("compile", "tiny.pb", "--batch-size=24", "-o", "tiny.so")

    def build(self):
        page = (SOURCE / "docs" / "cpp-training.md").read_text()
        programs = re.findall(r"^```cpp\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        self.assertEqual(len(programs), 1)
        self.assertLess(programs[0].count("\n"), 100, "the program fits no page any more")
        self.write("training.cpp", programs[0])
        environment = {**os.environ, "PKG_CONFIG_PATH": str(self.library / "pkgconfig")}
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "ntc-train"], env=environment, check=True,
                               capture_output=True, text=True).stdout.split()
        subprocess.run(["c++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "training.cpp", "-o", "training", *flags],
                       cwd=self.here, check=True)
        self.assertTrue(any(name.startswith("libntc_train.so.") for name in needed(self.here / "training")))

    def records(self, run):
        lines = [json.loads(line) for line in (self.here / run / "metrics.jsonl").read_text().splitlines()]
        return [{key: value for key, value in line.items() if key != "time_s"} for line in lines]

    def test_it_is_ntc_train(self):
        self.build()
        out = self.succeeds("tiny.so", "run", program=str(self.here / "training")).out
        self.write("data.safetensors", data_of_the_page())
        data = ["--data", "safetensors:data.safetensors"]
        self.succeeds("tiny.so", *data, "--val-split", "24", "--epochs", "20", "--schedule", "step,step_size=10,gamma=0.5",
                      "--early-stop=patience=2", "--seed", "7", "--out", "cli", program=NTC_RUN)
        self.assertEqual(len(self.records("run")), 20)
        self.assertEqual(self.records("run"), self.records("cli"))
        ours, theirs = self.checkpoints("run"), self.checkpoints("cli")
        self.assertEqual([path.name for path in ours], [path.name for path in theirs])
        for mine, other in zip(ours, theirs):
            self.assertTrue(mine.read_bytes() == other.read_bytes(), mine.name)
        self.assertIn("epoch 1  lr 0.5", out)
        self.assertIn("epoch 11  lr 0.25", out)

        scores = json.loads(self.succeeds("cli", "--eval", *data, "--metrics", "f1", "--json", program=NTC_RUN).out)
        found = dict(re.findall(r"  (\w+) (\S+)", re.search(r"^evaluation(.*)$", out, re.MULTILINE).group(1)))
        for name in ("loss", "accuracy", "f1"):
            self.assertEqual(float(found[name]), scores[name], name)
        self.assertEqual(float(re.search(r"^accuracy (\S+)$", out, re.MULTILINE).group(1)), scores["accuracy"])
        self.succeeds("cli", "--predict", *data, "-o", "cli.csv", program=NTC_RUN)
        self.assertEqual((self.here / "run" / "out.csv").read_bytes(), (self.here / "cli.csv").read_bytes())

    def test_it_says_what_is_wrong(self):
        self.build()
        self.refused(1, "absent.so", "absent.so", "run", program=str(self.here / "training"))
        self.succeeds("tiny.so", "run", program=str(self.here / "training"))
        self.refused(1, "run", "tiny.so", "run", program=str(self.here / "training"))

    def test_what_the_library_shows_and_needs(self):
        library = self.library / "libntc_train.so"
        names = subprocess.run(["nm", "--dynamic", "--defined-only", "--demangle", str(library)], check=True,
                               capture_output=True, text=True).stdout.splitlines()
        shown = [name.split(" ", 2)[2] for name in names]
        foreign = [name for name in shown if not re.match(r"ntc::(data|metrics|optim|search|train)::|NTC_TRAIN_0", name)]
        self.assertEqual(foreign, [])
        self.assertEqual([name for name in needed(library) if "LLVM" in name or "MLIR" in name or "proto" in name], [])


if __name__ == "__main__":
    main()
