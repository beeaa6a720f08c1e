#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs from a file: what flags say can be lines of train.textproto, and a run's train.json is the whole run again."""
import json

from support import Case, NTC_RUN, main


class Specs(Case):
    def setUp(self):
        super().setUp()
        self.make_mlp()
        self.make_mnist()

    def train(self, out, *flags, model="model.pb"):
        return self.succeeds("train", model, *flags, "--out", out)

    def spec_of(self, run):
        return json.loads((self.here / run / "train.json").read_text())

    def metrics(self, run):
        lines = [json.loads(line) for line in (self.here / run / "metrics.jsonl").read_text().splitlines()]
        return [{key: value for key, value in line.items() if key != "time_s"} for line in lines]

    def same(self, a, b):
        """The same run: recipe, every record, the names and the bytes of every checkpoint."""
        self.assertEqual(self.spec_of(a), self.spec_of(b))
        self.assertEqual(self.metrics(a), self.metrics(b))
        first, second = self.checkpoints(a), self.checkpoints(b)
        self.assertEqual([path.name for path in first], [path.name for path in second])
        for one, other in zip(first, second):
            self.assertEqual(one.read_bytes(), other.read_bytes(), one.name)

    def test_train_json_repeats_a_run(self):
        runs = {
            "plain": ("--epochs", "2"),
            "split": ("--val-split", "16,stratified", "--sampler", "stratified", "--seed", "3", "--epochs", "2", "--metrics", "f1",
                      "--monitor", "val_f1", "--early-stop=patience=1,monitor=val_f1", "--keep", "5", "--save-every", "2",
                      "--test-split", "20%", "--param-group", "fc2*:lr=0.5x", "--schedule",
                      "plateau,patience=0,min_lr=0.0001:0.0004"),
            "steps": ("--fold", "2/3", "--drop-last", "--no-shuffle", "--max-steps", "5", "--log-interval", "2", "--workers", "2",
                      "--prefetch-factor", "3", "--lr", "0.0123456789012345", "--schedule", "exponential,gamma=0.9", "--control",
                      "beta1=0.8", "--init", "fc1.weight=orthogonal", "--no-report", "--no-tensorboard"),
            "wide": ("--precision", "f64", "--denormals", "keep", "--epochs", "1", "--val", "mnist:mnist?split=test",
                     "--transform", "RandomCrop(28, padding=2), ToTensor()", "--weights", "first.safetensors",
                     "--clip-grad-norm", "0.5", "--check-numerics"),
        }
        self.train("first", "--data", "mnist:mnist", "--epochs", "1")
        self.succeeds("export", "first", "-o", "first.safetensors")
        for name, flags in runs.items():
            with self.subTest(name):
                self.train(name, "--data", "mnist:mnist", "--batch-size", "24", *flags)
                self.train(name + "-again", "--spec", name + "/train.json")
                self.same(name, name + "-again")
        self.assertEqual(self.spec_of("wide")["weights"], "first.safetensors")
        self.assertEqual(self.spec_of("steps")["shuffle"], False)

    def test_values_that_are_zero_replace_a_models_recipe(self):
        self.write("own.textproto", 'seed: 7 precision: BF16 accumulate: 2 epochs: 3 drop_last: true data: "mnist:mnist"')
        self.succeeds("pack", "model.pb", "--spec", "own.textproto", "-o", "own.pb")
        self.train("own", model="own.pb")
        self.assertEqual([line["epoch"] for line in self.metrics("own")], [1, 2, 3])
        self.train("zero", "--seed", "0", "--precision", "f32", "--accumulate", "1", "--drop-last=false", "--max-steps", "7",
                   model="own.pb")
        self.train("again", "--spec", "zero/train.json", model="own.pb")
        self.same("zero", "again")
        spec = self.spec_of("zero")
        self.assertEqual((spec["seed"], spec["precision"], spec["dropLast"], spec["maxSteps"]), ("0", "F32", False, "7"))

    def test_a_file_alone_trains_and_flags_take_its_place(self):
        self.write("train.textproto", """
            data: "mnist:mnist" val_split: "32" sampler: "weighted" drop_last: true workers: 1 batch_sizes: 16 seed: 5 epochs: 2
            keep: 3 save_every: 2 log_interval: 1 init: "*.bias=zeros" tensorboard: false report: false
            controls { key: "beta2" value: 0.95 } optimizer { name: "adam" hyperparameters { key: "lr" value: 0.01 } }""")
        self.train("file", "--spec", "train.textproto")
        self.train("flags", "--data", "mnist:mnist", "--val-split", "32", "--sampler", "weighted", "--drop-last", "--workers", "1",
                   "--batch-size", "16", "--seed", "5", "--epochs", "2", "--keep", "3", "--save-every", "2", "--log-interval", "1",
                   "--init", "*.bias=zeros", "--no-tensorboard", "--no-report", "--control", "beta2=0.95", "--optimizer",
                   "adam,lr=0.01")
        self.same("file", "flags")
        self.assertFalse((self.here / "file" / "report.html").exists())
        self.train("other", "--spec", "train.textproto", "--no-shuffle", "--fold", "1/4", "--max-steps", "3", "--drop-last=false",
                   "--control", "beta1=0.5", "--batch-size", "8")
        spec = self.spec_of("other")
        self.assertEqual((spec["fold"], spec["maxSteps"], spec["shuffle"], spec["dropLast"]), ("1/4", "3", False, False))
        self.assertEqual(spec["controls"], {"beta1": 0.5, "beta2": 0.95})
        for gone in ("valSplit", "sampler"):
            self.assertNotIn(gone, spec)
        self.assertEqual((spec["epochs"], spec["batchSizes"][0]), (0, 8))

    def test_an_artifact_takes_the_lines_of_its_recipe(self):
        self.write("train.textproto", 'data: "mnist:mnist" val: "mnist:mnist?split=test" max_steps: 4 seed: 2 drop_last: true')
        self.succeeds("compile", "model.pb", "--spec", "train.textproto", "--batch-size", "32", "-o", "model.so")
        self.succeeds("model.so", "--out", "alone", program=NTC_RUN)
        self.assertEqual(self.spec_of("alone")["maxSteps"], "4")
        self.assertIn("val_loss", self.metrics("alone")[-1])
        self.succeeds("model.so", "--out", "longer", "--max-steps", "5", program=NTC_RUN)
        self.assertEqual(self.metrics("longer")[-1]["step"], 5)

    def test_a_resumed_run_keeps_what_it_began_with(self):
        self.write("train.textproto", """data: "mnist:mnist" init: "*.bias=zeros" epochs: 2 batch_sizes: 32 reinit: "fc1.*"
            workers: 1""")
        self.train("whole", "--spec", "train.textproto")
        self.train("parts", "--spec", "train.textproto", "--epochs", "1")
        self.succeeds("train", "--out", "parts", "--resume", "--epochs", "2")
        for key in ("init", "reinit", "data", "epochs"):
            self.assertEqual(self.spec_of("whole")[key], self.spec_of("parts")[key])
        self.assertEqual(self.checkpoints("whole")[-1].read_bytes(), self.checkpoints("parts")[-1].read_bytes())

    def test_what_was_drawn_afresh_is_not_drawn_again(self):
        self.succeeds("pack", "model.pb", "--reinit", "fc1.*", "-o", "fresh.pb")
        self.train("run", "--data", "mnist:mnist", "--epochs", "1", "--reinit", "fc1.*")
        self.assertEqual(self.spec_of("run")["reinit"], ["fc1.*"])
        for model in ("fresh.pb", "run/model.pb"):
            self.assertNotIn(b"reinit", (self.here / model).read_bytes())

    def test_lines_are_refused_as_flags_are(self):
        for line, words in (('val_split: "many"', ["val_split", "a number of samples", "'many'"]),
                            ('sampler: "weigthed"', ["sampler", "did you mean 'weighted'"]),
                            ('fold: "5/2"', ["fold", "1/5"]), ("keep: 1", ["keep", "from 2"]),
                            ('max_time: "soon"', ["max_time", "90s"]), ('early_stop: "patience=x"', ["early_stop", "patience"]),
                            ('denormals: "drop"', ["denormals", "flush or keep"]), ("suffle: false", ["suffle"]),
                            ('val: "synthetic" fold: "1/2"', ["--fold", "exclude"]),
                            ('sampler: "weighted" shuffle: false', ["--sampler", "exclude"])):
            self.write("bad.textproto", 'data: "mnist:mnist" ' + line)
            ending = self.run_program("train", "model.pb", "--spec", "bad.textproto", "--dry-run")
            self.refused(ending.code, words, ending=ending)
            self.assertIn(ending.code, (1, 2), str(ending))
        self.write("odd.json", '{"data": 5}')
        self.refused(2, ["odd.json"], "train", "model.pb", "--spec", "odd.json")

    def test_searches_take_the_same_file(self):
        self.write("train.textproto", 'data: "mnist:mnist" val_split: "32" epochs: 2 batch_sizes: 16 init: "*.bias=zeros"')
        self.succeeds("lr-find", "model.pb", "--spec", "train.textproto", "--steps", "12")
        self.refused(2, "--data", "lr-find", "model.pb", "--steps", "12")
        self.write("sweep.textproto", """model: "model.pb" options { key: "spec" value: "train.textproto" }
            parameter { name: "lr" choice: "0.001" choice: "0.01" } method: GRID parallel: 1 metric: "val_loss" """)
        self.succeeds("sweep", "sweep.textproto", "--out", "sweep")
        spec = self.spec_of("sweep/trial-0000")
        self.assertEqual((spec["valSplit"], spec["epochs"], spec["batchSizes"], spec["init"]), ("32", 2, [16], ["*.bias=zeros"]))


if __name__ == "__main__":
    main()
