#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A disk that is full while a file is written: one sentence with the file's name, exit status 1, what was there before intact."""
import json

from probe import BUILD
from support import Case, main

FULL = BUILD / "test" / "e2e" / "full_disk.so"
NO_SPACE = "No space left on device"
TRAIN = ("train", "model.pb", "--data", "mnist:mnist", "--val-split", "16", "--batch-size", "16")
SPEC = """
family: "mlp"
options { key: "data" value: "mnist:%s" }
options { key: "val-split" value: "16" }
options { key: "batch-size" value: "16" }
options { key: "epochs" value: "1" }
parameter { name: "lr" real { low: 1e-4 high: 1e-1 log: true } }
metric: "val_accuracy"
method: RANDOM
seed: 3
trials: 4
"""


class FullDisk(Case):
    def setUp(self):
        super().setUp()
        self.make_mlp()
        self.make_mnist()
        self.plain = dict(self.environment)

    def full(self, pattern, named, *words, after=0):
        """The command ends by the first write to files of the pattern after so many bytes; `named` is in its only error line."""
        type(self).environment = dict(self.plain, LD_PRELOAD=str(FULL), NTC_FULL_FILES=pattern, NTC_FULL_AFTER=str(after))
        try:
            ending = self.run_program(*words)
        finally:
            type(self).environment = self.plain
        self.refused(1, [named, NO_SPACE], ending=ending)
        errors = [line for line in ending.err.splitlines() if "error:" in line]
        self.assertEqual(len(errors), 1, str(ending))
        self.assertIn(named, errors[0], str(ending))
        self.assertEqual([], [str(path) for path in self.here.rglob("*.tmp.*")], "temporary files are left")
        return ending

    def contents(self, *patterns):
        return {path: path.read_bytes() for pattern in patterns for path in self.here.glob(pattern) if path.is_file()}

    def test_the_shim_matters(self):
        """Files of no pattern are written."""
        type(self).environment = dict(self.plain, LD_PRELOAD=str(FULL), NTC_FULL_FILES="*/other*")
        try:
            self.succeeds("new", "mlp", "-o", "again.pb")
        finally:
            type(self).environment = self.plain

    def test_start_of_a_run(self):
        for name in ("run.json", "train.json", "model.so"):
            self.full(f"*/run/{name}*", name, *TRAIN, "--epochs", "1", "--out", "run")
        self.full("*/run/checkpoints/*", "checkpoints/step-", *TRAIN, "--epochs", "1", "--out", "run", after=1000)
        # The folder is free for another run.
        self.succeeds(*TRAIN, "--epochs", "1", "--out", "run")

    def test_files_of_a_run_that_goes_on(self):
        for pattern, named, after in (("*/metrics.jsonl", "metrics.jsonl", 0), ("*/metrics.jsonl", "metrics.jsonl", 50),
                                      ("*/events.out.tfevents*", "events.out.tfevents", 0),
                                      ("*/events.out.tfevents*", "events.out.tfevents", 3000),
                                      ("*/checkpoints/*", "checkpoints/step-", 5000), ("*/report.html*", "report.html", 100)):
            run = f"run-{named[:4]}-{after}"
            self.succeeds(*TRAIN, "--epochs", "2", "--out", run)
            self.succeeds(*TRAIN, "--epochs", "4", "--out", run + "-whole")
            kept = self.contents(f"{run}/checkpoints/*", f"{run}/report.html")
            self.full(pattern, named, "train", "--out", run, "--resume", "--epochs", "4", after=after)
            for path, content in kept.items():
                if path.exists() or "checkpoints" not in str(path):
                    self.assertEqual(path.read_bytes(), content, f"{path} after {pattern}")
            self.assertTrue(self.checkpoints(run))
            self.succeeds("eval", run, "--data", "mnist:mnist")
            # With room again it ends as if nothing had been.
            self.succeeds("train", "--out", run, "--resume", "--epochs", "4")
            self.assertEqual(self.checkpoints(run)[-1].read_bytes(), self.checkpoints(run + "-whole")[-1].read_bytes(), pattern)

    def test_outputs(self):
        self.succeeds(*TRAIN, "--epochs", "1", "--out", "run")
        for form in ("csv", "jsonl", "npy"):
            self.write(f"old.{form}", "before")
            self.full(f"*/old.{form}*", f"old.{form}", "predict", "run", "--data", "mnist:mnist", "-o", f"old.{form}", after=40)
            self.assertEqual((self.here / f"old.{form}").read_text(), "before")
        for name in ("old.onnx", "old.safetensors", "old.pb"):
            self.succeeds("export", "run", "-o", name)
            content = (self.here / name).read_bytes()
            self.full(f"*/{name}*", name, "export", "run", "-o", name, after=100)
            self.assertEqual((self.here / name).read_bytes(), content)
        for name, words in (("new.pb", ("new", "mlp", "-o")), ("new.so", ("compile", "model.pb", "-o")),
                            ("grid.png", ("data", "inspect", "mnist:mnist", "--grid")), ("plot.svg", ("plot", "run", "-o"))):
            self.full(f"*/{name}*", name, *words, name)
            self.assertFalse((self.here / name).exists(), name)
        find = ("lr-find", "model.pb", "--data", "mnist:mnist", "--batch-size", "16", "-o", "find")
        for name in ("find.tsv", "find.svg"):
            self.full(f"*/{name}*", name, *find)

    def test_search(self):
        self.write("sweep.textproto", SPEC % (self.here / "mnist"))
        self.succeeds("sweep", "sweep.textproto", "--out", "whole")
        states = json.loads((self.here / "whole" / "results.json").read_text())["trials"]
        for after in (0, 250):
            self.full("*/trials.jsonl", "trials.jsonl", "sweep", "sweep.textproto", "--out", f"s{after}", after=after)
            # Before the first trial nothing is there to continue, and the folder is free.
            self.succeeds("sweep", *(["--resume"] if after else ["sweep.textproto"]), "--out", f"s{after}")
            again = json.loads((self.here / f"s{after}" / "results.json").read_text())["trials"]
            self.assertEqual([trial["value"] for trial in again], [trial["value"] for trial in states])
        for name in ("results.json", "results.csv", "report.html"):
            self.full(f"*/s0/{name}*", name, "sweep", "--resume", "--out", "s0")


if __name__ == "__main__":
    main()
