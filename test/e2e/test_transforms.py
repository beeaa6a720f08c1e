#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Transforms of pictures on the command line: kept with the run, independent of workers, refused by name."""
import json

from support import Case, main

LIST = "RandomCrop(28,padding=2),RandomHorizontalFlip(),ToTensor(),Normalize(0.2860,0.3530),RandomErasing(0.2)"


class Transforms(Case):
    def setUp(self):
        super().setUp()
        self.make_mlp()
        self.make_mnist()

    def train(self, out, *options, model="model.pb"):
        return self.succeeds("train", model, "--data", "mnist:mnist", "--val", "mnist:mnist", "--batch-size", "32", "--epochs", "2",
                             "--out", out, *options)

    def state(self, run):
        return self.checkpoints(run)[-1].read_bytes()

    def test_do_not_depend_on_workers(self):
        for workers in (0, 1, 2, 7):
            self.train(f"run{workers}", "--transform", LIST, "--workers", workers)
        for workers in (1, 2, 7):
            self.assertEqual(self.state("run0"), self.state(f"run{workers}"), f"{workers} workers changed the result")
        self.train("plain")
        self.assertNotEqual(self.state("run0"), self.state("plain"), "the transforms did nothing")

    def test_resume_continues_them(self):
        self.train("whole", "--transform", LIST)
        self.succeeds("train", "model.pb", "--data", "mnist:mnist", "--val", "mnist:mnist", "--batch-size", "32", "--max-steps",
                      "4", "--transform", LIST, "--out", "part")
        self.succeeds("train", "--out", "part", "--resume", "--epochs", "2")
        self.assertEqual(self.state("whole"), self.state("part"))
        self.refused(2, ["--transform", "started with"], "train", "--out", "part", "--resume", "--epochs", "3", "--transform",
                     "ToTensor()")

    def test_evaluation_takes_the_runs(self):
        self.train("run", "--transform", LIST)
        record = json.loads((self.here / "run" / "train.json").read_text())["preprocessing"]
        self.assertEqual(record["valTransform"], "CenterCrop((28,28)),ToTensor(),Normalize(0.2860,0.3530)")
        last = [json.loads(line) for line in (self.here / "run" / "metrics.jsonl").read_text().splitlines()][-1]
        result = json.loads(self.succeeds("eval", "run", "--checkpoint", "latest", "--data", "mnist:mnist", "--json").out)
        self.assertAlmostEqual(result["loss"], last["val_loss"], places=6)
        other = json.loads(self.succeeds("eval", "run", "--data", "mnist:mnist?samples=7", "--json").out)
        same = json.loads(self.succeeds("eval", "run", "--data", "mnist:mnist?samples=7", "--json", "--transform",
                                        "ToTensor(),Normalize(0.2860,0.3530)").out)
        self.assertEqual(other["loss"], same["loss"])
        self.succeeds("predict", "run", "--data", "mnist:mnist", "-o", "out.csv")

    def test_mixup_trains_on_probabilities(self):
        self.succeeds("new", "mlp", "--hidden", "16", "--loss", "cross_entropy,probabilities", "-o", "soft.pb")
        self.train("soft", "--transform", "ToTensor(),MixUp(alpha=0.4),CutMix()", model="soft.pb")
        self.refused(2, "probabilities", "train", "model.pb", "--data", "mnist:mnist", "--transform", "ToTensor(),MixUp()")
        self.train("scored", "--transform", "ToTensor(),MixUp()", "--metrics", "accuracy,f1", "--monitor", "val_accuracy",
                   model="soft.pb")
        self.assertIn("val_f1", (self.here / "scored" / "metrics.jsonl").read_text())
        self.assertIn("Confusion matrix", (self.here / "scored" / "report.html").read_text())
        result = json.loads(self.succeeds("eval", "scored", "--data", "mnist:mnist", "--report", "--json").out)
        matrix = result["confusion_matrix"]
        self.assertAlmostEqual(result["accuracy"], sum(row[i] for i, row in enumerate(matrix)) / sum(map(sum, matrix)))

    def test_refusals(self):
        def refuse(fragments, text, data="mnist:mnist"):
            self.refused(2, fragments, "train", "model.pb", "--data", data, "--transform", text)

        refuse(["--transform", "did you mean 'RandomCrop'"], "RandmCrop(28)")
        refuse("no ToTensor", "RandomCrop(28)")
        refuse("does not fit a picture of 28x28", "RandomCrop(64),ToTensor()")
        refuse(["expects samples of shape", "[1, 14, 14]"], "Resize(14),ToTensor()")
        refuse("normalize", "ToTensor()", data="mnist:mnist?normalize=0.5,0.5")
        self.make_csv()
        self.make_linear("linear.pb")
        self.refused(2, "no pictures", "train", "linear.pb", "--data", "csv:data.csv?target=y", "--transform", "ToTensor()")
        self.refused(2, "must not be random", "train", "model.pb", "--data", "mnist:mnist", "--val-transform",
                     "RandomCrop(28),ToTensor()")


if __name__ == "__main__":
    main()
